"""Gopher's quality rules (arXiv 2112.11446, A1.1), as datatrove's GopherQualityFilter computes them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.clean.rules.checks import Check, unread
from cpt_pipeline.corpus.clean.rules.measures import Text
from cpt_pipeline.text.tokens import U64, hash_words

_ELLIPSES = ("...", "…")
_BULLETS = ("•", "-")
_OF_WORDS = (
    *("gopher_short_doc", "gopher_long_doc", "gopher_too_many_hashes", "gopher_too_many_ellipsis"),
    "gopher_below_alpha_threshold",
)
_LETTERS_PER_WORD = 5
_OF_ENGLISH = ("gopher_below_avg_threshold", "gopher_above_avg_threshold", "gopher_enough_stop_words")


class GopherQualityParams(Params):
    """The paper's limits, which are datatrove's defaults; None switches a rule off. Shares are of 0..1."""

    enabled: bool = True
    min_doc_words: int | None = Field(50, ge=0)
    """Words that are not only punctuation. Where the language is not English, or Chinese stands beside it, five letters
    are a word if that makes more of them: words are long in Finnish or Tamil, and Chinese has no blanks."""
    max_doc_words: int | None = Field(100_000, ge=1)
    min_avg_word_length: float | None = Field(3.0, ge=0)
    max_avg_word_length: float | None = Field(10.0, gt=0)
    max_symbol_word_ratio: float | None = Field(0.1, ge=0)
    """`#` and ellipses, each by itself, for each word."""
    max_bullet_lines_ratio: float | None = Field(0.9, ge=0)
    max_ellipsis_lines_ratio: float | None = Field(0.3, ge=0)
    min_alpha_words_ratio: float | None = Field(0.8, ge=0)
    """Words with a letter."""
    min_stop_words: int | None = Field(2, ge=0)
    """Distinct ones of `stop_words`."""
    stop_words: tuple[str, ...] = ("the", "be", "to", "of", "and", "that", "have", "with")


def gopher_quality_checks(text: Text, params: GopherQualityParams) -> Iterator[Check]:
    """Compute the checks in datatrove's order.

    Those of words are for text with blanks between its words, those that know English words for English alone.
    """
    if text.script not in ("english", "spaced"):
        yield from unread(*_OF_WORDS, *_OF_ENGLISH)
        yield from line_checks(text, params)
        return
    english = text.script == "english"
    tokens = text.tokens
    num_words, lengths = max(len(tokens.hashes), 1), tokens.lengths[tokens.solid]
    least = len(lengths)
    if not english or text.is_bilingual:
        least = max(least, text.letter_weight // _LETTERS_PER_WORD)
    yield Check("gopher_short_doc", "words", least, minimum=params.min_doc_words)
    yield Check("gopher_long_doc", "words", len(lengths), maximum=params.max_doc_words)
    mean = int(lengths.sum()) / max(len(lengths), 1) if english else None
    yield Check("gopher_below_avg_threshold", "mean word length", mean, minimum=params.min_avg_word_length)
    yield Check("gopher_above_avg_threshold", "mean word length", mean, maximum=params.max_avg_word_length)
    ratio = text.text.count("#") / num_words
    yield Check("gopher_too_many_hashes", "# per word", ratio, maximum=params.max_symbol_word_ratio)
    ratio = sum(map(text.text.count, _ELLIPSES)) / num_words
    yield Check("gopher_too_many_ellipsis", "ellipses per word", ratio, maximum=params.max_symbol_word_ratio)
    yield from line_checks(text, params)
    ratio = int(np.count_nonzero(tokens.letters)) / num_words
    yield Check(
        "gopher_below_alpha_threshold", "share of words with a letter", ratio, minimum=params.min_alpha_words_ratio
    )
    found = int((tokens.hashes == _hash_column(params.stop_words)).any(axis=1).sum()) if english else None
    yield Check("gopher_enough_stop_words", "stop words", found, minimum=params.min_stop_words)


def line_checks(text: Text, params: GopherQualityParams) -> Iterator[Check]:
    """Give the checks of how lines begin and end, which need no words."""
    lines, num_lines = text.unicode_lines, max(len(text.unicode_lines), 1)
    bullets = sum(line.lstrip().startswith(_BULLETS) for line in lines) if _any(text, _BULLETS) else 0
    yield Check("gopher_too_many_bullets", "bullet lines", bullets / num_lines, maximum=params.max_bullet_lines_ratio)
    cut = sum(line.rstrip().endswith(_ELLIPSES) for line in lines) if _any(text, _ELLIPSES) else 0
    yield Check(
        "gopher_too_many_end_ellipsis", "lines cut off", cut / num_lines, maximum=params.max_ellipsis_lines_ratio
    )


def _any(text: Text, marks: tuple[str, ...]) -> bool:
    return any(mark in text.text for mark in marks)


@lru_cache(maxsize=8)
def _hash_column(words: tuple[str, ...]) -> U64:
    return hash_words(sorted(set(words)))[:, np.newaxis]
