"""Shards searched for the suite: which items, and what people read of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpt_pipeline.core.errors import ParameterError, SourceError
from cpt_pipeline.corpus.dedup.decontamination.leaks import LeakParams
from cpt_pipeline.formats.benchmarks import BenchmarkParams, SuiteParams, load_suite, write_items
from cpt_pipeline.recipes.leak_search import describe, search_shards, suite_items
from cpt_pipeline.vocabulary.params import TokenizeParams
from cpt_pipeline.vocabulary.tokenize import tokenize_splits
from cpt_pipeline.vocabulary.tokenizer import train_bpe
from tests.vocabulary.texts import write_documents

PROMPT = "Lily had nine red apples and gave four of them to the old dog. How many are left?"
LINE = '{{"id": "{}", "ability": "counting", "prompt": "{}", "choices": ["five", "six"], "answer": 0}}\n'


def suite(folder: Path, *names: str) -> SuiteParams:
    """Write one file a benchmark: `<name>1` is a long item, `<name>2` too short to be searched for."""
    for name in names:
        (folder / f"{name}.jsonl").write_text(LINE.format(f"{name}1", PROMPT) + LINE.format(f"{name}2", "Two?"))
    return SuiteParams(benchmarks=tuple(BenchmarkParams(name=name, path=folder / f"{name}.jsonl") for name in names))


def test_items_come_from_the_artifact_when_it_holds_the_whole_suite(tmp_path: Path) -> None:
    known = suite(tmp_path, "quiz")
    write_items(tmp_path / "benchmark_texts", load_suite(known)[0])
    (tmp_path / "quiz.jsonl").unlink()
    assert [item.id for item in suite_items(tmp_path / "benchmark_texts", known)] == ["quiz1", "quiz2"]


def test_a_benchmark_newer_than_the_artifact_is_read_from_its_file(tmp_path: Path) -> None:
    write_items(tmp_path / "benchmark_texts", load_suite(suite(tmp_path, "quiz"))[0])
    items = suite_items(tmp_path / "benchmark_texts", suite(tmp_path, "quiz", "new"))
    assert [item.id for item in items] == ["quiz1", "quiz2", "new1", "new2"]


def test_files_that_changed_since_the_artifact_are_read_and_what_left_the_suite_is_not_searched(tmp_path: Path) -> None:
    artifact = tmp_path / "benchmark_texts"
    write_items(artifact, load_suite(suite(tmp_path, "quiz", "old"))[0])
    (tmp_path / "quiz.jsonl").write_text(LINE.format("quiz9", PROMPT), encoding="utf-8")
    now = SuiteParams(benchmarks=(BenchmarkParams(name="quiz", path=tmp_path / "quiz.jsonl"),))
    assert [item.id for item in suite_items(artifact, now)] == ["quiz9"]
    (tmp_path / "quiz.jsonl").unlink()
    assert [item.id for item in suite_items(artifact, now)] == ["quiz1", "quiz2"]


def test_nothing_to_search_for_is_an_error_and_no_clean_bill(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"evaluate\.suite names no benchmark"):
        suite_items(tmp_path, SuiteParams())
    missing = SuiteParams(benchmarks=(BenchmarkParams(name="quiz", path=tmp_path / "quiz.jsonl"),))
    with pytest.raises(SourceError, match=r"quiz\.jsonl: no such file"):
        suite_items(tmp_path, missing)


def test_what_people_read(tmp_path: Path) -> None:
    train_bpe(iter(["the quick brown fox"]), tmp_path / "tokenizer", 300)
    texts = ["the cat", f"{PROMPT} five {'and so on ' * 40}", PROMPT]
    documents = write_documents(tmp_path / "documents", texts, ["en"] * 3)
    tokenize_splits({"train": documents}, tmp_path / "tokenizer", tmp_path / "tokens", TokenizeParams())
    items = suite_items(tmp_path, suite(tmp_path, "quiz"))
    report = search_shards(tmp_path / "tokens", tmp_path / "tokenizer", items, LeakParams())
    said = "lily had nine red apples and gave four of them to the old dog. how many are left? five"
    assert describe(report, 1).splitlines() == [
        "benchmark  items  too short to search  found  documents",
        "quiz           2                    1      1          2",
        "    quiz1 in train/en d1: " + said,
        "",
        f"1 item was found in 2 of 3 documents ({report.tokens:,} tokens).",
    ]
    nothing = search_shards(tmp_path / "tokens", tmp_path / "tokenizer", items[1:], LeakParams())
    assert describe(nothing, 1).splitlines()[-1] == f"No item was found in 3 documents ({report.tokens:,} tokens)."
