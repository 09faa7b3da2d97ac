"""Benchmarks: items survive the artifact, and a bad line is named with its file and number."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.formats.benchmarks import (
    BenchmarkItem,
    BenchmarkParams,
    SuiteParams,
    load_suite,
    read_items,
    write_items,
)

PROBES = Path(__file__).parents[2] / "conf/base/benchmarks/probes.jsonl"
GOOD = {"id": "a", "ability": "english", "prompt": "Two and two are", "choices": [" four", " five"], "answer": 0}


def suite_of(path: Path, **row: str) -> SuiteParams:
    return SuiteParams(benchmarks=(BenchmarkParams(name="probes", path=path, **row),))


def write_lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def test_shipped_probes_are_whole_and_not_answered_by_position() -> None:
    items, problems = load_suite(suite_of(PROBES))
    assert problems == []
    assert Counter(item.ability for item in items) == {"english": 10, "code": 10, "domain": 10}
    assert max(Counter(item.answer for item in items).values()) <= 15
    assert all(len(set(item.choices)) == len(item.choices) for item in items)


def test_every_bad_line_is_named_at_once(tmp_path: Path) -> None:
    rows = [GOOD, "{not json", [1], {**GOOD, "id": "b", "answer": 2}, {**GOOD, "id": "c", "choices": [" four"]}, GOOD]
    path = write_lines(tmp_path / "probes.jsonl", *rows, {"id": "d", "prompt": "x", "choices": ["y", "z"], "answer": 0})
    items, problems = load_suite(suite_of(path))
    assert [item.id for item in items] == ["a"]
    assert [problem.partition(":")[0] for problem in problems] == [f"{path} line {number}" for number in range(2, 8)]
    assert "not a JSON object" in problems[1]
    assert "answer 2 is not an index of 2 choices" in problems[2]
    assert "choices" in problems[3]
    assert "id 'a' stands on an earlier line too" in problems[4]
    assert "ability" in problems[5]


def test_undecodable_line_does_not_hide_its_neighbours(tmp_path: Path) -> None:
    path = tmp_path / "probes.jsonl"
    path.write_bytes(b'{"id": "\xff"}\n\n' + json.dumps(GOOD).encode() + b"\n")
    items, problems = load_suite(suite_of(path))
    assert [item.id for item in items] == ["a"]
    assert len(problems) == 1
    assert f"{path} line 1" in problems[0]


def test_missing_and_empty_files_are_named(tmp_path: Path) -> None:
    assert "no such file" in load_suite(suite_of(tmp_path / "absent.jsonl"))[1][0]
    assert "no item in it" in load_suite(suite_of(write_lines(tmp_path / "empty.jsonl")))[1][0]


def test_ability_of_the_benchmark_serves_items_without_one(tmp_path: Path) -> None:
    bare = {name: value for name, value in GOOD.items() if name != "ability"}
    items, problems = load_suite(suite_of(write_lines(tmp_path / "a.jsonl", bare, {**GOOD, "id": "b"}), ability="code"))
    assert problems == []
    assert [(item.ability, item.benchmark) for item in items] == [("code", "probes"), ("english", "probes")]


def test_two_benchmarks_of_one_name_are_refused() -> None:
    twice = BenchmarkParams(name="probes", path=PROBES)
    with pytest.raises(ValidationError, match="names probes more than once"):
        SuiteParams(benchmarks=(twice, twice))


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1), st.text()), max_size=5))
def test_items_come_back_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[str, str, str]]
) -> None:
    encodable = [part for part in parts if all(each.isprintable() for each in part)]
    items = [
        BenchmarkItem(id=name, benchmark="b", ability="a", prompt=prompt, choices=("x", choice), answer=1)
        for name, prompt, choice in encodable
    ]
    place = tmp_path_factory.mktemp("items")
    assert write_items(place, items)["items"] == len(items)
    assert read_items(place) == items


def test_unfinished_artifact_is_refused(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text("")
    with pytest.raises(ArtifactError, match="never finished"):
        read_items(tmp_path)
