"""What can be switched on works together: nothing is lost, and the division into tasks does not matter."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.artifact import MANIFEST
from cpt_pipeline.corpus.clean.params import CleanParams, CleanReport
from cpt_pipeline.corpus.dedup.params import DedupParams, DedupReport
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.formats.benchmarks import write_items
from cpt_pipeline.formats.documents import document, read_documents, read_synthetic
from tests.corpus.clean.classifying.test_stage import SMALL_MODEL, classify, crawl, known, text_of
from tests.corpus.stages import clean_documents, dedup_documents
from tests.corpus.texts import item, write_artifact

QUESTION = "A train leaves the station at nine and arrives at noon; how many hours did it travel?"

POOR = ("sale", "cheap", "click", "buy", "deal")


def talks() -> list[dict[str, Any]]:
    """Give dialogues of general text in which an agent claims what no model can do."""
    found = []
    for number in range(12):
        said = text_of("en", 2_000 + number).split(". ")
        turns = [f"{'User' if place % 2 else 'Agent'}: {text}." for place, text in enumerate(said)]
        turns.insert(3, "Agent: I have checked your order in our system and opened a ticket for you.")
        where = {"source": "talks", "channel": "en", "license": "MIT", "category": "dialogue"}
        found.append(document(id=f"talks/{number}", text="\n".join(turns), **where))
    return found


def write_labels(path: Path) -> Path:
    rows = [{"text": text_of("en", 3_000 + number), "label": 1} for number in range(30)]
    chance = random.Random(1)
    rows += [{"text": " ".join(chance.choices(POOR, k=40)), "label": 0} for _ in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def run(place: Path, shard_bytes: int, engine: EngineParams) -> tuple[CleanReport, DedupReport]:
    text = f"{text_of('domain', 900)} {QUESTION}"
    leak = document(id="domain/leak", text=text, channel="domain", source="domain", license="MIT")
    rows = [*known(), *crawl(), *talks(), leak]
    off = {family: {"enabled": False} for family in ("gopher_repetition", "gopher_quality", "c4", "fineweb")}
    shuffled = {"enabled": True, "channels": ["domain"], "share": 0.6}
    cleaning = CleanParams.model_validate(
        {
            "phrases": {"enabled": True},
            "dialogues": {"enabled": True},
            "classify": classify(),
            "scorer": {
                "enabled": True,
                "channels": ["en"],
                "labels": {"path": write_labels(place / "labels.jsonl")},
                "kept_share": 0.9,
                "linear": SMALL_MODEL,
            },
            "augmentation": {"shuffle_sentences": shuffled},
            "rules": {**CleanParams().rules.model_dump(), **off},
        }
    )
    raw = write_artifact(place / "raw", rows, shard_bytes=shard_bytes)
    cleaned = clean_documents(raw, place / "clean", cleaning, engine)
    write_items(place / "items", [item(QUESTION, "three")])
    (place / "terms.txt").write_text("spleen\nquark\n", encoding="utf-8")
    deciding = {
        "heldout_documents_per_channel": 3,
        "passages": {"enabled": True},
        "semantic": {"enabled": True, "min_cosine": 0.95},
        "coverage": {"terms": {"anatomy": place / "terms.txt"}},
    }
    documents = place / "clean/clean_documents"
    return cleaned, dedup_documents(
        documents, place / "items", place / "dedup", DedupParams.model_validate(deciding), engine
    )


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CleanReport, DedupReport]:
    place = tmp_path_factory.mktemp("everything")
    return place, *run(place, 1 << 20, EngineParams(workers=1))


def test_records_are_kept_or_excluded_and_made_ones_add_up(
    everything: tuple[Path, CleanReport, DedupReport],
) -> None:
    _, cleaned, unique = everything
    made = sum(cleaned.synthetic.made.values())
    assert made > 10
    assert cleaned.records_in == 60 + 30 + 12 + 1
    assert cleaned.records_in + made == cleaned.documents + sum(cleaned.excluded.values())
    assert cleaned.excluded["low_score"] > 0
    assert unique.records_in == cleaned.documents
    assert unique.records_in == unique.documents + unique.heldout_documents + sum(unique.excluded.values())
    assert unique.excluded["benchmark"] == 2  # the document and what was made of it
    assert unique.coverage.lists["anatomy"].gaps == ("quark",)


def test_text_made_of_a_classified_document_is_of_its_channel_and_counted_once(
    everything: tuple[Path, CleanReport, DedupReport],
) -> None:
    place, cleaned, _ = everything
    rows = list(read_documents(place / "clean/clean_documents"))
    found = {row["id"]: row for row in rows}
    children = [(row, made) for row in rows if (made := read_synthetic(row))]
    assert any(row["source"] == "crawl" for row, _ in children)
    assert {row["channel"] for row, _ in children} == {"domain"}
    assert all(found[made.parent]["channel"] == "domain" for _, made in children)
    assert cleaned.classify is not None
    given = cleaned.classify.sources["crawl"]
    originals = [row for row in rows if row["source"] == "crawl" and not read_synthetic(row)]
    assert sum(given.channels.values()) + given.unclear == len(originals)


def test_no_child_is_trained_on_without_its_parent_or_held_out(
    everything: tuple[Path, CleanReport, DedupReport],
) -> None:
    place, _, unique = everything
    trained = {row["id"]: read_synthetic(row) for row in read_documents(place / "dedup/unique_documents")}
    assert any(trained.values())
    assert all(made.parent in trained for made in trained.values() if made)
    assert not any(read_synthetic(row) for row in read_documents(place / "dedup/heldout_documents"))
    assert unique.excluded["synthetic_parent"] >= 1


def test_claims_leave_dialogues_before_they_are_scored(everything: tuple[Path, CleanReport, DedupReport]) -> None:
    place, cleaned, _ = everything
    talks = [row for row in read_documents(place / "clean/clean_documents") if row["source"] == "talks"]
    assert talks
    assert not any("checked your order" in row["text"] for row in talks)
    assert cleaned.dialogues["recognised"].dialogues == 12


def test_tasks_and_workers_change_nothing(everything: tuple[Path, CleanReport, DedupReport], tmp_path: Path) -> None:
    place, *reports = everything
    again = run(tmp_path, 8_000, EngineParams(workers=2, task_megabytes=1))
    assert [each.model_dump() for each in again] == [each.model_dump() for each in reports]
    for name in ("clean/clean_documents", "clean/clean_excluded", "dedup/unique_documents", "dedup/heldout_documents"):
        assert (tmp_path / name / MANIFEST).read_bytes() == (place / name / MANIFEST).read_bytes(), name
