"""Leaks: training documents that hold the text of a benchmark item.

An item is its prompt followed by the right answer, as words without case and punctuation. A document leaks it when the
two share `ngram_words` words in a row, or the whole item where that is shorter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.words import fold, is_cjk, split_words
from cpt_pipeline.formats.benchmarks import BenchmarkItem


class LeakParams(Params):
    """When a text counts as taken from a benchmark."""

    ngram_words: int = Field(8, ge=2)
    """Published values: 13 (GPT-3), 12 (datatrove), 8 (marin). Lower finds more and accuses more."""
    ngram_cjk_characters: int = Field(13, ge=2)
    """The same for items that are mostly Chinese or Japanese."""
    min_words: int = Field(5, ge=1)
    """Shorter items cannot be told from chance; they are counted as `unguarded`, not searched."""


@dataclass(frozen=True)
class Leak:
    """What was found in a document."""

    benchmark: str
    item: str
    text: str

    def __str__(self) -> str:
        return f"{self.benchmark}/{self.item}: {self.text}"


class BenchmarkIndex:
    """All word sequences that must not occur in training text."""

    def __init__(self, items: Iterable[BenchmarkItem], params: LeakParams) -> None:
        self.unguarded: dict[str, int] = defaultdict(int)
        self._numbers: dict[str, int] = {}
        self._sequences: dict[int, dict[tuple[int, ...], Leak]] = defaultdict(dict)
        for item in items:
            self._add(item, params)

    def find(self, folded: str) -> Leak | None:
        """Give the first leak in a text that was folded (`words.fold`), or None."""
        if not self._sequences:
            return None
        numbers = self._numbers
        found = np.fromiter((numbers.get(word, 0) for word in split_words(folded)), np.int64)
        for length, sequences in sorted(self._sequences.items()):
            for start in _known_runs(found, length).tolist():
                if leak := sequences.get(tuple(found[start : start + length].tolist())):
                    return leak
        return None

    def _add(self, item: BenchmarkItem, params: LeakParams) -> None:
        words = item_words(item)
        if len(words) < params.min_words:
            self.unguarded[item.benchmark] += 1
            return
        cjk = sum(map(is_cjk, words)) * 2 > len(words)
        length = min(len(words), params.ngram_cjk_characters if cjk else params.ngram_words)
        numbers = [self._numbers.setdefault(word, len(self._numbers) + 1) for word in words]
        for start in range(len(words) - length + 1):
            leak = Leak(item.benchmark, item.id, ("" if cjk else " ").join(words[start : start + length]))
            self._sequences[length].setdefault(tuple(numbers[start : start + length]), leak)


def item_words(item: BenchmarkItem) -> list[str]:
    """Give the words by which an item is recognised: its prompt with the right answer, folded."""
    return split_words(fold(f"{item.prompt} {item.choices[item.answer]}"))


def _known_runs(numbers: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.int64]:
    """Give where `length` words in a row are words of some benchmark (their number is not 0)."""
    unknown = np.concatenate([[0], np.cumsum(numbers == 0)])
    return np.flatnonzero(unknown[length:] == unknown[:-length]) if numbers.size >= length else np.empty(0, np.int64)
