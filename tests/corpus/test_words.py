"""Words: single CJK characters, runs of others; folding forgets case and width only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.words import fold, is_cjk, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's 3.5 train_test_split!", ["It", "s", "3", "5", "train", "test", "split"]),
        ("用Python3学医。カナ", ["用", "Python3", "学", "医", "カ", "ナ"]),
        ("naïve Ünïcode", ["naïve", "Ünïcode"]),
        ("—… ", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_cjk_characters_are_told_from_letters() -> None:
    assert [is_cjk(word) for word in ("医", "ア", "𠀀", "한국", "a", "9")] == [True, True, True, False, False, False]


def test_fold_forgets_case_width_and_white_space() -> None:
    assert fold("ＦＦＴ\u3000of\tX\n\n  Straße ") == "fft of x strasse"


@given(st.text())
def test_fold_is_stable_under_added_white_space_and_case(text: str) -> None:
    assert fold(f"  {text}\n") == fold(text)
    assert fold(text).split(" ") == fold(text).split() or fold(text) == ""
