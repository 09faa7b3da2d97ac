"""Folding is that of `words.fold`, letter for letter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.text import words
from cpt_pipeline.text.folding import fold


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40) | st.text(" \t\n\x1c\x85\u00a0\u2028\u3000\ud800aAßİﬀ汉（", max_size=40))
def test_folding_is_that_of_words(text: str) -> None:
    assert fold(text) == words.fold(text)


@pytest.mark.parametrize(("text", "folded"), [(" A\u3000\tＢ\n", "a b"), ("", ""), (" \n", ""), ("汉 字 ", "汉 字")])
def test_white_space_case_and_width_do_not_tell_texts_apart(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_every_white_space_is_known() -> None:
    every = [chr(code) for code in range(0x110000) if chr(code).isspace()]
    assert fold("a" + "".join(every) + "b") == "a b"
    assert [each for each in every if fold(f"a{each}b") != "a b"] == []


@pytest.mark.parametrize(
    "text",
    [
        "e\u0301a",
        "a\u0327\u0301 b",
        "\u1100\u1161\u11a8",
        "\uac00\u11a8",
        "\u0b47\u0b3e",
        "𠀀Ａ 你",
        "🙂…ﬁ㎡",
        "\u0345x",
    ],
)
def test_characters_that_join_their_neighbours_are_folded_with_them(text: str) -> None:
    assert fold(text) == words.fold(text)


def test_each_character_folds_as_in_words_beside_any_other() -> None:
    """A character the table folds alone must be one that no neighbour changes."""
    every = [chr(code) for code in range(0x20000)]
    for before in ("a", "\uac00", "e", "が", "\u0b47", "\u1100"):
        joined = f" {before}".join(every)
        slices = [joined[start : start + 300] for start in range(0, len(joined), 300)]
        assert [each for each in slices if fold(each) != words.fold(each)] == []
