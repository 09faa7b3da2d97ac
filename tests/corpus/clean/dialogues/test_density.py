"""Density: literal numbers, and what must lower it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.dialogues.density import count_words, density

WORDS = [f"word{number}" for number in range(300)]


def alone(*texts: str) -> float:
    return density(texts, count_words(texts))


def test_literal_numbers() -> None:
    assert alone("one two three four") == 4 / (4 + 16)
    assert alone("one two", "one two") == 2 / (4 + 16)
    assert alone("退货要运费") == 5 / (5 + 16)
    assert alone("") == 0.0
    assert density(["one two"], 4) == 2 / (4 + 16)


def test_a_longer_text_is_not_less_dense_for_its_length() -> None:
    assert alone(" ".join(WORDS[:150] * 2)) == pytest.approx(300 / 316)
    assert alone(" ".join(WORDS[:50] * 6)) == pytest.approx(150 / 316)


def test_a_turn_alone_is_less_dense_than_in_its_conversation() -> None:
    turns = [" ".join(WORDS[start : start + 10]) for start in range(0, 60, 10)]
    assert max(alone(turn) for turn in turns) == 10 / 26
    assert alone(*turns) == 60 / 76


@given(st.lists(st.text("ab 一二", max_size=30), max_size=6), st.text("ab 一二", max_size=30))
def test_it_is_a_share_and_stock_lowers_it(texts: list[str], stock: str) -> None:
    found = alone(*texts)
    assert 0 <= found < 1
    assert density(texts, count_words([*texts, stock])) <= found
