"""The seeds of benchmark items: short runs of letters, where the search begins, and how rare each of them is.

Seeds are runs of 5 letters of an item that is mostly Chinese or Japanese, of 8 of another. Short enough that some are
left where every twelfth character is another, long enough to be met seldom.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.dedup.decontamination.items import ItemLetters, Letters
from cpt_pipeline.corpus.dedup.decontamination.params import LeakParams
from cpt_pipeline.corpus.dedup.decontamination.templates import Distinction

Weights = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Marks = npt.NDArray[np.bool_]
Table = tuple[npt.NDArray[np.uint64], Places, npt.NDArray[np.uint8]]
Postings = tuple[Numbers, Places, Places]

_COMMON_SHARE = 0.01
_FEW = 1_000
"""A corpus of fewer documents, and fewer items, are too few to show what is common by its share alone."""
_RARE = 2
"""Seeds of so few items are searched, whatever else an item has: most benchmarks hold some items twice."""
_TEMPLATE_ITEMS = 100
"""A number or a name may be that of so many items of one template."""
_FEW_SEEDS = 6
"""Questions of fewer are looked at wherever one of their seeds is met, others where two are."""
_MAX_FILTER_BITS = 25
_FIRST_CJK = 0x3040


class Kind(NamedTuple):
    """How items of one kind of script are searched."""

    length: int
    """Letters of a seed."""
    letters_per_seed: int
    """Of a question of this length every run is a seed, of a longer one fewer, chosen by their hashes."""
    max_every: int
    """And of the longest ones, as of all answers, one run in so many."""
    resume: int
    """Letters that must be alike behind one that differs."""
    hit_share: float
    """So many of a question's seeds must be met before letters are compared: half of what is left of them where every
    twelfth character is another."""


LATIN, CJK = Kind(8, 32, 8, 5, 0.08), Kind(5, 64, 4, 3, 0.3)
KINDS = (LATIN, CJK)


class Match(NamedTuple):
    """A passage that holds much of an item: its letters in the text, and a mark for each letter of the item."""

    item: int
    start: int
    end: int
    covered: Marks


class SeedCounts:
    """How many documents hold each seed."""

    def __init__(self, num_seeds: int) -> None:
        self.counts = np.zeros(num_seeds, np.int32)
        self.num_documents = 0
        self._last_seen = np.full(num_seeds, -1, np.int32)

    def add(self, rows: Places) -> None:
        """Count the document at hand once for each of some seeds that it holds."""
        from cpt_pipeline.corpus.dedup.decontamination import kernel as leaks_kernel

        leaks_kernel.count_documents(rows, self.num_documents, self._last_seen, self.counts)

    def end_document(self) -> None:
        """Say that what follows is another document."""
        self.num_documents += 1


class SeedIndex:
    """All seeds of some items: about 30 bytes for each, and the items' letters."""

    def __init__(
        self, items: Sequence[ItemLetters], params: LeakParams, distinctions: Mapping[int, Distinction]
    ) -> None:
        self._distinctions = distinctions
        self._min_share = min(params.min_share, params.min_long_share)
        self._kinds = np.array([item.cjk for item in items], np.int64)
        letters = np.concatenate([np.empty(0, np.uint32), *(item.letters for item in items)])
        self._firsts = np.cumsum([0, *(item.letters.size for item in items)], dtype=np.int64)
        num_prompt = np.array([item.num_prompt for item in items], np.int32)
        limits = _limits(items, params, distinctions)
        wanted = np.zeros(letters.size, np.bool_)
        for number, distinction in distinctions.items():
            wanted[self._firsts[number] : self._firsts[number + 1]] = distinction.marks
        self._seeds = [
            _list_seeds(kind, np.flatnonzero(self._kinds == number), letters, self._firsts, num_prompt, limits, wanted)
            for number, kind in enumerate(KINDS)
        ]
        self._offsets = [0, self._seeds[0].num_items.size]
        self.num_seeds = sum(each.num_items.size for each in self._seeds)
        fragments = np.where(self._kinds > 0, params.fragment_cjk_letters, params.fragment_letters).astype(np.int32)
        min_hits = np.zeros(len(items), np.int32)
        for kind, each in zip(KINDS, self._seeds, strict=True):
            min_hits[each.items] = _min_hits(each, kind, num_prompt, fragments)
        resume = np.array([kind.resume for kind in KINDS], np.int32)[self._kinds]
        self._windows = _kernel().window_of(np.diff(self._firsts)).astype(np.int32)
        self._min_hits = min_hits
        self._texts = (letters, self._firsts, num_prompt, resume, min_hits, fragments)

    def is_searched(self, number: int) -> bool:
        """Return whether a search can begin anywhere in an item."""
        return bool(self._min_hits[number] > 0)

    def match(self, letters: Letters, counts: SeedCounts | None = None) -> Iterator[Match]:
        """Return the passages of a text that hold most of an item's question or a long fragment of an item.

        Its seeds are counted in `counts`.
        """
        kernel = _kernel()
        num_kinds = 2 if letters.size and letters.max() >= _FIRST_CJK else 1  # seeds of the others hold CJK letters
        listed = []
        for kind, each, offset in zip(KINDS[:num_kinds], self._seeds, self._offsets, strict=False):
            rows, starts = kernel.find_seeds(letters, kind.length, each.table)
            if counts is not None:
                counts.add(rows + np.int32(offset))
            listed.append(kernel.list_hits(rows, starts, each.postings, self._min_hits, self._windows))
        hits, places = (np.concatenate(found) for found in zip(*listed, strict=True))
        if not hits.size:
            return
        order = np.argsort(hits, kind="stable")
        *columns, marks = kernel.match_items(letters, hits[order], places[order], self._texts, self._min_share)
        end = 0
        for item, first, last in zip(*(each.tolist() for each in columns), strict=True):
            start, end = end, end + int(self._firsts[item + 1] - self._firsts[item])
            yield Match(item, first, last, marks[start:end])

    def rarity(self, counts: npt.NDArray[Any], num_documents: int) -> Weights:
        """Return for each seed 1 where one document and one item hold it, down to 0 where all do, by logarithms.

        The second row counts documents alone, for items of a template: what many of them share is theirs all the same.
        """
        num_items = np.concatenate([each.num_items for each in self._seeds])
        by_documents = 1 - np.log1p(np.maximum(counts - 1, 0)) / np.log1p(max(num_documents, _FEW))
        by_items = 1 - np.log(num_items) / np.log(max(self._kinds.size, _FEW))
        weights: Weights = np.maximum([np.minimum(by_documents, by_items), by_documents], 0)
        return weights

    def weigh(self, number: int, rarity: Weights) -> Weights:
        """Return for each letter of an item how rare the seeds are that hold it, on the mean."""
        kind = int(self._kinds[number])
        each = self._seeds[kind]
        index = int(np.searchsorted(each.items, number))
        mine = slice(int(each.bounds[index]), int(each.bounds[index + 1]))
        rare = rarity[int(number in self._distinctions), each.rows[mine] + self._offsets[kind]]
        places = each.starts[mine][:, None] + np.arange(KINDS[kind].length)
        size = int(self._firsts[number + 1] - self._firsts[number])
        num_seeds = np.bincount(places.ravel(), minlength=size)
        total = np.bincount(places.ravel(), np.repeat(rare, KINDS[kind].length), size)
        mean = rare.mean() if rare.size else 1.0
        return np.where(num_seeds > 0, total / np.maximum(num_seeds, 1), mean)


