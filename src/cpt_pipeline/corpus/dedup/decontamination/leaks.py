"""Leaks: passages of training documents that hold a benchmark item.

A text is searched in two steps. `BenchmarkIndex.look` finds, in one document, the passages that hold most of an item's
question, and the seeds (short n-grams of items) that the document holds. When all documents of a corpus have been
looked at, `Rarity` knows how many hold each seed, and `BenchmarkIndex.judge` decides: what many documents or many items
share (an institution's name, a formula of law, "which of the following is right") says nothing of an item.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.dedup.decontamination.context import SeenText
from cpt_pipeline.corpus.dedup.decontamination.items import find_letters, read_item_letters
from cpt_pipeline.corpus.dedup.decontamination.params import LeakParams
from cpt_pipeline.corpus.dedup.decontamination.seeds import Marks, Match, SeedCounts, SeedIndex, Weights
from cpt_pipeline.corpus.dedup.decontamination.templates import find_distinctions
from cpt_pipeline.formats.benchmarks import BenchmarkItem
from cpt_pipeline.text.folding import fold

__all__ = ["BenchmarkIndex", "Candidate", "Leak", "LeakParams", "SeedCounts", "Weights"]

_MAX_TEXT = 300
_WHOLE = 0.9
"""So much of a question is all of it: every twelfth character may be another."""
_ANSWERED = 0.5
"""So much of the right answer behind a question is the answer: one of two characters may be another."""


@dataclass(frozen=True)
class Leak:
    """One item found in a document."""

    benchmark: str
    item: str
    text: str
    """The passage, folded; 300 characters at most."""

    @property
    def name(self) -> tuple[str, str]:
        """The benchmark and the item."""
        return self.benchmark, self.item

    def __str__(self) -> str:
        return f"{self.benchmark}/{self.item}: {self.text}"


@dataclass(frozen=True)
class Candidate:
    """A passage that holds most of an item; whether it says enough is not known yet."""

    item: int
    """The number of the item in the index."""
    start: int
    """The first letter of the passage among those of the document."""
    end: int
    """The letter behind it."""
    covered: tuple[int, ...]
    """The item's letters that the passage holds: starts and ends of runs, in turn."""
    complete: bool
    """Whether the right answer or the choices stand there too, or the question stands alone, as a sentence."""
    num_beside: int
    """Letters of the choices that stand behind it, or before."""
    text: str

    @classmethod
    def load(cls, given: dict[str, Any]) -> Candidate:
        """Build a candidate from what `asdict` and a file made of it."""
        return cls(**{**given, "covered": tuple(given["covered"])})

    def marks(self, size: int) -> Marks:
        """Return a mark for each letter of the item."""
        marks = np.zeros(size, np.bool_)
        for start, end in zip(self.covered[::2], self.covered[1::2], strict=True):
            marks[start:end] = True
        return marks


