"""Pairs of near copies from signature files, in memory that a parameter bounds and not the corpus.

Every band of every signature is hashed into a key on disk, 8 bytes per band and document. Band by band the keys are
read again, a range of key values at a time where they do not fit, and sorted; documents with the same key are compared
by their signatures. Of the links found together only those are written that join something: a tree of the strongest
links (Kruskal 1956) has the same clusters at every threshold, and 10,000 equal pages leave 9,999 links per band.

Documents with the same key are compared with their `max_comparisons` neighbours, so the time grows with the number of
documents also where thousands share a key. The neighbours are by the key of the next band: what is alike lies together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.dedup.near.pairs import Pairs, PairWriter
from cpt_pipeline.corpus.dedup.near.params import MinHashParams, count_places
from cpt_pipeline.corpus.dedup.near.signatures import SignatureFiles, new_array

_Numbers = npt.NDArray[np.int64]
_Keys = npt.NDArray[np.uint64]
_BYTES_PER_KEY = 64
"""In memory while a range of keys is sorted: keys, documents, order, the copies numpy makes."""
_BYTES_PER_PAIR = 40
_BYTES_PER_NOTED_PAIR = 64
_LAST_BITS = np.uint64(0xFFFFFFFF)


def find_pairs(
    files: Iterable[Path],
    params: MinHashParams,
    workdir: Path,
    *,
    memory_bytes: int = 1 << 30,
    skip: npt.NDArray[np.bool_] | None = None,
    lowest: float | None = None,
    doubtful: bool = False,
) -> Path:
    """Write the pairs that are similar by their signatures and give the file; its clusters depend on nothing else.

    `lowest` is the smallest similarity written (default `min_similarity`), for a sweep of thresholds: choose the bands
    for it (`bands_for`). With `doubtful` also the pairs that `verify.settle` must decide are written. `skip` marks
    documents that take no part.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    signatures = SignatureFiles(files, params)
    lowest = params.min_similarity if lowest is None else lowest
    certain = lowest
    if doubtful:
        least, most = params.doubtful_range
        lowest, certain = min(lowest, least), max(lowest, most)
    search = _Search(signatures, workdir / "keys.npy", memory_bytes)
    with PairWriter(workdir / "pairs.parquet") as writer:
        for keys, documents in search.buckets(skip):
            for pairs in search.compare(keys, documents, lowest):
                writer.write(_strongest(pairs, certain))
    (workdir / "keys.npy").unlink()
    return workdir / "pairs.parquet"


