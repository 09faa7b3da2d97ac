"""Six rules that hold for a text in any language."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.clean.measures import Check, Text, repeats

VARIETY_WORDS = 500


class BasicParams(Params):
    """Limits of this project, not published ones. Shares are of 0..1."""

    enabled: bool = True
    min_characters: int = Field(100, ge=0)
    max_characters: int | None = Field(None, ge=1)
    min_letter_share: float = Field(0.4, ge=0, le=1)
    """Letters of any script among the characters that are no white space."""
    max_repeated_line_share: float = Field(0.3, ge=0, le=1)
    """Characters in lines that stood in the document before, among those of all lines."""
    max_mean_word_characters: float = Field(12.0, gt=0)
    """Gopher: 10 for English prose. A CJK character is a word of its own."""
    min_distinct_word_share: float = Field(0.1, ge=0, le=1)
    """Distinct words among the first 500."""


def basic_checks(text: Text, params: BasicParams) -> Iterator[Check]:
    """Give the checks in the order they are asked."""
    yield Check("too_short", "characters", len(text.text), minimum=params.min_characters)
    yield Check("too_long", "characters", len(text.text), maximum=params.max_characters)
    share = text.num_letters / max(text.num_solid, 1)
    yield Check("few_letters", "letter share", share, minimum=params.min_letter_share)
    lines = [line.strip() for line in text.solid_lines]
    share = repeats(lines).num_characters / max(sum(map(len, lines)), 1)
    yield Check("repeated_lines", "repeated line share", share, maximum=params.max_repeated_line_share)
    mean = text.mean_word_characters()
    yield Check("long_words", "mean word characters", mean, maximum=params.max_mean_word_characters)
    share = text.distinct_word_share(VARIETY_WORDS)
    yield Check("few_distinct_words", "distinct word share", share, minimum=params.min_distinct_word_share)