class BenchmarkIndex:
    """All items as letters and as seeds."""

    def __init__(self, items: Iterable[BenchmarkItem], params: LeakParams) -> None:
        self._params = params
        listed = list(items)
        self._items = read_item_letters(listed)
        self._distinctions = find_distinctions(self._items)
        self._seeds = SeedIndex(self._items, params, self._distinctions)
        self._texts = {number: _answered_text(listed[number]) for number in self._distinctions}

    @cached_property
    def num_items(self) -> dict[str, int]:
        """Items of each benchmark, in the order of the suite."""
        return dict(Counter(item.benchmark for item in self._items))

    @cached_property
    def unguarded(self) -> dict[str, int]:
        """Items of each benchmark that no text can be accused of."""
        free = [item.benchmark for number, item in enumerate(self._items) if not self._is_guarded(number)]
        return dict(Counter(free))

    @property
    def num_seeds(self) -> int:
        """How many seeds there are to count."""
        return self._seeds.num_seeds

    @cached_property
    def reach(self) -> int:
        """How many characters of a text an item takes, at most: a third more than its letters, and blanks.

        Of an item over a border that is longer than two fragments, one side holds a fragment.
        """
        longest = 2 * max(self._params.fragment_letters, self._params.fragment_cjk_letters)
        return 200 + 8 * min(longest, max((item.letters.size for item in self._items), default=0)) // 5

    def choices(self, number: int) -> list[str]:
        """Return the choices of an item, as letters."""
        return [each.tobytes().decode("utf-32-le", "surrogatepass") for each in self._items[number].choices]

    def count(self) -> SeedCounts:
        """Return counts of the seeds of no document."""
        return SeedCounts(self.num_seeds)

    def look(self, text: str, counts: SeedCounts | None = None, *, folded: str | None = None) -> list[Candidate]:
        """Return the passages of a text that may be items, by their place, and count the text's seeds.

        `folded` is the text folded, where that was done before.
        """
        folded = fold(text) if folded is None else folded
        letters, places = find_letters(folded)
        matches = list(self._seeds.match(letters, counts))
        if not matches:
            return []
        seen = SeenText.read(text, folded, letters, places)
        found = [each for match in matches if (each := self._candidate(seen, match))]
        return sorted(found, key=lambda each: (each.start, each.end, each.item))

    def rarity(self, counts: npt.NDArray[Any], num_documents: int) -> Weights:
        """Return how rare each seed is in a corpus, for `judge`."""
        return self._seeds.rarity(counts, num_documents)

    def judge(self, candidate: Candidate, rarity: Weights) -> Leak | None:
        """Return the item that a passage holds, or None where it says too little of it."""
        if not self._says_enough(candidate, rarity):
            return None
        item = self._items[candidate.item]
        return Leak(item.benchmark, item.item, candidate.text)

    def _says_enough(self, candidate: Candidate, rarity: Weights) -> bool:
        item, params = self._items[candidate.item], self._params
        lengths = params.lengths(cjk=item.cjk)
        marks, weights = candidate.marks(item.letters.size), self._seeds.weigh(candidate.item, rarity)
        told = marks * weights
        prompt = slice(0, item.num_prompt or item.letters.size)
        share, telling = marks[prompt].mean(), told[prompt].sum()
        whole = _longest_hole(marks[prompt]) <= max(lengths.hole, prompt.stop // 12)
        sure = lengths.least if candidate.item in self._distinctions else lengths.sure
        if whole and share >= _WHOLE and prompt.stop >= sure:
            return True
        if told.sum() >= lengths.fragment:
            return True
        telling_share = telling / max(weights[prompt].sum(), 1e-9)
        if min(share, telling_share) >= params.min_long_share and telling >= lengths.long:
            return True
        if not whole or share < params.min_share or telling_share < params.min_telling_share:
            return False
        told_all = telling + told[prompt.stop :].sum() + candidate.num_beside
        return bool(telling >= lengths.least or (candidate.complete and told_all >= lengths.short))

    def _candidate(self, seen: SeenText, match: Match) -> Candidate | None:
        item = self._items[match.item]
        answer = match.covered[item.num_prompt :]
        answered = bool(answer.size and answer.mean() >= _ANSWERED)
        before, behind = max(match.start - item.num_following, 0), match.end + item.num_following
        follow = item.choices_in(seen.letters[match.start : behind]) or item.choices_in(
            seen.letters[before : match.end]
        )
        num_beside = sum(choice.size for choice in item.choices) if follow else 0
        complete = answered or follow or (self._asks_itself(match.item) and seen.stands_alone(match, item))
        if not self._is_told_apart(seen, match, complete=complete):
            return None
        if not complete and item.num_prompt < self._params.lengths(cjk=item.cjk).least:
            return None
        first, last = int(seen.places[match.start]), int(seen.places[match.end - 1]) + 1
        return Candidate(
            match.item,
            match.start,
            match.end,
            _runs(match.covered),
            complete,
            num_beside,
            seen.folded[first:last][:_MAX_TEXT],
        )

    def _asks_itself(self, number: int) -> bool:
        """Return whether an item's question is its own, and not that of all items of a template."""
        return number not in self._distinctions or bool(self._distinctions[number].needles)

    def _is_told_apart(self, seen: SeenText, match: Match, *, complete: bool) -> bool:
        """Return whether a passage has what tells an item of a template from the others: numbers, names, or choices."""
        item = self._items[match.item]
        if not self._asks_itself(match.item):
            return complete
        if match.item not in self._distinctions:
            return True
        beside = item.num_prompt // 4 + 8
        near = slice(max(match.start - beside, 0), match.end + beside)
        num_between = item.letters.size - item.num_prompt
        return self._distinctions[match.item].stands_in(
            seen.letters[near], seen.places[near], match.covered, num_between
        )

    def _is_guarded(self, number: int) -> bool:
        item = self._items[number]
        if item.letters.size < self._params.lengths(cjk=item.cjk).short or not self._seeds.is_searched(number):
            return False
        return number not in self._distinctions or self._finds_itself(number)

    def _finds_itself(self, number: int) -> bool:
        """Return whether an item of a template is found as it is: too little may tell it from its siblings."""
        found = self.look(self._texts[number])
        return any(each.item == number and self.judge(each, self._rarity_alone) for each in found)

    @cached_property
    def _rarity_alone(self) -> Weights:
        """How rare seeds are where no document has any."""
        return self.rarity(np.zeros(self.num_seeds), 0)


def _answered_text(item: BenchmarkItem) -> str:
    return f"{item.prompt} {item.choices[item.answer]}"


def _longest_hole(marks: Marks) -> int:
    """Return the length of the longest run without a mark."""
    places = np.flatnonzero(np.concatenate([[True], marks, [True]]))
    return int(np.diff(places).max()) - 1


def _runs(marks: Marks) -> tuple[int, ...]:
    """Return the starts and ends of the runs of marks, in turn."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marks, [False]])))
    return tuple(edges.tolist())
