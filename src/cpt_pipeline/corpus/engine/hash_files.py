"""Which hashes occur in more than one document, over files too big for memory.

Each task leaves its pairs (hash, document) sorted in a file of its own. The files are then read together, one range of
hashes at a time, so memory is bounded by `memory_bytes` however long the files are, and the result does not depend on
how documents were divided among tasks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cpt_pipeline.core.artifact import unfinished

PAIR = np.dtype([("hash", "<u8"), ("document", "<u8")])

Hashes = npt.NDArray[np.uint64]
Pairs = npt.NDArray[np.void]
"""Records of `PAIR`."""

_MEMORY_BYTES = 256 << 20


def write_pairs(path: Path, hashes: Hashes, documents: Hashes) -> None:
    """Write the pairs of a task, sorted, each once; the file is there when it is whole."""
    pairs = np.empty(hashes.size, PAIR)
    pairs["hash"], pairs["document"] = hashes, documents
    partial = unfinished(path)
    with partial.open("wb") as stream:
        np.save(stream, _sort_once(pairs), allow_pickle=False)
    os.replace(partial, path)


def merge_pairs(paths: Sequence[Path], memory_bytes: int = _MEMORY_BYTES) -> Iterator[Pairs]:
    """Give each pair once, in order of hash, then document, in arrays that never part the pairs of one hash."""
    files = [np.load(path, mmap_mode="r", allow_pickle=False) for path in paths]
    total = sum(file.size for file in files)
    num_ranges = max(1, -(-total * PAIR.itemsize * 3 // memory_bytes))  # the arrays, their sum, and the sort
    starts = [0] * len(files)
    for number in range(1, num_ranges + 1):
        ends = [_end(file, number, num_ranges) for file in files]
        parts = [file[start:end] for file, start, end in zip(files, starts, ends, strict=True) if end > start]
        if parts:
            yield _sort_once(np.concatenate(parts))
        starts = ends


def groups(pairs: Pairs) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Give where each hash begins in sorted pairs, and in how many documents it occurs."""
    starts = np.flatnonzero(np.concatenate([[True], pairs["hash"][1:] != pairs["hash"][:-1]]))
    return starts, np.diff(np.concatenate([starts, [pairs.size]]))


class FirstDocuments:
    """Hash to the first document that has it, for hashes of more than one document; memory-mapped."""

    def __init__(self, path: Path) -> None:
        self._pairs = np.load(path, mmap_mode="r", allow_pickle=False)
        self.num_hashes = int(self._pairs.size)

    @classmethod
    def build(cls, paths: Sequence[Path], target: Path, memory_bytes: int = _MEMORY_BYTES) -> FirstDocuments:
        """Find them in the files of all tasks and write them to `target`."""
        raw = target.with_name(f".{target.name}.raw")
        with raw.open("wb") as stream:
            for pairs in merge_pairs(paths, memory_bytes):
                starts, sizes = groups(pairs)
                pairs[starts[sizes > 1]].tofile(stream)
        num_found = raw.stat().st_size // PAIR.itemsize
        found = np.lib.format.open_memmap(target, mode="w+", dtype=PAIR, shape=(num_found,)) if num_found else None
        if found is None:
            with target.open("wb") as stream:  # of a path that does not end in .npy numpy makes another
                np.save(stream, np.empty(0, PAIR), allow_pickle=False)
        else:
            found[:] = np.memmap(raw, dtype=PAIR, mode="r")
            found.flush()
        raw.unlink()
        return cls(target)

    def find(self, hashes: Hashes) -> npt.NDArray[np.int64]:
        """Give the first document of each hash, -1 where no two documents have it."""
        if not self.num_hashes:
            return np.full(hashes.size, -1, np.int64)
        keys = self._pairs["hash"]
        places = np.minimum(np.searchsorted(keys, hashes), self.num_hashes - 1)
        return np.where(keys[places] == hashes, self._pairs["document"][places].astype(np.int64), -1)


def _sort_once(pairs: Pairs) -> Pairs:
    """Return the pairs in order of hash, then document, each once; a third of the time that `np.unique` takes."""
    pairs = pairs[np.lexsort((pairs["document"], pairs["hash"]))]
    new = np.ones(pairs.size, np.bool_)
    new[1:] = (pairs["hash"][1:] != pairs["hash"][:-1]) | (pairs["document"][1:] != pairs["document"][:-1])
    return pairs[new]


def _end(file: Pairs, number: int, num_ranges: int) -> int:
    """Give where the hashes of range `number` (from 1) end in a sorted file."""
    if number == num_ranges:
        return int(file.size)
    return int(np.searchsorted(file["hash"], np.uint64(number * (1 << 64) // num_ranges)))
