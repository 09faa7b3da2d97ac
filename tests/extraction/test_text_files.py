"""Text and Markdown: bytes that are no text cost little, and are counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.extraction.text_files import count_markdown
from tests.corpus.collect.streams import read, readings


def test_a_whole_file_is_one_document() -> None:
    assert read("a.txt", b"one\r\ntwo\0\n") == [("", "one\r\ntwo\0\n")]
    assert read("A.TXT", b"x" * 100, max_record_bytes=100) == [("", "x" * 100)]
    assert read("a.txt", b"x" * 101, max_record_bytes=100) == [("", "too_large")]
    assert read("a.md", b" \n") == [("", "empty")]
    assert read("a.md", b"") == [("", "empty")]


def test_separator_splits_and_a_last_one_ends() -> None:
    content = b"one\n<|end|>two<|end|> <|end|>three<|end|>\n"
    expected = [("#1", "one\n"), ("#2", "two"), ("#3", "empty"), ("#4", "three")]
    assert read("a.txt", content, separator="<|end|>") == expected
    assert read("a.txt", content.decode().encode("utf-16"), separator="<|end|>") == expected


def test_a_few_bad_bytes_are_counted_and_the_rest_is_kept() -> None:
    content = ("汉字文本。" * 100).encode() + b"\xff\xfe" + "完".encode()
    (kept,) = readings("a.txt", content, encoding="utf-8")
    assert (kept.text.count("\ufffd"), kept.fields["bad_bytes"], kept.text[-1]) == (2, 2, "完")
    (excluded,) = readings("a.txt", content, encoding="utf-8", max_bad_byte_share=0.001)
    assert (excluded.reason, excluded.fields["bad_bytes"]) == ("undecodable", 2)
    found = readings("a.txt", content + b"|" + b"\xff" * 9 + b"|ok", encoding="utf-8", separator="|")
    assert [(each.reason, each.fields["bad_bytes"]) for each in found] == [(None, 2), ("undecodable", 9), (None, 0)]
    found = readings("a.txt", b"ok|\xff\xfeno mark in the middle of a file|ok", separator="|", encoding="utf-8")
    assert [(each.reason, each.fields["bad_bytes"]) for each in found] == [(None, 0), ("undecodable", 2), (None, 0)]


def test_found_encoding_and_a_byte_order_mark_that_is_no_text() -> None:
    (utf8,) = readings("a.txt", b"\xef\xbb\xbftext")
    (utf16,) = readings("a.txt", "text 汉字".encode("utf-16"))
    assert (utf8.text, utf16.text, utf16.fields["encoding"]) == ("text", "text 汉字", "utf-16")
    (first, _) = readings("a.txt", b"\xef\xbb\xbfone|two", separator="|")
    assert first.text == "one"


def test_real_book_with_bad_bytes_comes_in(shared: Path) -> None:
    (path,) = (shared / "data/domain_zh_tcm_gb18030").glob("203*")
    (book,) = readings(path.name, path.read_bytes())
    assert (book.reason, book.fields["encoding"]) == (None, "gb18030")
    assert book.fields["bad_bytes"] == 2
    assert len(book.text) == 86_841


@pytest.mark.feature(134)
def test_markdown_is_counted_outside_of_code() -> None:
    text = (
        "| a | b |\n|---|:-:|\n| 1 | 2 |\n\n$x_1$ costs $5 and $6, \\(y\\).\n$$\nz\n$$\n![alt](u.png) <img src=a>\n"
        "```\n|---|\n$q$ ![i](u)\n```\n--- | ---\n---\n"
    )
    assert count_markdown(text) == {"tables": 2, "formulas": 3, "images": 2}
    (reading,) = readings("a.md", text.encode())
    assert (reading.text, reading.fields["tables"]) == (text, 2)


@given(st.text(st.sampled_from("|-:$![]( `\\\n1a"), max_size=200))
def test_counting_markdown_ends(text: str) -> None:
    assert min(count_markdown(text).values()) >= 0


@pytest.mark.parametrize(
    ("unit", "counts"),
    [("|-", (1, 0, 0)), ("$ ", (0, 0, 0)), ("![", (0, 0, 0)), ("- |", (1, 0, 0)), ("\\(", (0, 200_000, 0))],
)
def test_counting_hostile_markdown_takes_linear_time(unit: str, counts: tuple[int, int, int]) -> None:
    assert tuple(count_markdown(unit * 200_000).values()) == counts


@pytest.mark.feature(173)
@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("# A\n\n<!-- note -->\n\nB<!-- x\ny -->C\n", "# A\n\nBC"),
        ("`<!-- code -->` and <!-- no -->", "`<!-- code -->` and "),
        ("<!-- gone -->\n```\n<!-- stays -->\n```\n", "```\n<!-- stays -->\n```"),
        ("a <!-- never ends", "a <!-- never ends"),
        ("~~~\nopen <!-- x -->\n", "~~~\nopen <!-- x -->\n"),
        ("---\ntitle: A\n---\n\nText.\n", "Text.\n"),
        ("+++\ntitle = 'A'\n+++\nText.\n", "Text.\n"),
        ("---\n\nA rule above and below.\n\n---\nText.\n", "---\n\nA rule above and below.\n\n---\nText.\n"),
        ("Text.\n---\ntitle: A\n---\n", "Text.\n---\ntitle: A\n---\n"),
    ],
)
def test_what_a_reader_of_a_page_does_not_see_goes(source: str, text: str) -> None:
    assert read("a.md", source.encode()) == [("", text)]
    assert read("a.txt", source.encode()) == [("", source)]


def test_the_front_matter_gives_title_and_date() -> None:
    (reading,) = readings("a.md", b'---\ntitle: "On valves"\ndate: 2024-05-01 10:00\ntags: [a]\n---\nText.')
    assert (reading.text, reading.fields["title"], reading.fields["published"]) == ("Text.", "On valves", "2024-05-01")
    (reading,) = readings("a.md", b"---\ndate: someday\n---\nText.")
    assert "published" not in reading.fields


def test_comments_that_never_end_cost_no_square_of_time() -> None:
    source = "<!-- " * 200_000 + "`" * 3 + " ` `` " * 100_000
    assert read("a.md", source.encode()) == [("", source)]
