"""Leaks: training documents that hold the text of a benchmark item.

Texts and items are compared as words without case and punctuation, a Chinese or Japanese character being a word; which
sequences of words betray an item says `leak_sequences`. The index keeps 64-bit hashes of the sequences, and compares
the words themselves where a hash is met.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.dedup.folding import fold
from cpt_pipeline.corpus.dedup.leak_sequences import LeakParams, item_words, read_item_words
from cpt_pipeline.corpus.words import find_words, is_cjk
from cpt_pipeline.formats.benchmarks import BenchmarkItem

__all__ = ["BenchmarkIndex", "Leak", "LeakParams", "item_words"]

_NUM_CODES = 0x110000
_MAX_TEXT = 300
_COMMON_SHARE = 0.01
_SEQUENCE = np.dtype(
    [("key", np.uint64), ("item", np.int32), ("start", np.int32), ("length", np.int32), ("listed", np.bool_)]
)


@dataclass(frozen=True)
class Leak:
    """One item found in a document."""

    benchmark: str
    item: str
    text: str
    """The longest passage of the document, folded, that is made of the item's sequences; 300 characters at most."""

    def __str__(self) -> str:
        return f"{self.benchmark}/{self.item}: {self.text}"


@dataclass(frozen=True)
class _Text:
    """A folded text and its words."""

    folded: str
    hashes: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int32]

    def words(self, start: int, end: int) -> tuple[str, ...]:
        places = zip(self.starts[start:end].tolist(), self.ends[start:end].tolist(), strict=True)
        return tuple(self.folded[first:last] for first, last in places)


class BenchmarkIndex:
    """All word sequences that must not occur in training text; some 35 bytes for each, and the items' words."""

    def __init__(self, items: Iterable[BenchmarkItem], params: LeakParams) -> None:
        from cpt_pipeline.corpus.dedup import leaks_kernel

        self._kernel = leaks_kernel
        self._items = read_item_words(items)
        self._sequences = self._index(params)
        self._keys = np.ascontiguousarray(self._sequences["key"])  # a column of records is copied at every search
        self._lengths, first = np.unique(self._sequences["length"], return_index=True)
        self._ends = np.append(first, self._keys.size)[1:].astype(np.int64)
        self._bitmaps = leaks_kernel.make_bitmaps(np.split(self._keys, self._ends[:-1])[: first.size])
        self.unguarded: dict[str, int] = self._count_unguarded()
        """Items of each benchmark that no text can be accused of."""

    @property
    def num_items(self) -> dict[str, int]:
        """Give the number of items of each benchmark, in the order of the suite."""
        return dict(Counter(item.benchmark for item in self._items))

    def search(self, text: str) -> list[Leak]:
        """Give what `find_all` gives for a text as it stands."""
        return self.find_all(fold(text))

    def find(self, folded: str) -> Leak | None:
        """Give the leak that begins first in a text that was folded (`words.fold`), or None."""
        return next(iter(self.find_all(folded)), None)

    def find_all(self, folded: str) -> list[Leak]:
        """Give every item of which a folded text holds a sequence, by its first place in the text, then in order."""
        found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        text = self._split(folded)
        for number, start, end in self._find_sequences(text):
            found[number].append((start, end))
        first = sorted(found, key=lambda number: (min(found[number]), number))
        return [self._leak(number, _longest(found[number]), text) for number in first]

    def _leak(self, number: int, run: tuple[int, int], text: _Text) -> Leak:
        item = self._items[number]
        passage = text.folded[text.starts[run[0]] : text.ends[run[1] - 1]]
        return Leak(item.benchmark, item.item, passage[:_MAX_TEXT])

    def _find_sequences(self, text: _Text) -> Iterator[tuple[int, int, int]]:
        """Give an item's number and the words from start to end that are one of its sequences."""
        starts, rows = self._kernel.find_runs(text.hashes, self._lengths, self._keys, self._ends, self._bitmaps)
        for start, row in zip(starts.tolist(), rows.tolist(), strict=True):
            yield from self._confirm(text, start, row)

    def _confirm(self, text: _Text, start: int, row: int) -> Iterator[tuple[int, int, int]]:
        key, _, _, length, _ = self._sequences[row].item()
        words = text.words(start, start + length)
        while row < self._sequences.size:
            found, number, first, size, listed = self._sequences[row].item()
            if (found, size) != (key, length):
                return
            item = self._items[number]
            if item.words[first : first + size] == words:
                end = start + length + (item.num_following if listed else 0)
                if not listed or item.choices_follow(text.words(start + length, end)):
                    yield number, start, min(end, text.starts.size)
            row += 1

    def _split(self, folded: str) -> _Text:
        codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), np.uint32)
        return _Text(folded, *self._kernel.find_words(codes, _word_classes()))

    def _index(self, params: LeakParams) -> npt.NDArray[np.void]:
        """Give the sequences of all items by their keys, hashed together: one by one would take ten times as long."""
        words = self._split(" ".join(word for item in self._items for word in item.words)).hashes
        ends = np.cumsum([len(item.words) for item in self._items], dtype=np.int64)
        found = self._list_sequences(params)
        places = found["start"] + (ends - [len(item.words) for item in self._items])[found["item"]]
        for length in np.unique(found["length"]).tolist():
            same = found["length"] == length
            found["key"][same] = self._kernel.hash_runs(words, length)[places[same]]
        benchmarks = np.unique([item.benchmark for item in self._items], return_inverse=True)[1]
        return _without_common(found, benchmarks, params)

    def _list_sequences(self, params: LeakParams) -> npt.NDArray[np.void]:
        each = [(number, *kind) for number, item in enumerate(self._items) for kind in item.sequences(params)]
        columns = np.array(each, np.int64).reshape(-1, 4)
        counts = columns[:, 1]
        found = np.zeros(int(counts.sum()), _SEQUENCE)
        found["item"], _, found["length"], found["listed"] = np.repeat(columns, counts, axis=0).T
        found["start"] = np.arange(found.size) - np.repeat(np.cumsum(counts) - counts, counts)
        return found

    def _count_unguarded(self) -> dict[str, int]:
        guarded = set(self._sequences["item"].tolist())
        free = [item.benchmark for number, item in enumerate(self._items) if number not in guarded]
        return dict(Counter(free))


