"""Turns, conversations and linked conversations: every record is found again, whatever the order of the file."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.corpus.collect.files.parts import plan_parts
from cpt_pipeline.corpus.collect.params import CollectParams, FilesParams
from cpt_pipeline.corpus.collect.sources import read_part
from cpt_pipeline.extraction.sandbox import Sandbox
from cpt_pipeline.formats.benchmarks import SuiteParams
from tests.corpus.stages import collect_documents

SHARED = os.environ.get("CPT_SHARED")
ROWS = {"turns": None, "role": "who", "text": "said", "conversation": "id"}
LINKED = {"unit": "linked", **ROWS, "link_by": "user", "order_by": "at"}
CALLS = [
    {"id": "c1", "user": "13800000000", "at": 100, "who": "用户", "said": "还没到"},
    {"id": "c2", "user": "13900000000", "at": 50, "who": "用户", "said": "怎么退货"},
    {"id": "c1", "user": "13800000000", "at": 160, "who": "客服", "said": "今天会到"},
    {"id": "c3", "user": "13800000000", "at": 10, "who": "用户", "said": "何时发货"},
    {"id": "c2", "user": "13900000000", "at": 60, "who": "客服", "said": "七天之内都可以"},
]


def source(path: Path, dialogues: dict[str, Any], **more: Any) -> FilesParams:
    given = {"kind": "files", "name": "own", "channel": "en", "path": path, "license": "MIT", "dialogues": dialogues}
    return FilesParams.model_validate({**given, **more})


def rows(path: Path, dialogues: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    params = source(path, dialogues, **more)
    with Sandbox() as sandbox:
        return [row for part in plan_parts(params, 1) for row in read_part(params, part, sandbox)]


def found(path: Path, dialogues: dict[str, Any], **more: Any) -> dict[str, str]:
    return {row["id"].removeprefix("own/"): row.get("text") or row["reason"] for row in rows(path, dialogues, **more)}


def write(path: Path, records: list[Any]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    return path


def chat(*said: str) -> dict[str, Any]:
    return {"messages": [{"role": "ab"[number % 2], "content": text} for number, text in enumerate(said)]}


def test_turns_of_a_list_are_documents_or_have_a_reason(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", [chat("one", "", "three"), {"messages": []}, chat("four")])
    assert found(path, {"unit": "turn", "roles": {"b": None}}) == {
        "x.jsonl#1/1": "one",
        "x.jsonl#1/2": "role_left_out",
        "x.jsonl#1/3": "three",
        "x.jsonl#2": "no_turns",
        "x.jsonl#3/1": "four",
    }
    first, _, third, *_ = rows(path, {"unit": "turn"})
    assert json.loads(first["metadata"])["dialogue"] == {"unit": "turn", "speakers": ["a"]}
    assert first["category"] == "dialogue"
    assert json.loads(third["metadata"])["dialogue_counts"] == {"records": 0, "conversations": 0, "turns": 1}


def test_rows_of_a_conversation_may_lie_anywhere_in_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", [*CALLS, {"id": "c2", "who": "用户"}, {"said": "x", "who": "y"}])
    assert found(path, ROWS) == {
        "x.jsonl#6": "broken_turn",
        "x.jsonl#7": "no_conversation_id",
        "x.jsonl#1": "用户: 还没到\n客服: 今天会到",
        "x.jsonl#2": "用户: 怎么退货\n客服: 七天之内都可以",
        "x.jsonl#4": "用户: 何时发货",
    }


@pytest.mark.feature(133)
def test_conversations_of_one_customer_are_joined_in_order_of_time(tmp_path: Path) -> None:
    write(tmp_path / "in/a.jsonl", CALLS[:2])
    write(tmp_path / "in/b.jsonl", CALLS[2:])
    assert found(tmp_path / "in", LINKED) == {
        "b.jsonl#2": "用户: 何时发货\n\n用户: 还没到\n客服: 今天会到",
        "a.jsonl#2": "用户: 怎么退货\n客服: 七天之内都可以",
    }
    first, second = (json.loads(row["metadata"]) for row in rows(tmp_path / "in", LINKED))
    assert first["dialogue_counts"] == {"records": 3, "conversations": 2, "turns": 3, "left_out": 0}
    assert first["dialogue"]["link"] != second["dialogue"]["link"]
    assert "138" not in json.dumps(first["dialogue"])


def test_a_linked_document_ends_at_its_length_and_at_a_silence(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", CALLS)
    short = found(path, {**LINKED, "max_linked_characters": 20})
    assert list(short.values())[:2] == ["用户: 何时发货", "用户: 还没到\n客服: 今天会到"]
    assert len(found(path, {**LINKED, "max_gap_hours": 0.02})) == 3
    assert len(found(path, {**LINKED, "max_gap_hours": 0.03})) == 2


def test_lists_are_linked_too_and_one_without_a_customer_stands_alone(tmp_path: Path) -> None:
    records = [{**chat(str(n)), "user": user, "at": -n} for n, user in enumerate(["u", None, "u", None])]
    path = write(tmp_path / "x.jsonl", records)
    given = {"unit": "linked", "link_by": "user", "order_by": "at"}
    assert found(path, given) == {"x.jsonl#3": "a: 2\n\na: 0", "x.jsonl#2": "a: 1", "x.jsonl#4": "a: 3"}


def test_every_licence_of_what_is_joined_holds(tmp_path: Path) -> None:
    terms = ["MIT OR ISC", None, "CC-BY-4.0", "MIT OR ISC", "CC-BY-4.0"]
    path = write(tmp_path / "x.jsonl", [{**row, "terms": each} for row, each in zip(CALLS, terms, strict=True)])
    read = rows(path, LINKED, columns={"license": "terms"})
    assert [row["license"] for row in read] == ["(MIT OR ISC) AND CC-BY-4.0", "MIT AND CC-BY-4.0"]


def test_a_conversation_too_long_costs_each_of_its_records(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", [{"id": n % 2, "who": "a", "said": "x" * (30 * (n % 2) + 1)} for n in range(8)])
    read = found(path, ROWS, max_record_bytes=100)
    assert [read[f"x.jsonl#{n}"] for n in (2, 4, 6, 8)] == ["too_large"] * 4
    assert read["x.jsonl#1"] == "a: x\na: x\na: x\na: x"


def test_parquet_with_nested_turns_and_csv_with_a_turn_in_each_row(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([chat("one", "two"), {"messages": None}]), tmp_path / "x.parquet")
    assert found(tmp_path / "x.parquet", {}) == {"x.parquet#1": "a: one\nb: two", "x.parquet#2": "no_turns"}
    (tmp_path / "x.csv").write_text('id,who,said\n1,a,"one,\nmore"\n2,b,two\n1,b,three\n', encoding="utf-8")
    assert found(tmp_path / "x.csv", ROWS) == {"x.csv#2": "a: one,\nmore\nb: three", "x.csv#4": "b: two"}
    assert found(tmp_path / "x.csv", {**ROWS, "conversation": "call"}) == {"x.csv": "no_text_field"}


def test_what_follows_the_cut_of_a_long_dialogue_keeps_its_speakers(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", [chat(*(f"turn number {number}" for number in range(30)))])
    read = [json.loads(row["metadata"]) for row in rows(path, {}, max_document_characters=100)]
    assert len(read) > 3
    assert {tuple(each["dialogue"]["speakers"]) for each in read} == {("a", "b")}
    assert [each["dialogue_counts"]["turns"] for each in read if "dialogue_counts" in each] == [30]


@settings(max_examples=20, deadline=None)
@given(
    calls=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 50)), min_size=1), chance=st.randoms()
)
def test_the_order_of_the_rows_does_not_matter_where_times_differ(
    calls: list[tuple[int, int, int]], chance: random.Random, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [
        {"id": f"{user}-{call}", "user": user, "at": 100 * at + number, "who": "a", "said": f"{number}"}
        for number, (user, call, at) in enumerate(calls)
    ]
    folder = tmp_path_factory.mktemp("rows")
    texts = sorted(found(write(folder / "a.jsonl", rows), LINKED).values())
    chance.shuffle(rows)
    assert sorted(found(write(folder / "b.jsonl", rows), LINKED).values()) == texts
    assert sorted(line for text in texts for line in text.split("\n") if line) == sorted(
        f"a: {r['said']}" for r in rows
    )


def test_the_report_says_how_many_records_went_into_how_many_dialogues(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", [*CALLS, {"id": 1}] * 5)
    given = source(path, ROWS).model_dump() | {"dialogues": ROWS}
    params = CollectParams.model_validate({"sources": [given], "max_bad_share": 0.2})
    report = collect_documents(tmp_path / "out", params, ChannelsParams(roles={"en": "domain"}), SuiteParams())
    told = report.sources["own"].dialogues
    assert told is not None
    assert told.model_dump() == {
        "unit": "conversation",
        "records": 25,
        "documents": 3,
        "conversations": 3,
        "turns": 25,
        "left_out": 0,
    }
    assert (report.records_in, report.documents, report.excluded) == (8, 3, {"broken_turn": 5})


@pytest.mark.skipif(SHARED is None, reason="needs CPT_SHARED")
def test_a_published_chatml_file(tmp_path: Path) -> None:
    path = Path(str(SHARED)) / "data/datajuicer_demos/data__demo-dataset-chatml.jsonl"
    read = found(path, {"roles": {"system": None, "user": "用户", "assistant": "助手"}})
    assert read[f"{path.name}#1"].startswith("用户: 谁在文艺复兴时期绘制人体?\n助手: 文艺复兴时期是一个关于")
    assert all(text.startswith("用户: ") for text in read.values())
