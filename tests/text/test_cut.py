"""Cut: nothing is lost, nothing is longer than asked, and the coarsest border is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.text.cut import LINES, Part, cut_text, pack

TEXT = "one\n\ntwo\nthree\n\nfour four\nfive\n\nsix"


def test_neighbours_are_joined_while_they_fit_and_a_long_one_is_cut() -> None:
    pieces = [Part("", "aa"), Part("|", "bb"), Part("|", "cc"), Part("|", "dd\nddd"), Part("|", "e")]
    assert list(pack(pieces, 5, LINES)) == [
        ("", "aa|bb"),
        ("|", "cc"),
        ("|", "dd"),
        ("\n", "ddd"),
        ("|", "e"),
    ]
    assert list(pack([], 5, LINES)) == []


@pytest.mark.parametrize(
    ("max_characters", "parts"),
    [
        (14, [("", "one\n\ntwo\nthree"), ("\n\n", "four four\nfive"), ("\n\n", "six")]),
        (
            9,
            [
                ("", "one"),
                ("\n\n", "two\nthree"),
                ("\n\n", "four four"),
                ("\n", "five"),
                ("\n\n", "six"),
            ],
        ),
        (100, [("", TEXT)]),
    ],
)
def test_paragraphs_before_lines(max_characters: int, parts: list[Part]) -> None:
    assert list(cut_text(TEXT, max_characters)) == parts


@pytest.mark.feature(72)
def test_a_line_without_an_end_is_cut_by_sentences_then_words_then_characters() -> None:
    line = "One two three. Four five six! Seven?"
    assert list(cut_text(line, 16)) == [("", "One two three."), (" ", "Four five six!"), (" ", "Seven?")]
    assert list(cut_text(line, 9)) == [
        ("", "One two"),
        (" ", "three."),
        (" ", "Four five"),
        (" ", "six!"),
        (" ", "Seven?"),
    ]
    assert list(cut_text("他来了。你好吗？我很好，谢谢你！再见", 9)) == [
        ("", "他来了。你好吗？"),
        ("", "我很好，谢谢你！"),
        ("", "再见"),
    ]
    assert list(cut_text("0123456789abcdef", 6)) == [("", "012345"), ("", "6789ab"), ("", "cdef")]


def test_a_line_of_8000_characters_obeys_the_maximum() -> None:
    parts = list(cut_text("x" * 3_000 + " word" * 1_000, 512))
    assert max(len(part.text) for part in parts) == 512
    assert "".join(part.separator + part.text for part in parts) == "x" * 3_000 + " word" * 1_000


def test_a_mark_stays_with_its_letter() -> None:
    assert [part.text for part in cut_text("e\u0301" * 4, 3)] == ["e\u0301", "e\u0301", "e\u0301", "e\u0301"]


def test_a_blank_text_has_no_part() -> None:
    assert list(cut_text(" \n\n\t ", 3)) == []
    assert list(cut_text(" ", 3)) == []


@given(
    st.lists(st.sampled_from(["a", "bb ", "\n", "\n\n", "ccc", "。", ". ", '!" ', "\u0301", " ", "\t"])),
    st.integers(1, 12),
)
def test_parts_are_short_and_give_the_text_again(pieces: list[str], max_characters: int) -> None:
    text = "".join(pieces)
    parts = list(cut_text(text, max_characters))
    assert all(0 < len(part.text) <= max_characters and part.text.strip() for part in parts)
    assert "".join(part.separator + part.text for part in parts).strip() == text.strip()