def _without_common(
    sequences: npt.NDArray[np.void], benchmarks: npt.NDArray[np.int64], params: LeakParams
) -> npt.NDArray[np.void]:
    """Sort by length and key, and leave out what too many items of a benchmark share.

    `benchmarks` holds, for each item, the number of its benchmark.
    """
    owners = benchmarks[sequences["item"]]
    columns = (sequences["start"], sequences["item"], owners, sequences["key"], sequences["length"])
    order = np.lexsort(columns)
    sequences, owners = sequences[order], owners[order]
    new_group = _differs(sequences["length"]) | _differs(sequences["key"]) | _differs(owners)
    group = np.cumsum(new_group) - 1
    num_items = np.bincount(group[new_group | _differs(sequences["item"])])
    limits = np.maximum(params.max_items_per_ngram, _COMMON_SHARE * np.bincount(benchmarks))
    rare: npt.NDArray[np.bool_] = num_items[group] <= limits[owners]
    kept: npt.NDArray[np.void] = sequences[rare | sequences["listed"]]
    return kept


def _differs(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Say of each value whether it is not the one before it."""
    return np.concatenate([np.ones(min(values.size, 1), np.bool_), values[1:] != values[:-1]])


def _longest(runs: list[tuple[int, int]]) -> tuple[int, int]:
    """Join runs that overlap or touch; give the longest, the first of several."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(runs):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return max(joined, key=lambda run: run[1] - run[0])


@cache
def _word_classes() -> npt.NDArray[np.uint8]:
    """Give what each code point is to `words.split_words`: 0 no word, 1 part of a word, 2 a word of its own."""
    words, starts, ends = find_words("".join(map(chr, range(_NUM_CODES))))
    classes = np.zeros(_NUM_CODES, np.uint8)
    for word, start, end in zip(words, starts.tolist(), ends.tolist(), strict=True):
        classes[start:end] = 2 if is_cjk(word) else 1
    return classes
