"""Records with fields: text from a field or a template, lists gone through, columns that are right or left out."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from cpt_pipeline.extraction.reading import Reading, ReadingParams
from cpt_pipeline.extraction.records import COLUMNS_THERE, expand, iso_date, read_record, read_records


def found(record: Any, **options: Any) -> Reading:
    return read_record("#1", record, ReadingParams.model_validate(options), {})


def test_text_of_nested_fields_and_of_names_with_dots() -> None:
    assert found({"meta": {"body": "x"}}, text_field="meta.body").text == "x"
    assert found({"meta.body": "y", "meta": {"body": "x"}}, text_field="meta.body").text == "y"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (None, "no_text_field"),
        ([1], "no_text_field"),
        (7, "no_text_field"),
        ({}, "no_text_field"),
        ({"text": None}, "no_text_field"),
        ({"text": 5}, "no_text_field"),
        ({"text": ["x"]}, "no_text_field"),
        ({"text": "half \ud800"}, "undecodable"),
        ({"text": b"\xff"}, "undecodable"),
        ({"text": "x" * 11}, "too_large"),
    ],
)
def test_records_without_text(record: Any, reason: str) -> None:
    assert found(record, max_record_bytes=10).reason == reason


def test_nul_and_line_ends_stay() -> None:
    assert found({"text": "a\0b\r\n"}).text == "a\0b\r\n"


def test_templates_join_fields_and_leave_empty_lines_out() -> None:
    template = "Q: {q}\n{input?}\n\nA: {a.text}"
    assert found({"q": 7, "input": "i", "a": {"text": "{q}"}}, template=template).text == "Q: 7\ni\n\nA: {q}"
    assert found({"q": "x", "input": "", "a": {"text": True}}, template=template).text == "Q: x\n\nA: true"
    assert found({"q": "x", "a": {"text": None}}, template=template).text == "Q: x\n"
    missing = found({"q": "x", "input": "i"}, template=template)
    assert (missing.reason, missing.detail) == ("no_text_field", "'a.text' is missing")
    assert found({"q": ["x"]}, template="{q}").reason == "no_text_field"


def test_lists_on_the_path_are_gone_through() -> None:
    value = {"data": [{"p": [{"t": 1}, {"t": 2}]}, {"p": {"t": 3}}, {"other": 0}]}
    assert list(expand("#4", value, ("data", "p"))) == [("#4/1", {"t": 1}), ("#4/2", {"t": 2}), ("#4/3", {"t": 3})]
    assert next(expand("", value, ("data",)))[0] == "#1"
    assert list(expand("#4", value, ("absent",))) == [("#4", value)]
    assert list(expand("#4", value, ())) == [("#4", value)]


@pytest.mark.feature(9)
def test_what_an_inner_record_lacks_is_looked_up_in_those_around_it() -> None:
    value = {
        "book": "B", "title": "outer", "about": {"page": "far"},
        "chapters": [
            {"title": "near", "about": {"page": "p1"}, "verses": [{"t": "a", "title": "own"}, {"t": "b"}]},
            {"verses": {"t": "c", "title": None, "about": {}}},
        ],
    }  # fmt: skip
    params = ReadingParams(
        records="chapters.verses",
        template="{title}: {t}",
        columns={"part_of": "book", "url": "about.page", "category": "nowhere"},
    )
    found = list(read_records("#3", value, params, {"encoding": "utf-8"}))
    assert [(each.position, each.work, each.text) for each in found] == [
        ("#3/1", "#3", "own: a"),
        ("#3/2", "#3", "near: b"),
        ("#3/3", "#3", "outer: c"),
    ]
    assert [(each.fields["part_of"], each.fields["url"]) for each in found] == [("B", "p1"), ("B", "p1"), ("B", "far")]
    assert {tuple(each.fields[COLUMNS_THERE]) for each in found} == {("part_of", "url")}
    (alone,) = read_records("#4", {"title": "x", "t": "y"}, params, {})
    assert (alone.position, alone.work, alone.text) == ("#4", None, "x: y")


@pytest.mark.feature(8)
def test_columns_are_kept_or_counted() -> None:
    columns = {"url": "meta.url", "published": "date", "license": "lic", "original_id": "id", "title": "t"}
    record = {"text": "x", "meta": {"url": "u"}, "date": "2023-02-30", "lic": ["MIT"], "id": 5, "t": ""}
    fields = dict(found(record, columns={**columns, "part_of": "absent"}).fields)
    assert fields.pop(COLUMNS_THERE) == list(columns), "also those whose value is of no use"
    assert fields == {"url": "u", "original_id": "5", "bad_dates": 1, "bad_columns": 1}
    assert found({**record, "t": "\ud800"}, columns=columns).fields["bad_columns"] == 2


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2024", "2024"),
        ("2024-05", "2024-05"),
        (" 2024-05-01 ", "2024-05-01"),
        ("2020-03-29T12:57:54.000Z", "2020-03-29"),
        ("2020-03-29 12:57", "2020-03-29"),
        (datetime.datetime(2021, 1, 2, 3), "2021-01-02"),
        (datetime.date(2021, 1, 2), "2021-01-02"),
        ("2023-02-30", None),
        ("0000", None),
        ("2024-13", None),
        ("yesterday", None),
        ("20240501", None),
        (1_700_000_000, None),
    ],
)
def test_dates(value: Any, date: str | None) -> None:
    assert iso_date(value) == date
