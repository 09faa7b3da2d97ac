"""JSON in all its shapes: a broken record costs itself, wherever the chunks end and however deep it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.corpus.collect.streams import pairs, read, readings


def test_one_bad_line_of_jsonl_loses_one_line() -> None:
    lines = [
        b'\xef\xbb\xbf{"text": "with mark"}\r',
        b'{"text": "bad \xff byte"}',
        b"",
        b"null",
        b"[1]",
        b'{"other": "x"}',
        b'{"text": 5}',
        b'{"text": " "}',
        b'{"text": "half \\ud800 pair"}',
        b"{broken",
        b"[" * 100_000,
        b'{"text": "' + b"x" * 200_001 + b'"}',
        b'{"text": "nul \\u0000"}',
        b'{"text": ' + b"9" * 5000 + b"}",
        '{"text": "last 汉字"}'.encode(),
    ]
    expected = [
        ("#1", "with mark"),
        ("#2", "undecodable"),
        ("#4", "no_text_field"),
        ("#5", "no_text_field"),
        ("#6", "no_text_field"),
        ("#7", "no_text_field"),
        ("#8", "empty"),
        ("#9", "undecodable"),
        ("#10", "not_json"),
        ("#11", "not_json"),
        ("#12", "too_large"),
        ("#13", "nul \0"),
        ("#14", "not_json"),
        ("#15", "last 汉字"),
    ]
    assert read("a.jsonl", b"\n".join(lines), max_record_bytes=200_000) == expected
    assert read("a.ndjson", b"\n".join(lines), max_record_bytes=200_000, size=999) == expected


def test_lines_of_other_encodings() -> None:
    lines = "".join(f'{{"text": "第{number}行，这是中文。"}}\n' for number in range(3))
    expected = [(f"#{number + 1}", f"第{number}行，这是中文。") for number in range(3)]
    for encoding, named in (("gb18030", "gb18030"), ("utf-16", None), ("utf-16-le", "utf-16-le")):
        found = readings("a.jsonl", lines.encode(encoding), encoding=named)
        assert pairs(found) == expected
        assert found[0].fields["encoding"] == encoding
    broken = lines.encode("gb18030").replace("第1".encode("gb18030"), b"\xff\xff")
    assert read("a.jsonl", broken, encoding="gb18030") == [expected[0], ("#2", "undecodable"), expected[2]]


def test_bad_bytes_are_counted() -> None:
    (reading,) = readings("a.jsonl", b'{"text": "\xff\xfe"}', encoding="utf-8")
    assert (reading.reason, reading.fields["bad_bytes"]) == ("undecodable", 2)


def test_shapes_of_json_files() -> None:
    one, two = '{"text": "one"}', '{"text": "two"}'
    assert read("a.json", f"[{one},\n {two}]\n".encode()) == [("#1", "one"), ("#2", "two")]
    assert read("a.json", f"{one}\n{two}\n".encode()) == [("#1", "one"), ("#2", "two")]
    assert read("a.json", f"{{broken\n{two}\n{one}".encode()) == [("#1", "not_json"), ("#2", "two"), ("#3", "one")]
    assert read("a.json", b'{\n "text":\n "one"}\n') == [("", "one")]
    assert read("a.json", f'{{"data": [{one}, {two}]}}'.encode(), records="data") == [("#1", "one"), ("#2", "two")]
    assert read("a.json", f'{{"data": {one}}}'.encode(), records="data") == [("", "no_records")]
    assert read("a.json", b"") == [("", "empty")]
    assert read("a.json", b" \n ") == [("", "empty")]
    assert read("a.json", b"[]") == [("", "empty")]
    assert read("a.json", b'"text"') == [("", "no_text_field")]
    assert read("a.json", b"[[[" * 100_000) == [("", "not_json")]
    assert read("a.json", b'{"a":' * 100_000) == [("", "not_json")]
    assert read("a.jsonl", f"[\n{one},\n{two}\n]".encode()) == [("#1", "one"), ("#2", "two")]


def test_a_broken_element_of_a_list_costs_itself() -> None:
    elements = ['{"text": "a,]}\\""}', "{broken}", "null", '{"text": "' + "x" * 100 + '"}', "[" * 999 + "]" * 999]
    content = f'[{",".join(elements)}, {{\'x\': 1}}, {{"text": "b"}}]'.encode()
    assert read("a.json", content, max_record_bytes=90, size=5) == [
        ("#1", 'a,]}"'),
        ("#2", "not_json"),
        ("#3", "no_text_field"),
        ("#4", "too_large"),
        ("#5", "too_large"),
        ("#6", "not_json"),
        ("#7", "b"),
    ]


def test_a_list_that_does_not_end_or_goes_on_behind_its_end() -> None:
    assert read("a.json", b'[{"text": "a"}, {"text": "b"') == [("#1", "a"), ("#after-1", "not_json")]
    assert read("a.json", b'[{"text": "a"}] [') == [("#1", "a"), ("#after-1", "not_json")]
    assert read("a.json", b'[{"text": "a"}: 5]') == [("", "not_json")]


def test_depth_of_an_element_is_an_exclusion() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    assert read("a.json", b"[" + deep + b', {"text": "b"}]') == [("#1", "not_json"), ("#2", "b")]


def test_nested_records_have_two_numbers() -> None:
    content = b'{"data": [{"p": [{"text": "a"}, {"text": "b"}]}, {"p": []}, {"p": [{"text": "c"}]}]}'
    expected = [("#1/1", "a"), ("#1/2", "b"), ("#2", "no_text_field"), ("#3/1", "c")]
    assert read("a.json", content, records="data.p") == expected
    assert read("a.jsonl", b'{"p": [{"text": "a"}]}\n{"p": [{"text": "b"}]}', records="p") == [
        ("#1/1", "a"),
        ("#2/1", "b"),
    ]


@pytest.mark.feature(9)
def test_what_stands_before_the_list_of_a_file_is_known_to_its_records() -> None:
    content = b"""{"origin": "atlas", "deep": [[{"a": "]"}]], "title": "far", "data": {"title": "near",
        "p": [{"text": "a"}, {"text": "b", "title": "own"}, 5], "behind": "x"}}"""
    columns = {"url": "origin", "title": "title", "category": "behind"}
    first, second, third = readings("a.json", content, size=7, records="data.p", columns=columns)
    assert [(each.position, each.work, each.fields["url"], each.fields["title"]) for each in (first, second)] == [
        ("#1", None, "atlas", "near"),
        ("#2", None, "atlas", "own"),
    ]
    assert "category" not in first.fields
    assert third.reason == "no_text_field"


BAD_LINES = [b"{", b"null", b'{"text": 1}', b'{"text": "\xff"}', b"[[", b'{"text": ""}', b'{"text": "\\udfff"}']


@given(
    st.lists(
        st.one_of(
            st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), min_size=1), st.sampled_from(BAD_LINES)
        )
    ),
    st.integers(1, 30),
)
def test_lines_in_are_texts_and_exclusions_out(lines: list[str | bytes], size: int) -> None:
    raw = b"\n".join(
        line if isinstance(line, bytes) else json.dumps({"text": line}, ensure_ascii=False).encode() for line in lines
    )
    found = readings("a.jsonl", raw, size=size, encoding="utf-8")
    assert [reading.text for reading in found if not reading.reason] == [
        line for line in lines if isinstance(line, str) and line.strip()
    ]
    assert len(found) == max(len(lines), 1)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab"\\]},:[{', max_size=3), inner, max_size=4),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from(["text", "a"]), VALUES, max_size=2)), st.integers(1, 9), st.booleans())
def test_lists_are_split_as_json_parses_them(records: list[dict[str, Any]], size: int, nested: bool) -> None:
    content = json.dumps({"x": [1], "data": records} if nested else records, indent=size % 3, ensure_ascii=False)
    found = readings("a.json", content.encode(), size=size, records="data" if nested else None)
    texts = [record.get("text") for record in records]
    assert [reading.text for reading in found if not reading.reason] == [
        text for text in texts if isinstance(text, str) and text.strip()
    ]
    assert len(found) == max(len(records), 1)


@pytest.mark.feature(9)
def test_real_files(shared: Path) -> None:
    cmrc = (shared / "data/general_zh/cmrc2018_dev.json").read_bytes()
    found = readings("cmrc.json", cmrc, records="data.paragraphs", text_field="context", columns={"original_id": "id"})
    assert (len(found), sum(len(reading.text) for reading in found)) == (848, 432_093)
    assert (found[0].position, found[0].fields["original_id"]) == ("#1/1", "DEV_0")
    alpaca = (shared / "data/instruct/alpaca_zh_demo.json").read_bytes()
    found = readings("alpaca.json", alpaca, template="{instruction}\n{input}\n{output}")
    assert (len(found), {reading.reason for reading in found}) == (1000, {None})
    dolma = (shared / "data/dolma_tests/provided/documents/000.json.gz").read_bytes()
    found = readings("000.json.gz", dolma, columns={"published": "created", "url": "metadata.url"})
    assert (len(found), found[0].fields["published"]) == (10, "2023-01-27")
