"""FineWeb: datatrove's reason for any text."""

from __future__ import annotations

from functools import lru_cache

from datatrove.pipeline.filters import FineWebQualityFilter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.rules.fineweb import FinewebParams, fineweb_checks
from cpt_pipeline.corpus.clean.rules.measures import Text
from cpt_pipeline.text.tokens import EnglishWords
from tests.corpus.clean.real_texts import datatrove_reason

LINES = [
    "A line that is long enough and ends well.",
    "Short one",
    "A long line that does not end in any mark at all",
    "",
    " ",
]
LINES += ["Trailing blank. ", "Full width？", "x", "1", "Another long line, which is not like the others!"]


@lru_cache
def english() -> EnglishWords:
    return EnglishWords()


def reason(text: str, params: FinewebParams, language: str = "en") -> str | None:
    checks = fineweb_checks(Text(text, english(), language), params)
    return next((check.reason for check in checks if check.detail), None)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(LINES) | st.text("abc .\n", max_size=50), max_size=14).map("\n".join), st.booleans())
@example("\n".join(f"Line number {number} says something of its own" for number in range(12)), True)
def test_reason_is_that_of_datatrove(text: str, exclude_zero: bool) -> None:
    theirs = datatrove_reason(FineWebQualityFilter(line_punct_exclude_zero=exclude_zero), text)
    assert reason(text, FinewebParams(line_punct_exclude_zero=exclude_zero)) == (theirs and f"fineweb_{theirs}")


def test_limits_of_their_own() -> None:
    text = "One two three\nfour five six"
    assert reason(text, FinewebParams()) == "fineweb_line_punct_ratio"
    assert reason(text, FinewebParams(min_line_punct_ratio=None)) == "fineweb_short_line_ratio"
    assert reason(text, FinewebParams(min_line_punct_ratio=None, short_line_characters=5)) is None


def test_text_without_blanks_between_words_is_asked_about_repeated_lines_only() -> None:
    assert reason("これは\nひとつ", FinewebParams(), "ja") is None
    assert reason("これは\nこれは", FinewebParams(), "ja") == "fineweb_char_dup_ratio"
    assert reason("слово\nдругое", FinewebParams(), "ru") == "fineweb_line_punct_ratio"
