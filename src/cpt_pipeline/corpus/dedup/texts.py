"""Texts of a documents artifact by number, for the few that must be looked at again."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

_GROUPS_HELD = 4


class TextsByNumber:
    """The texts of a documents artifact; the last row groups read are held, 8 MB each."""

    def __init__(self, directory: Path) -> None:
        self._groups: list[tuple[Path, int]] = []
        sizes = []
        for path in sorted(directory.glob("documents-*.parquet")):
            file = pq.read_metadata(path)
            self._groups += [(path, group) for group in range(file.num_row_groups)]
            sizes += [file.row_group(group).num_rows for group in range(file.num_row_groups)]
        self._starts = np.cumsum([0, *sizes])
        self._read = lru_cache(_GROUPS_HELD)(self._read_group)

    def __getitem__(self, number: int) -> str:
        """Give the text of a document."""
        group = int(np.searchsorted(self._starts, number, side="right")) - 1
        text: str = self._read(group)[number - int(self._starts[group])].as_py()
        return text

    def _read_group(self, number: int) -> pa.ChunkedArray:
        path, group = self._groups[number]
        with pq.ParquetFile(path) as file:
            return file.read_row_group(group, columns=["text"]).column("text")
