"""Signatures on disk: one file per task, read together by memory map and never held as a whole.

A file is a plain NumPy array, shape [documents of the task, num_hashes], 16 bits a place: 240 bytes a document with
the defaults. Documents are numbered through all files in their order.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cpt_pipeline.core.artifact import flush, require_space, unfinished
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.corpus.dedup.near.minhash import Signature, Signatures
from cpt_pipeline.corpus.dedup.near.params import MinHashParams


def write_signatures(path: Path, signatures: Sequence[Signature] | Signatures, params: MinHashParams) -> None:
    """Write the signatures of one task, one per document; the file is there when it is whole."""
    rows = np.asarray(signatures, np.uint16).reshape(-1, params.num_hashes)
    partial = unfinished(path)
    require_space(path.parent, rows.nbytes)
    with partial.open("wb") as stream:
        np.save(stream, rows, allow_pickle=False)
    flush(partial)
    os.replace(partial, path)


class SignatureFiles:
    """The signatures of many files as one array. `ArtifactError` when a file is damaged or of other parameters."""

    def __init__(self, paths: Iterable[Path], params: MinHashParams) -> None:
        self.paths = tuple(paths)
        self.params = params
        self._maps = [_open(path, params.num_hashes) for path in self.paths]
        self._starts = np.cumsum([0, *(len(each) for each in self._maps)], dtype=np.int64)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def chunks(self, num_documents: int) -> Iterator[tuple[int, Signatures]]:
        """Give all signatures in runs of at most `num_documents`, each with the number of its first document."""
        for (first, last), each in zip(pairwise(self._starts.tolist()), self._maps, strict=True):
            for start in range(first, last, num_documents):
                yield start, np.array(each[start - first : min(start + num_documents, last) - first])

    def take(self, documents: npt.NDArray[np.int64]) -> Signatures:
        """Give the signatures of these documents, in the order asked."""
        found = np.empty((documents.size, self.params.num_hashes), np.uint16)
        files = np.searchsorted(self._starts, documents, side="right") - 1
        for file in np.unique(files).tolist():
            mine = np.flatnonzero(files == file)
            found[mine] = self._maps[file][documents[mine] - self._starts[file]]
        return found


def new_array(path: Path, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Make a file of zeros and give it as an array to write in; its room on the disk is taken first.

    (Writing to a memory map of a file without its blocks ends the process when the disk is full.)
    """
    require_space(path.parent, math.prod(shape) * np.dtype(dtype).itemsize)
    found = np.lib.format.open_memmap(path, "w+", dtype, tuple(max(1, size) for size in shape))
    with path.open("r+b") as stream:
        os.posix_fallocate(stream.fileno(), 0, path.stat().st_size)
    return np.asarray(found)[tuple(slice(size) for size in shape)]


def _open(path: Path, num_hashes: int) -> Signatures:
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} is no whole file of signatures ({error}). Make the signatures again.") from error
    if not isinstance(found, np.ndarray) or found.dtype != np.uint16 or found.shape[1:] != (num_hashes,):
        raise ArtifactError(
            f"{path} holds signatures of {getattr(found, 'shape', '?')}, these parameters make {num_hashes} places "
            "per document. Make the signatures again with these parameters."
        )
    return found
