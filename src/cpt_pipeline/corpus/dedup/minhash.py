"""MinHash-LSH: groups of documents that are nearly the same, in time that grows with the number of documents.

A text is the set of its character n-grams (so Chinese needs no word splitter); its signature is the smallest value
of each of many hash functions on that set, and two signatures agree in as many places as the sets overlap (Broder
1997). Documents that agree in a whole band are compared; those that agree in `min_similarity` of all places are
linked. All arithmetic is on 32-bit integers, so the result is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from pydantic import Field

from cpt_pipeline.core.params import Params

_CHUNK = 4_096
_STEP = np.uint32(2_654_435_761)

Signatures = npt.NDArray[np.uint32]
"""Shape [documents, num_bands * rows_per_band]."""


class MinHashParams(Params):
    """How near copies are found.

    20 bands of 6 rows find a pair of similarity 0.8 with probability 0.998 and compare one of similarity 0.3 with
    probability 0.015; the comparison then decides, with a standard error of 0.04.
    """

    shingle_characters: int = Field(5, ge=1)
    num_bands: int = Field(20, ge=1)
    rows_per_band: int = Field(6, ge=1)
    min_similarity: float = Field(0.8, gt=0, le=1)
    """Share of common n-grams (Jaccard) from which two documents are copies. Higher keeps more."""
    seed: int = Field(1, ge=0)


class MinHasher:
    """Make signatures of texts."""

    def __init__(self, params: MinHashParams) -> None:
        generator = np.random.default_rng(params.seed)
        shape = (params.num_bands * params.rows_per_band, 1)
        self._factors = generator.integers(0, 1 << 31, shape, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
        self._offsets = generator.integers(0, 1 << 32, shape, dtype=np.uint32)
        self._width = params.shingle_characters
        self._buffer = np.empty((shape[0], _CHUNK), np.uint32)
        self.num_hashes = shape[0]

    def signature(self, text: str) -> npt.NDArray[np.uint32]:
        """Give the signature of a text, shape [num_hashes]."""
        shingles = self._shingles(text)
        smallest = np.full(self.num_hashes, np.uint32(0xFFFFFFFF))
        for start in range(0, shingles.size, _CHUNK):
            part = shingles[start : start + _CHUNK]
            hashes = self._buffer[:, : part.size]
            np.multiply(self._factors, part, out=hashes)
            np.add(hashes, self._offsets, out=hashes)
            np.minimum(smallest, hashes.min(axis=1), out=smallest)
        return smallest

    def _shingles(self, text: str) -> npt.NDArray[np.uint32]:
        """Hash every n-gram; a text shorter than one is padded to one."""
        characters = np.frombuffer(text.ljust(self._width, "\0").encode("utf-32-le"), np.uint32)
        num_shingles = characters.size - self._width + 1
        hashes = np.zeros(num_shingles, np.uint32)
        for offset in range(self._width):
            hashes *= _STEP
            hashes += characters[offset : offset + num_shingles]
            hashes ^= hashes >> np.uint32(15)
        hashes *= np.uint32(0x85EBCA6B)
        hashes ^= hashes >> np.uint32(13)
        hashes *= np.uint32(0xC2B2AE35)
        hashes ^= hashes >> np.uint32(16)
        return hashes


class Clusters:
    """Union-find over document numbers; a cluster is named by its smallest member."""

    def __init__(self, size: int) -> None:
        self._parents = list(range(size))

    def find(self, member: int) -> int:
        """Give the smallest member of the cluster."""
        parents = self._parents
        while parents[member] != member:
            parents[member] = parents[parents[member]]
            member = parents[member]
        return member

    def link(self, one: int, other: int) -> None:
        """Make two clusters one."""
        low, high = sorted((self.find(one), self.find(other)))
        self._parents[high] = low


def link_near_copies(
    signatures: Signatures, members: npt.NDArray[np.int64], params: MinHashParams, clusters: Clusters
) -> None:
    """Link in `clusters` all near copies among `members`, the document numbers of the rows of `signatures`."""
    needed = round(params.min_similarity * signatures.shape[1])
    for bucket in _buckets(signatures, params):
        for one, others in _similar_within(bucket, signatures, needed):
            for other in others:
                clusters.link(int(members[one]), int(members[other]))


def _buckets(signatures: Signatures, params: MinHashParams) -> Iterator[npt.NDArray[np.int64]]:
    """Give the rows that agree in a whole band, band after band."""
    factors = np.random.default_rng(params.seed).integers(0, 1 << 63, params.rows_per_band, dtype=np.uint64)
    factors = factors * np.uint64(2) + np.uint64(1)
    for start in range(0, signatures.shape[1], params.rows_per_band):
        band = signatures[:, start : start + params.rows_per_band].astype(np.uint64)
        keys = (band * factors).sum(axis=1, dtype=np.uint64)
        order = np.argsort(keys, kind="stable")
        borders = np.flatnonzero(np.diff(keys[order])) + 1
        yield from (bucket for bucket in np.split(order, borders) if bucket.size > 1)


def _similar_within(
    bucket: npt.NDArray[np.int64], signatures: Signatures, needed: int
) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """Walk from copy to copy: compare each row that was reached with all that were not reached yet."""
    waiting = bucket
    while waiting.size > 1:
        reached, waiting = [int(waiting[0])], waiting[1:]
        while reached and waiting.size:
            one = reached.pop()
            similar = (signatures[waiting] == signatures[one]).sum(axis=1) >= needed
            yield one, waiting[similar]
            reached.extend(waiting[similar].tolist())
            waiting = waiting[~similar]
