"""Channels and categories by a classifier: what is found and noted, what is said before the work, and two rounds."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.artifact import MANIFEST
from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.corpus.clean.params import CleanParams, CleanReport
from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.formats.benchmarks import write_items
from cpt_pipeline.formats.documents import document, read_documents
from tests.corpus.stages import ONE_WORKER, clean_documents, dedup_documents
from tests.corpus.texts import write_artifact

WORDS = {
    "domain": "artery vein muscle tendon nerve tissue liver spleen kidney bone joint blood",
    "en": "market price bond share profit loan trader engine wheel ship harbour river",
}
_COMMON = "the of and in is that to with was for which had not but this from"
SMALL_MODEL = {"num_features": 1 << 12}


def text_of(channel: str, number: int) -> str:
    chance = random.Random(f"{channel}{number}")
    words = f"{WORDS[channel]} {_COMMON}".split()
    return ". ".join(" ".join(chance.choices(words, k=12)) for _ in range(10)) + "."


def row(source: str, number: int, channel: str, text: str, **more: Any) -> dict[str, Any]:
    return document(id=f"{source}/{number}", text=text, channel=channel, source=source, license="MIT", **more)


def known(number: int = 30) -> list[dict[str, Any]]:
    return [row(name, each, name, text_of(name, each)) for name in WORDS for each in range(number)]


def crawl() -> list[dict[str, Any]]:
    """Give documents of the general channel, every third one of the domain."""
    kinds = [(each, "domain" if each % 3 == 0 else "en") for each in range(1_000, 1_030)]
    return [row("crawl", each, "en", text_of(kind, each), metadata='{"file": "x"}') for each, kind in kinds]


def run(place: Path, rows: list[dict[str, Any]], shard_bytes: int = 1 << 20, **params: Any) -> CleanReport:
    run = params.pop("run", ONE_WORKER)
    raw = write_artifact(place / "raw", rows, shard_bytes=shard_bytes)
    return clean_documents(raw, place / "out", CleanParams.model_validate(params), run)


def classify(**more: Any) -> dict[str, Any]:
    return {"sources": ["crawl"], "model": SMALL_MODEL, **more}


def kept(place: Path, source: str = "crawl") -> list[dict[str, Any]]:
    return [each for each in read_documents(place / "out" / "clean_documents") if each["source"] == source]


@pytest.mark.feature(135)
def test_text_of_the_domain_is_found_in_a_general_corpus(tmp_path: Path) -> None:
    report = run(tmp_path, [*known(), *crawl()], classify=classify())
    found = kept(tmp_path)
    expected = ["domain" if number % 3 == 0 else "en" for number in range(1_000, 1_030)]
    assert [each["channel"] for each in found] == expected
    assert {(each["source"], each["license"]) for each in found} == {("crawl", "MIT")}
    notes = [json.loads(each["metadata"]) for each in found]
    assert all(note["file"] == "x" and note["channel_from"] == "classifier" for note in notes)
    assert all(0.5 <= note["channel_probability"] <= 1 for note in notes)
    assert report.classify is not None
    source = report.classify.sources["crawl"]
    assert (source.channels, source.unclear) == ({"domain": 10, "en": 20}, 0)
    assert len(source.doubts) == 10
    assert report.channels["domain"].documents == 40
    classes = report.classify.classifier.classes
    assert [(each.trained, each.heldout, each.recall.share) for each in classes.values()] == [(24, 6, 1.0)] * 2


@pytest.mark.feature(13)
def test_documents_that_no_channel_is_probable_for_keep_their_own_or_are_excluded(tmp_path: Path) -> None:
    rows = [*known(), *crawl()]
    sure = {"min_probability": {"domain": 1.0}}
    report = run(tmp_path / "keep", rows, classify=classify(**sure))
    assert report.classify is not None
    assert report.classify.sources["crawl"].unclear == 10
    assert {each["channel"] for each in kept(tmp_path / "keep")} == {"en"}
    assert sum(each["metadata"] == '{"file": "x"}' for each in kept(tmp_path / "keep")) == 10
    report = run(tmp_path / "exclude", rows, classify=classify(**sure, otherwise="exclude"))
    assert report.excluded == {"channel_unclear": 10}
    details = [each["detail"] for each in read_documents(tmp_path / "exclude/out/clean_excluded")]
    assert all(each.startswith("domain 0.") and each.endswith("at least 1.0") for each in details)


def test_examples_are_few_and_the_same_however_the_corpus_is_divided(tmp_path: Path) -> None:
    rows = [*known(60), *crawl()]
    params = {"classify": classify(max_examples=20)}
    first = run(tmp_path / "a", rows, **params)
    second = run(tmp_path / "b", rows, 3_000, run=EngineParams(workers=1, task_megabytes=1), **params)
    assert first == second
    assert first.classify is not None
    assert first.classify.classifier.trained == 32
    manifests = [(tmp_path / name / "out/clean_documents" / MANIFEST).read_bytes() for name in "ab"]
    assert manifests[0] == manifests[1]


def test_nothing_is_different_when_it_is_off(tmp_path: Path) -> None:
    report = run(tmp_path, [*known(), *crawl()])
    assert (report.classify, report.category_classifier) == (None, None)
    assert {each["metadata"] for each in kept(tmp_path)} == {'{"file": "x"}'}
    assert {path.name.split("-")[0] for path in (tmp_path / "tasks").iterdir()} == {"clean"}


def test_everything_wrong_is_said_before_the_work(tmp_path: Path) -> None:
    few = [*known(12), *(row("tiny", each, "code", text_of("en", 500 + each)) for each in range(3)), *crawl()]
    wrong = classify(sources=["crawl", "krawl"], min_probability={"law": 0.9})
    with pytest.raises(ParameterError) as caught:
        run(tmp_path / "a", few, classify=wrong)
    assert str(caught.value).splitlines()[1:] == [
        "  - krawl is no source of this run; there are crawl, domain, en, tiny",
        "  - min_probability names law, of which there is no example",
        "  - channel code: 3 examples, at least 10 are needed",
    ]
    assert not (tmp_path / "a/tasks").exists()
    write_items(tmp_path / "items", [])
    write_items(tmp_path / "damaged", [])
    (tmp_path / "damaged/stray").touch()
    unfit = {"items": "of kind benchmarks", "none": "never finished", "damaged": "stray: not named by the manifest"}
    for name, problem in unfit.items():
        with pytest.raises(ParameterError, match=problem):
            run(tmp_path / f"with-{name}", few, classify=classify(examples=tmp_path / name))


@pytest.mark.feature(13)
def test_a_second_round_takes_the_channels_of_the_first_and_leaves_out_what_it_had(tmp_path: Path) -> None:
    """New text comes as `inbox` of the general channel; some of it is old."""
    first, second = tmp_path / "first", tmp_path / "second"
    write_items(tmp_path / "items", [])
    limits = {"heldout_documents_per_channel": 2}
    run(first, known())
    dedup_documents(
        first / "out/clean_documents", tmp_path / "items", first / "unique", DedupParams.model_validate(limits)
    )
    old = next(each for each in read_documents(first / "unique/unique_documents") if each["channel"] == "domain")
    texts = [*(text_of(("domain", "en")[each % 2], 2_000 + each) for each in range(24)), old["text"] + " And more."]
    inbox = [row("inbox", number, "en", text) for number, text in enumerate(texts)]
    examples = first / "unique/unique_documents"
    report = run(second, inbox, classify=classify(sources=["inbox"], examples=examples))
    assert report.classify is not None
    assert report.classify.sources["inbox"].channels == {"domain": 13, "en": 12}
    classes = report.classify.classifier.classes.values()
    assert [(each.heldout, each.precision.share, each.recall.share) for each in classes] == [(6, 1.0, 1.0)] * 2
    shutil.rmtree(examples)  # of the old round the index is all that dedup reads
    earlier = DedupParams.model_validate({**limits, "earlier_index": first / "unique/corpus_index"})
    deduplicated = dedup_documents(second / "out/clean_documents", tmp_path / "items", second / "unique", earlier)
    gone = list(read_documents(second / "unique/dedup_excluded"))
    assert [(each["id"], each["channel"], each["reason"]) for each in gone] == [("inbox/24", "domain", "near_earlier")]
    assert gone[0]["detail"].startswith(f"{old['id']} (")
    assert deduplicated.channels["domain"].documents + deduplicated.heldout_channels["domain"].documents == 12


def test_dialogues_of_an_earlier_round_may_be_of_a_source_that_this_one_has_not(tmp_path: Path) -> None:
    def talk(source: str, number: int) -> dict[str, Any]:
        said = [text_of("en", 10 * number + each)[:80] for each in range(8)]
        text = "\n".join(f"{'User' if each % 2 else 'Agent'}: {turn}" for each, turn in enumerate(said))
        return row(source, number, "en", text, category="dialogue")

    run(tmp_path / "first", [*known(), *(talk("calls", 100 + each) for each in range(25))])
    inbox = [talk("inbox", 200 + each) for each in range(25)]
    given = {"dialogues": {"enabled": True}, "classify": classify(sources=["inbox"])}
    given["classify"]["examples"] = tmp_path / "first/out/clean_documents"
    report = run(tmp_path / "second", inbox, **given)
    assert report.classify is not None
    assert report.records_in == 25


def labels(place: Path, lines: list[Any]) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in lines))
    return place


@pytest.mark.feature(21)
def test_the_category_of_the_source_the_form_or_the_classifier_decides_the_limits(tmp_path: Path) -> None:
    kinds = {"textbook": "domain", "news": "en"}
    file = labels(
        tmp_path / "labels.jsonl",
        [{"text": text_of(kind, each), "label": label} for label, kind in kinds.items() for each in range(20)],
    )
    rows = [row("s", each, "en", text_of(("domain", "en")[each % 2], 100 + each)) for each in range(10)]
    rows.append(row("s", 10, "en", text_of("en", 110), category="forum"))
    rows.append(row("s", 11, "en", json.dumps({"text": text_of("en", 111)[:60]})))
    of_json = {"without": ["gopher_quality", "c4", "fineweb"], "limits": {"basic.min_characters": 20}}
    rules = {"by_category": {"news": {"limits": {"basic.min_characters": 9_000}}, "json": of_json}}
    report = run(tmp_path, rows, categories={"labels": file, "model": SMALL_MODEL}, rules=rules)
    assert report.excluded == {"too_short": 5}
    assert report.categories == {"en": {"forum": 1, "json": 1, "textbook": 5}}
    assert report.category_classifier is not None
    assert (report.category_classifier.documents, report.category_classifier.unclear) == ({"textbook": 5}, 0)
    assert report.category_classifier.classifier.accuracy.share == 1.0
    notes = [json.loads(each["metadata"] or "{}").get("category_from") for each in kept(tmp_path, "s")]
    assert notes == ["classifier"] * 5 + [None] * 2


def test_an_improbable_category_is_not_given(tmp_path: Path) -> None:
    texts = [{"text": text_of(kind, each), "label": kind} for kind in WORDS for each in range(10)]
    params = {"labels": labels(tmp_path / "labels.jsonl", texts), "model": SMALL_MODEL, "min_probability": 1.0}
    report = run(tmp_path, [row("s", 0, "en", text_of("en", 100))], categories=params)
    assert report.categories == {"en": {"none": 1}}
    assert report.category_classifier is not None
    assert report.category_classifier.unclear == 1


def test_every_bad_line_of_the_labels_is_named(tmp_path: Path) -> None:
    file = labels(
        tmp_path / "labels.jsonl",
        ["{broken", "[1]", {"text": "x"}, {"text": " ", "label": "a"}, {"text": 1, "label": 2}],
    )
    with pytest.raises(ParameterError) as caught:
        run(tmp_path, known(), categories={"labels": file, "min_probability": {"news": 0.9}})
    lines = str(caught.value).splitlines()[1:]
    assert [line.partition("labels.jsonl ")[2].partition(":")[0] for line in lines[:5]] == [
        *(f"line {number}" for number in range(1, 6))
    ]
    assert lines[5] == "  - min_probability names news, of which there is no example"
    with pytest.raises(ParameterError, match="two or more are needed"):
        run(tmp_path, known(), categories={"labels": labels(tmp_path / "none.jsonl", [])})
    with pytest.raises(ParameterError, match=r"none\.txt: No such file"):
        run(tmp_path, known(), categories={"labels": tmp_path / "none.txt"})
