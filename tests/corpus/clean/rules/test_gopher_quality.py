"""Gopher quality: datatrove's reason for any text."""

from __future__ import annotations

from functools import lru_cache

import pytest
from datatrove.pipeline.filters import GopherQualityFilter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.rules.gopher_quality import GopherQualityParams, gopher_quality_checks
from cpt_pipeline.corpus.clean.rules.measures import Text
from cpt_pipeline.text.tokens import EnglishWords
from tests.corpus.clean.real_texts import datatrove_reason

WORDS = [
    "the",
    "of",
    "and",
    "The",
    "house",
    "extraordinarily",
    "a",
    "#",
    "...",
    "…",
    "42",
    "—",
    "- item",
    "• item",
    "\n",
    "é",
]
PARAMS = GopherQualityParams(min_doc_words=5, max_doc_words=30)


@lru_cache
def english() -> EnglishWords:
    return EnglishWords()


def reason(text: str, params: GopherQualityParams, language: str = "en") -> str | None:
    checks = gopher_quality_checks(Text(text, english(), language), params)
    return next((check.reason for check in checks if check.detail), None)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=40).map(" ".join).filter(str.strip))
@example("the of house " * 5)
@example("the of house # " * 6)
@example("the of 42 42 house 42 42 42 ")
def test_reason_is_that_of_datatrove(text: str) -> None:
    block = GopherQualityFilter(min_doc_words=5, max_doc_words=30)
    assert reason(text, PARAMS) == datatrove_reason(block, text)


def test_two_stop_words_are_enough_and_must_differ() -> None:
    assert reason("the house of cards fell down", PARAMS) is None
    assert reason("the house fell down the stairs", PARAMS) == "gopher_enough_stop_words"
    assert reason("la maison de la mer", GopherQualityParams(min_doc_words=5, stop_words=("la", "de"))) is None


@pytest.mark.parametrize("text", ["• これ\n• それ\n• あれ", "ひと...\nこれは…\n"])
def test_text_without_blanks_between_words_is_asked_about_lines_only(text: str) -> None:
    assert reason(text, GopherQualityParams(), "ja") in {"gopher_too_many_bullets", "gopher_too_many_end_ellipsis"}
    assert reason("これは", GopherQualityParams(), "ja") is None


def test_what_knows_english_words_is_not_asked_of_another_language() -> None:
    assert reason("Donaudampfschifffahrtsgesellschaft " * 60, GopherQualityParams()) == "gopher_above_avg_threshold"
    assert reason("Donaudampfschifffahrtsgesellschaft " * 60, GopherQualityParams(), "de") is None
    assert reason("слово " * 49, GopherQualityParams(), "ru") == "gopher_short_doc"
