"""Gopher repetition: datatrove's reason for any text."""

from __future__ import annotations

from functools import lru_cache

from datatrove.pipeline.filters import GopherRepetitionFilter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.rules.gopher_repetition import GopherRepetitionParams, gopher_repetition_checks
from cpt_pipeline.corpus.clean.rules.measures import Text
from cpt_pipeline.text.tokens import EnglishWords
from tests.corpus.clean.real_texts import datatrove_reason

WORDS = st.sampled_from(["one", "two", "three", "four", "five", "six.", "\n", "\n\n", "seven", "eight", "nine", "ten,"])
LONG = [f"word{number}" for number in range(60)]


@lru_cache
def english() -> EnglishWords:
    return EnglishWords()


def reason(text: str, language: str = "en") -> str | None:
    checks = gopher_repetition_checks(Text(text, english(), language), GopherRepetitionParams())
    return next((check.reason for check in checks if check.detail), None)


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS | st.integers(0, 10**9).map(str), max_size=60).map(" ".join))
@example("")
@example("\n\n")
@example("same line here\n" * 3 + "other\nlines\nof text\nthat differ")
@example(" ".join([*LONG[:50], *LONG[:9], "x", *LONG[:9]]))
def test_reason_is_that_of_datatrove(text: str) -> None:
    theirs = datatrove_reason(GopherRepetitionFilter(), text)
    assert reason(text) == (theirs and f"gopher_{theirs}")


def test_repeated_phrase_is_found_by_its_length() -> None:
    assert reason(" ".join([*LONG, *LONG[:4]])) is None
    assert reason(" ".join([*LONG[:50], *LONG[:20]])) == "gopher_duplicated_5_n_grams"


def test_ngrams_need_blanks_between_words_and_lines_do_not() -> None:
    assert reason("слово " * 50, "ru") == "gopher_top_2_gram"
    assert reason("これはペンです" * 50, "ja") is None
    assert reason("これはペンです\n" * 5, "ja") == "gopher_dup_line_frac"
