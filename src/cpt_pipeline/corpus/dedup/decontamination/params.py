"""`dedup.leaks` in conf."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import Field

from cpt_pipeline.core.params import Params


class Lengths(NamedTuple):
    """Letters that count for an item, by its script."""

    least: int
    short: int
    hole: int
    long: int
    sure: int
    fragment: int


class LeakParams(Params):
    """When a passage counts as taken from a benchmark, and what is then removed.

    Lengths are letters and digits; of items that are mostly Chinese or Japanese the keys with `cjk` count. Chosen on
    halves of the material in benchmarks/leaks.py; its table is of the other halves.
    """

    min_share: float = Field(0.75, gt=0.5, le=1)
    """So much of an item's question must stand in one place, in any case, spacing and script."""
    min_long_share: float = Field(0.6, gt=0.5, le=1)
    """Enough, of letters and by rarity, for a passage that says `long_letters` or more."""
    min_telling_share: float = Field(0.7, ge=0, le=1)
    """The same, each n-gram counted by how rare it is in the corpus and among the items."""
    min_letters: int = Field(36, ge=8)
    """A question that says so much, counted by rarity, is an item wherever it stands."""
    min_cjk_letters: int = Field(13, ge=4)
    min_short_letters: int = Field(15, ge=8)
    """One that says less is an item with its answer or its choices, or where it stands alone as a question does, if
    all that says so much. Shorter items cannot be told from chance: they are counted as `unguarded`, not searched."""
    min_short_cjk_letters: int = Field(4, ge=4)
    long_letters: int = Field(36, ge=8)
    long_cjk_letters: int = Field(250, ge=4)
    """Chinese questions quote a law or a classic and then ask: of such the text quoted is no copy."""
    max_hole: int = Field(12, ge=0)
    """A longer run of a question that is missing (or a twelfth of it) makes it another text, for shorter passages."""
    max_cjk_hole: int = Field(4, ge=0)
    sure_letters: int = Field(100, ge=8)
    """A whole question of this length is an item however many documents hold it."""
    sure_cjk_letters: int = Field(24, ge=4)
    fragment_letters: int = Field(250, ge=8)
    """So much of a longer item counts, though it be a small share of it (a passage that is asked about)."""
    fragment_cjk_letters: int = Field(250, ge=4)
    max_items_per_ngram: int = Field(10, ge=1)
    """What more items share (and more than 1 % of a benchmark) is a manner of speaking: no search begins there."""
    margin_characters: int = Field(200, ge=0)
    """Removed before and behind a passage, to the end of the sentence or line (GPT-3: 200)."""
    max_passages: int = Field(10, ge=0)
    """A document with more passages is excluded (GPT-3: 10); with 0 every document with one is."""
    min_left_share: float = Field(0.5, ge=0, le=1)
    """A document that would keep a smaller share of itself is excluded."""
    min_left_characters: int = Field(1_000, ge=0)
    """And so is one that would keep fewer characters."""

    def lengths(self, *, cjk: bool) -> Lengths:
        """Return what counts for items that are mostly Chinese or Japanese, or for others."""
        if cjk:
            return Lengths(
                self.min_cjk_letters,
                self.min_short_cjk_letters,
                self.max_cjk_hole,
                self.long_cjk_letters,
                self.sure_cjk_letters,
                self.fragment_cjk_letters,
            )
        return Lengths(
            self.min_letters,
            self.min_short_letters,
            self.max_hole,
            self.long_letters,
            self.sure_letters,
            self.fragment_letters,
        )
