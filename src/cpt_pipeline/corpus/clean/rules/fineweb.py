"""FineWeb's own rules (arXiv 2406.17557, 3.6), as datatrove's FineWebQualityFilter computes them."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.clean.rules.checks import Check, unread
from cpt_pipeline.corpus.clean.rules.measures import Text, repeats, sentence_ends


class FinewebParams(Params):
    """The paper's limits, which are datatrove's defaults; None switches a rule off. Shares are of 0..1."""

    enabled: bool = True
    min_line_punct_ratio: float | None = Field(0.12, ge=0)
    """Lines that end in a mark that ends a sentence in some script."""
    line_punct_exclude_zero: bool = False
    """Let a text pass in which no line does."""
    max_short_line_ratio: float | None = Field(0.67, ge=0)
    short_line_characters: int = Field(30, ge=0)
    max_char_dup_ratio: float | None = Field(0.01, ge=0)
    """Characters in repeated lines."""
    max_list_ratio: float | None = Field(0.3, ge=0)
    """Line ends for each word."""


def fineweb_checks(text: Text, params: FinewebParams) -> Iterator[Check]:
    """Compute the checks in datatrove's order; without blanks between words only that of repeated lines."""
    spaced = text.script in ("english", "spaced")
    lines = text.solid_lines
    yield Check("fineweb_empty", "lines", len(lines), minimum=1)
    num_lines = max(len(lines), 1)
    if spaced:
        ends = sentence_ends()
        share = sum(line[-1] in ends for line in lines) / num_lines
        limit = None if params.line_punct_exclude_zero and not share else params.min_line_punct_ratio
        yield Check("fineweb_line_punct_ratio", "lines that end a sentence", share, minimum=limit)
        short = sum(len(line) <= params.short_line_characters for line in lines) / num_lines
        found = short if text.is_alphabetic else None
        yield Check("fineweb_short_line_ratio", "short lines", found, maximum=params.max_short_line_ratio)
    else:
        yield from unread("fineweb_line_punct_ratio", "fineweb_short_line_ratio", "fineweb_list_ratio")
    num_ends = text.text.count("\n")
    share = repeats(lines).num_characters / max(len(text.text) - num_ends, 1)
    yield Check("fineweb_char_dup_ratio", "share of repeated lines", share, maximum=params.max_char_dup_ratio)
    if spaced:
        ratio = num_ends / max(text.num_words, 1)
        yield Check("fineweb_list_ratio", "line ends per word", ratio, maximum=params.max_list_ratio)