class _Search:
    """One search: the signatures and, as a scratch file, the keys of all bands, shape [bands, documents]."""

    def __init__(self, signatures: SignatureFiles, scratch: Path, memory_bytes: int) -> None:
        from cpt_pipeline.corpus.dedup.near import minhash_kernel

        self._kernel = minhash_kernel
        self._signatures, self._params, self._memory_bytes = signatures, signatures.params, memory_bytes
        self._keys: _Keys = new_array(scratch, np.uint64, (self._params.num_bands, len(signatures)))
        self._noted = np.zeros((max(1, memory_bytes // _BYTES_PER_NOTED_PAIR), 2), np.int64)
        num_rows = max(1, memory_bytes // (4 * (2 * self._params.num_hashes + 8 * self._params.num_bands)))
        for start, some in signatures.chunks(num_rows):
            keys = np.empty((self._params.num_bands, len(some)), np.uint64)
            self._kernel.band_keys(some, self._params.rows_per_band, keys)
            self._keys[:, start : start + len(some)] = keys

    def buckets(self, skip: npt.NDArray[np.bool_] | None) -> Iterator[tuple[_Keys, _Numbers]]:
        """Give documents that share their key with another, with the keys, sorted; each key's documents together.

        Couples that an earlier band has found similar are left out: most copies share most keys.
        """
        num_ranges = -(-len(self._signatures) * _BYTES_PER_KEY // self._memory_bytes)
        for band in range(self._params.num_bands):
            next_keys = self._keys[(band + 1) % self._params.num_bands]
            for part in range(num_ranges):
                keys, documents = self._select(band, part, num_ranges, skip)
                found = _sharing(keys)
                keys, documents = keys[found], documents[found]
                new = ~self._kernel.are_known_couples(self._noted, documents, keys)
                keys, documents = keys[new], documents[new]
                crowded = _in_crowds(keys, self._params.max_comparisons)
                order = np.lexsort((documents[crowded], next_keys[documents[crowded]], keys[crowded]))
                documents[crowded] = documents[crowded][order]
                yield keys, documents

    def compare(self, keys: _Keys, documents: _Numbers, lowest: float) -> Iterator[Pairs]:
        """Give the pairs of neighbours that are similar, a run of documents at a time, with few repetitions."""
        num_hashes, window = self._params.num_hashes, self._params.max_comparisons
        needed = count_places(lowest, num_hashes)
        run = max(1, self._memory_bytes // (4 * (2 * num_hashes + window * _BYTES_PER_PAIR)))
        for start in range(0, keys.size, run):
            first = max(0, start - window)
            some, some_keys = documents[first : start + run], keys[first : start + run]
            one, other, agreements = self._kernel.compare_neighbours(
                self._signatures.take(some), some, some_keys, start - first, window, needed
            )
            new = self._kernel.note_new(self._noted, one, other)
            yield Pairs(one[new], other[new], (agreements[new] / num_hashes).astype(np.float32))

    def _select(
        self, band: int, part: int, num_ranges: int, skip: npt.NDArray[np.bool_] | None
    ) -> tuple[_Keys, _Numbers]:
        """Read the keys of a band that lie in one of `num_ranges` equal ranges, and whose they are."""
        keys, documents = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
        run = max(1, self._memory_bytes // _BYTES_PER_KEY)
        for start in range(0, len(self._signatures), run):
            some = self._keys[band, start : start + run]
            chosen = ((some & _LAST_BITS) * np.uint64(num_ranges)) >> np.uint64(32) == part
            if skip is not None:
                chosen &= ~skip[start : start + run]
            keys.append(some[chosen])
            documents.append(np.flatnonzero(chosen) + start)
        return np.concatenate(keys), np.concatenate(documents)


def _sharing(keys: _Keys) -> _Numbers:
    """Give the places of the keys that occur more than once, sorted by key and then by place.

    The place is put over the last bits of the key, because numpy sorts numbers ten times as fast as it finds their
    order (1 million: 10 ms, not 100). Keys that differ in their last bits alone are put in order afterwards.
    """
    bits = np.uint64(int(keys.size).bit_length())
    packed = np.sort((keys >> bits << bits) | np.arange(keys.size, dtype=np.uint64))
    same = packed[1:] >> bits == packed[:-1] >> bits
    shared = np.zeros(keys.size, np.bool_)
    shared[1:] |= same
    shared[:-1] |= same
    places = (packed[shared] & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    found = keys[places]
    if np.any(found[1:] < found[:-1]):
        places = places[np.argsort(found, kind="stable")]
    return places


def _in_crowds(keys: _Keys, max_comparisons: int) -> npt.NDArray[np.bool_]:
    """Say of sorted keys which occur too often for all of their documents to be compared."""
    borders = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    sizes = np.diff(np.concatenate([[0], borders, [keys.size]]))
    return np.repeat(sizes > max_comparisons + 1, sizes)


def _strongest(pairs: Pairs, certain: float) -> Pairs:
    """Drop the pairs that change no cluster at any threshold: their two are joined by stronger, certain ones."""
    from cpt_pipeline.corpus.dedup.near.union_find import are_linked, link

    pairs = pairs.take(np.argsort(-pairs.similarity, kind="stable"))
    documents, places = np.unique(np.concatenate([pairs.first, pairs.second]), return_inverse=True)
    first, second = np.split(places.astype(np.int64), 2)
    parents = np.arange(documents.size)
    num_certain = int(np.sum(pairs.similarity >= np.float32(certain)))
    kept = link(parents, first[:num_certain], second[:num_certain])
    doubtful = ~are_linked(parents, first[num_certain:], second[num_certain:])
    return pairs.where(np.concatenate([kept, doubtful]))
