"""Gopher's repetition rules (arXiv 2112.11446, table A1), as datatrove's GopherRepetitionFilter computes them."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.clean.rules.checks import Check, NgramLimits, grown, unread
from cpt_pipeline.corpus.clean.rules.measures import Text, repeats


class GopherRepetitionParams(Params):
    """Table A1 of the paper; None switches a rule off. All are shares of 0..1, the n-gram ones of characters."""

    enabled: bool = True
    max_dup_line_frac: float | None = Field(0.3, ge=0)
    max_dup_para_frac: float | None = Field(0.3, ge=0)
    max_dup_line_char_frac: float | None = Field(0.2, ge=0)
    max_dup_para_char_frac: float | None = Field(0.2, ge=0)
    max_top_n_gram: NgramLimits = Field({2: 0.20, 3: 0.18, 4: 0.16})
    """n to the share of the text that the most frequent n-gram may be, blanks between words included."""
    max_duplicated_n_grams: NgramLimits = Field({5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10})
    """n to the share of the text that n-grams seen before may be."""
    growth: float = Field(0.0, ge=0)
    """By how much of themselves the limits of `max_duplicated_n_grams` grow with each tenfold of 2,000 words, as the
    longer a text is, the more of it was said before. 0 is datatrove's rule, for web pages."""


def gopher_repetition_checks(text: Text, params: GopherRepetitionParams) -> Iterator[Check]:
    """Compute the checks in datatrove's order; those of n-grams need blanks between words."""
    yield Check("gopher_empty", "characters", len(text.text), minimum=1)
    yield from repeated_part_checks(text, params)
    if text.script not in ("english", "spaced"):
        yield from unread(*(f"gopher_top_{size}_gram" for size in params.max_top_n_gram))
        yield from unread(*(f"gopher_duplicated_{size}_n_grams" for size in params.max_duplicated_n_grams))
        return
    ngrams, num_characters = text.word_ngrams, max(len(text.text), 1)
    for size, limit in params.max_top_n_gram.items():
        share = ngrams.top(size) / num_characters
        yield Check(f"gopher_top_{size}_gram", f"share of the top {size}-gram", share, maximum=limit)
    for size, limit in params.max_duplicated_n_grams.items():
        share, most = ngrams.duplicate(size) / num_characters, grown(limit, ngrams.num_words, params.growth)
        yield Check(f"gopher_duplicated_{size}_n_grams", f"share of repeated {size}-grams", share, maximum=most)


def repeated_part_checks(text: Text, params: GopherRepetitionParams) -> Iterator[Check]:
    """Give the checks of paragraphs and lines, which need no words."""
    num_characters = max(len(text.text), 1)
    found = repeats(text.paragraphs)
    yield Check("gopher_dup_para_frac", "repeated paragraphs", found.share, maximum=params.max_dup_para_frac)
    share = found.num_characters / num_characters
    yield Check(
        "gopher_dup_para_char_frac", "share of repeated paragraphs", share, maximum=params.max_dup_para_char_frac
    )
    found = repeats(text.lines)
    yield Check("gopher_dup_line_frac", "repeated lines", found.share, maximum=params.max_dup_line_frac)
    share = found.num_characters / num_characters
    yield Check("gopher_dup_line_char_frac", "share of repeated lines", share, maximum=params.max_dup_line_char_frac)
