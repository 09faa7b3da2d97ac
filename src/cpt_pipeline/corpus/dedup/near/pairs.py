"""Pairs of similar documents, as a Parquet file that is written and read in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from cpt_pipeline.core.artifact import require_space

_BATCH = 1 << 20
_SCHEMA = pa.schema([("first", pa.int64()), ("second", pa.int64()), ("similarity", pa.float32())])


class Pairs(NamedTuple):
    """A batch of pairs of document numbers, `first` < `second`; a pair can occur more than once."""

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    similarity: npt.NDArray[np.float32]

    def where(self, chosen: npt.NDArray[np.bool_]) -> Pairs:
        """Give the chosen pairs."""
        return Pairs(self.first[chosen], self.second[chosen], self.similarity[chosen])

    def take(self, places: npt.NDArray[np.int64]) -> Pairs:
        """Give the pairs at these places, in this order."""
        return Pairs(self.first[places], self.second[places], self.similarity[places])


class PairWriter:
    """Write batches of pairs; a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = pq.ParquetWriter(path, _SCHEMA, compression="none", use_dictionary=False)

    def __enter__(self) -> PairWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._writer.close()

    def write(self, pairs: Pairs) -> None:
        """Write one batch."""
        if pairs.first.size:
            require_space(self._path.parent, pairs.first.size * 20)
            self._writer.write_batch(pa.record_batch(list(pairs), schema=_SCHEMA))


def read_pairs(path: Path) -> Iterator[Pairs]:
    """Read the pairs of a file, batch by batch."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH):
            yield Pairs(*(column.to_numpy(zero_copy_only=False) for column in batch.columns))


def exact_pairs(first_alike: Iterable[tuple[int, int]]) -> Pairs:
    """Give (document, earlier document with the same text) as pairs of similarity 1."""
    listed = np.array(list(first_alike), np.int64).reshape(-1, 2)
    return Pairs(listed.min(axis=1), listed.max(axis=1), np.ones(len(listed), np.float32))
