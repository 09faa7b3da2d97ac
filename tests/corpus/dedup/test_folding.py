"""Folding is that of `words.fold`, letter for letter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus import words
from cpt_pipeline.corpus.dedup.folding import fold


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