class _KindSeeds(NamedTuple):
    """The seeds of all items of one kind."""

    table: Table
    postings: Postings
    """Of the seeds from which a search begins."""
    num_items: Numbers
    """Of each seed."""
    items: Numbers
    """The items, by number; those of `items[i]` are from `bounds[i]` on."""
    bounds: Numbers
    rows: Places
    """Of each seed of each item: which it is."""
    starts: Places
    """And where in the item it begins."""
    searched: Marks
    """And whether a search begins at it: few items share it."""


def _kernel() -> Any:
    from cpt_pipeline.corpus.dedup.decontamination import kernel as leaks_kernel

    return leaks_kernel


def _limits(items: Sequence[ItemLetters], params: LeakParams, distinctions: Mapping[int, Distinction]) -> Numbers:
    """Return for each item how many items a seed may have from which it is searched; more where it has a template."""
    sizes = Counter(item.benchmark for item in items)
    shares = np.array([_COMMON_SHARE * sizes[item.benchmark] for item in items], np.int64)
    shares[list(distinctions)] = np.maximum(shares[list(distinctions)], _TEMPLATE_ITEMS)
    return np.maximum(shares, params.max_items_per_ngram)


def _list_seeds(
    kind: Kind, items: Numbers, letters: Letters, firsts: Numbers, num_prompt: Places, limits: Numbers, wanted: Marks
) -> _KindSeeds:
    sizes = np.maximum(np.diff(firsts)[items] - kind.length + 1, 0)
    starts = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    owners = np.repeat(items, sizes)
    hashes = _kernel().hash_runs(letters, kind.length)[firsts[owners] + starts]
    every = np.clip(num_prompt[owners] // kind.letters_per_seed, 1, kind.max_every)
    every[(starts + kind.length > num_prompt[owners]) & (num_prompt[owners] > kind.letters_per_seed)] = kind.max_every
    num_wanted = np.concatenate([[0], np.cumsum(wanted)])
    chosen = _kernel().choose(hashes, every)
    chosen |= num_wanted[firsts[owners] + starts + kind.length] > num_wanted[firsts[owners] + starts]
    starts, owners, hashes = starts[chosen], owners[chosen], hashes[chosen]
    bounds = np.searchsorted(owners, np.append(items, firsts.size))
    owner = np.repeat(np.arange(items.size), np.diff(bounds))
    keys, rows = np.unique(hashes, return_inverse=True)
    pairs = np.unique(rows * np.int64(items.size + 1) + owner)
    num_items = np.bincount(pairs // (items.size + 1), minlength=keys.size)
    searched = num_items[rows] <= np.minimum(_rare(num_items[rows], owner, bounds), limits[items])[owner]
    if kind is CJK:  # a seed of Latin letters would be met in every English text
        num_cjk = np.concatenate([[0], np.cumsum(letters >= _FIRST_CJK)])
        searched &= (
            num_cjk[firsts[owners] + starts + kind.length] - num_cjk[firsts[owners] + starts]
        ) * 2 > kind.length
    unused = np.bincount(rows[searched], minlength=keys.size) == 0
    new_order = np.argsort(unused, kind="stable")
    keys, num_items, rows = keys[new_order], num_items[new_order], np.argsort(new_order)[rows]
    order = np.argsort(rows[searched], kind="stable")
    entries = np.concatenate([[0], np.cumsum(np.bincount(rows[searched], minlength=keys.size))])
    postings = (entries, owners[searched][order].astype(np.int32), starts[searched][order].astype(np.int32))
    return _KindSeeds(
        _table(keys[: keys.size - unused.sum()]),
        postings,
        num_items,
        items,
        bounds,
        rows.astype(np.int32),
        starts.astype(np.int32),
        searched,
    )


def _rare(num_items: Numbers, owner: Numbers, bounds: Numbers) -> Numbers:
    """Return for each item how many items share its rarest seeds, a quarter of all: from those the search begins.

    `num_items` are those of each seed of each item. Common seeds are met in every text and lead nowhere.
    """
    sorted_by_item = num_items[np.lexsort((num_items, owner))]
    quarters = bounds[:-1] + np.diff(bounds) // 4
    rarest: Numbers = np.append(sorted_by_item, 1)[np.minimum(quarters, sorted_by_item.size)]
    return np.maximum(rarest, _RARE)


def _table(keys: npt.NDArray[np.uint64]) -> Table:
    num_bits = min(max((keys.size * 16).bit_length(), 6), _MAX_FILTER_BITS)
    slots = np.full(1 << (keys.size * 2).bit_length(), -1, np.int32)
    bits = np.zeros(1 << (num_bits - 3), np.uint8)
    _kernel().fill_tables(keys, slots, bits)
    return keys, slots, bits


def _min_hits(seeds: _KindSeeds, kind: Kind, num_prompt: Places, fragments: Places) -> Numbers:
    """Return how many seeds must be met near one another; 0 for an item that has none from which to search."""
    owners = np.repeat(np.arange(seeds.items.size), np.diff(seeds.bounds))
    in_prompt = seeds.searched & (seeds.starts + kind.length <= num_prompt[seeds.items][owners])
    num_all = np.bincount(owners[seeds.searched], minlength=seeds.items.size)
    num_mine = np.bincount(owners[in_prompt], minlength=seeds.items.size)
    wanted = kind.hit_share * np.minimum(num_mine, fragments[seeds.items] // kind.max_every)
    found: Numbers = np.minimum(np.maximum(wanted.astype(np.int64), np.where(num_mine < _FEW_SEEDS, 1, 2)), num_all)
    return found
