"""Documents that clean made: they follow their parents, and are no copies of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cpt_pipeline.corpus.dedup.families import follow_parents, parent_numbers
from cpt_pipeline.corpus.dedup.near.index import NearCopyIndex
from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.corpus.dedup.passages.passages import PassagesParams
from cpt_pipeline.formats.benchmarks import write_items
from cpt_pipeline.formats.documents import document, read_documents
from tests.corpus.stages import dedup_documents
from tests.corpus.texts import item, make_text, write_artifact

QUESTION = "A train leaves the station at nine and arrives at noon; how many hours did it travel?"


def row(id: str, text: str, **changes: Any) -> dict[str, Any]:
    given = {"channel": "en", "source": "s", "license": "MIT", **changes}
    parent, _, kind = id.partition("#")
    metadata = json.dumps({"synthetic": kind, "parent": parent}) if kind else None
    return document(id=id, text=text, metadata=metadata, **given)


def shuffled(number: int) -> str:
    return "\n".join(reversed(make_text(number).split("\n")))


def test_a_child_has_the_number_of_the_document_before_it() -> None:
    made = np.array([False, True, True, False, False, True])
    assert parent_numbers(made).tolist() == [0, 0, 0, 3, 4, 4]
    assert parent_numbers(made[:0]).tolist() == []


def test_rows_without_a_parent_in_training_are_excluded() -> None:
    rows = [
        ({**row("a", "x"), "reason": None}, False),
        ({**row("a#rewrite", "x"), "reason": None}, False),
        ({**row("a#questions", "x"), "reason": "benchmark", "detail": "quiz"}, False),
        ({**row("b", "x"), "reason": "near"}, False),
        ({**row("b#rewrite", "x"), "reason": None}, False),
        ({**row("c", "x"), "reason": None}, True),
        ({**row("c#rewrite", "x"), "reason": None}, False),
        ({**row("a#synonyms", "x"), "reason": None}, False),
    ]
    found = [(each["id"], each["reason"], each.get("detail"), heldout) for each, heldout in follow_parents(rows)]
    assert found == [
        ("a", None, None, False),
        ("a#rewrite", None, None, False),
        ("a#questions", "benchmark", "quiz", False),
        ("b", "near", None, False),
        ("b#rewrite", "synthetic_parent", "b", False),
        ("c", None, None, True),
        ("c#rewrite", "synthetic_parent", "c", False),
        ("a#synonyms", "synthetic_parent", "a", False),
    ]


@pytest.mark.feature(31)
def test_made_documents_stay_with_their_parents_and_with_them_alone(tmp_path: Path) -> None:
    rows = []
    for number in range(30):
        copied = 3 if number == 7 else number
        rows += [row(f"s/{number}", make_text(copied)), row(f"s/{number}#shuffle_sentences", shuffled(number))]
        if number in (6, 5):
            leaking = f"{make_text(90 + number)}\n{QUESTION}\n{make_text(91 + number)}"
            rows[-1 if number == 6 else -2]["text"] = leaking
    documents = write_artifact(tmp_path / "in", rows, shard_bytes=3_000)
    write_items(tmp_path / "items", [item(QUESTION, "three")])
    params = DedupParams(heldout_documents_per_channel=5, passages=PassagesParams(enabled=True, unit="line"))
    report = dedup_documents(documents, tmp_path / "items", tmp_path / "out", params)
    kept = [each["id"] for each in read_documents(tmp_path / "out/unique_documents")]
    heldout = [each["id"] for each in read_documents(tmp_path / "out/heldout_documents")]
    assert len(heldout) == 2 and not any("#" in id for id in heldout)
    excluded = {
        each["id"]: (each["reason"], each["detail"]) for each in read_documents(tmp_path / "out/dedup_excluded")
    }
    alone = {"s/5", "s/7", *heldout}
    assert {id: each for id, each in excluded.items() if each[0] == "synthetic_parent"} == {
        f"{parent}#shuffle_sentences": ("synthetic_parent", parent) for parent in alone
    }
    assert excluded["s/6#shuffle_sentences"][0] == excluded["s/5"][0] == "benchmark"
    assert excluded["s/7"] == ("exact", "s/3")
    stay = [f"s/{number}" for number in range(30) if f"s/{number}" not in alone]
    expected = [id for parent in stay for id in (parent, f"{parent}#shuffle_sentences")]
    assert kept == [id for id in expected if id != "s/6#shuffle_sentences"]
    assert report.excluded == {"benchmark": 2, "exact": 1, "synthetic_parent": 4}
    assert report.records_in == report.documents + report.heldout_documents + sum(report.excluded.values()) == 60
    assert {point.documents for point in report.curve} == {28}
    index = NearCopyIndex(tmp_path / "out/corpus_index", params.minhash)
    assert len(index) == len(stay) + len(heldout)


def test_a_made_document_keeps_passages_of_its_parent_and_loses_those_of_others(tmp_path: Path) -> None:
    lines = [make_text(number, 24).replace("\n", " ") for number in range(40)]
    shared, own = lines[0], lines[1:6]
    given = [row("a/0", "\n".join([shared, *lines[6:12]])), row("b/0", "\n".join([shared, *own]))]
    given.append(row("b/0#shuffle_sentences", "\n".join([*reversed(own), shared])))
    given += [row(f"c/{number}", lines[20 + number]) for number in range(12)]
    write_items(tmp_path / "items", [item(QUESTION, "three")])
    passages = PassagesParams(enabled=True, unit="line", window=1, min_bytes=40)
    params = DedupParams(heldout_documents_per_channel=1, passages=passages)
    dedup_documents(write_artifact(tmp_path / "in", given), tmp_path / "items", tmp_path / "out", params)
    texts = {each["id"]: each["text"] for each in read_documents(tmp_path / "out/unique_documents")}
    assert texts["a/0"] == given[0]["text"]
    assert texts["b/0"] == "\n".join(own)
    assert texts["b/0#shuffle_sentences"] == "\n".join(reversed(own))


def test_children_are_no_copies_of_an_earlier_round(tmp_path: Path) -> None:
    write_items(tmp_path / "items", [item(QUESTION, "three")])
    first = [row(f"s/{number}", make_text(number)) for number in range(12)]
    dedup_documents(write_artifact(tmp_path / "1", first), tmp_path / "items", tmp_path / "first", DedupParams())
    second = [row(f"t/{number}", make_text(100 + number)) for number in range(12)]
    second.append(row("t/11#rewrite", make_text(3)))
    params = DedupParams(earlier_index=tmp_path / "first/corpus_index")
    report = dedup_documents(write_artifact(tmp_path / "2", second), tmp_path / "items", tmp_path / "second", params)
    assert set(report.excluded) <= {"synthetic_parent"}
    assert report.documents == 12 - int("synthetic_parent" in report.excluded)


def test_what_a_source_says_of_itself_is_not_believed(tmp_path: Path) -> None:
    rows = [row(f"s/{number}", make_text(number)) for number in range(12)]
    for each in rows:
        each["metadata"] = json.dumps({"synthetic": "rewrite", "parent": "elsewhere"})
    write_items(tmp_path / "items", [item(QUESTION, "three")])
    report = dedup_documents(write_artifact(tmp_path / "in", rows), tmp_path / "items", tmp_path / "out", DedupParams())
    assert (report.heldout_documents, report.excluded) == (1, {})
