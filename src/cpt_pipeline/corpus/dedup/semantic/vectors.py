"""Vectors on disk: a file per task, made in a pass over the documents and read by memory map, never held as a whole.

A file is a plain NumPy array, shape [documents of the task that are compared, dimensions], 4 bytes a number: 1 kB a
document with hashed words, 3 or 4 kB with an encoder. Rows are numbered through all files in their order.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import require_space, unfinished
from cpt_pipeline.corpus.engine.steps import NUMBER
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.corpus.models.embeddings.embed import load_embedder
from cpt_pipeline.corpus.models.embeddings.hashed import Vectors
from cpt_pipeline.corpus.models.embeddings.params import EmbeddingParams, EncoderRunParams

VECTORS = ".npy"
"""Suffix of a task's file."""
KEY = "dedup.semantic.embedding.model"
"""Where conf names the encoder."""
_AT_ONCE = 256


class EmbedDocuments(PipelineStep):  # type: ignore[misc]
    """Write the vectors of those documents of a task that are chosen; gives nothing."""

    name = "embed documents"
    type = "cpt"

    def __init__(self, tasks: Tasks, chosen: Path, params: EmbeddingParams, run: EncoderRunParams) -> None:
        """`chosen` holds a truth value for every document of the artifact."""
        super().__init__()
        self._tasks, self._chosen, self._params, self._run = tasks, chosen, params, run

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Embed some hundred texts at a time."""
        embedder = load_embedder(self._params, self._run, key=KEY)
        chosen = np.load(self._chosen, mmap_mode="r", allow_pickle=False)
        texts = (document.text for document in data if chosen[document.metadata[NUMBER]])
        raw, num_rows = unfinished(self._tasks.file(rank, ".raw")), 0
        with raw.open("wb") as stream:
            while some := list(islice(texts, _AT_ONCE)):
                vectors = embedder.embed(some)
                require_space(raw.parent, 2 * vectors.nbytes)
                vectors.tofile(stream)
                num_rows += len(vectors)
        _with_header(raw, self._tasks.file(rank, VECTORS), (num_rows, embedder.dimensions))
        yield from ()


class VectorFiles:
    """The vectors of many files as one array."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._maps = [np.load(path, mmap_mode="r", allow_pickle=False) for path in paths]
        self._starts = np.cumsum([0, *(len(each) for each in self._maps)], dtype=np.int64)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def take(self, rows: npt.NDArray[np.int64]) -> Vectors:
        """Give the vectors of these rows, in the order asked."""
        found: Vectors = np.empty((rows.size, self._maps[0].shape[1] if self._maps else 0), np.float32)
        files = np.searchsorted(self._starts, rows, side="right") - 1
        for file in np.unique(files).tolist():
            mine = np.flatnonzero(files == file)
            found[mine] = self._maps[file][rows[mine] - self._starts[file]]
        return found

    def chunks(self, num_rows: int = 4_096) -> Iterator[Vectors]:
        """Give all vectors in order, always as many at a time, whatever file they are in."""
        for start in range(0, len(self), num_rows):
            yield self.take(np.arange(start, min(start + num_rows, len(self))))


def _with_header(raw: Path, path: Path, shape: tuple[int, int]) -> None:
    """Turn plain numbers into a NumPy file; it is there when it is whole."""
    partial = unfinished(path)
    with partial.open("wb") as stream, raw.open("rb") as numbers:
        header: dict[str, Any] = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, header)
        while chunk := numbers.read(1 << 24):
            stream.write(chunk)
    os.replace(partial, path)
    raw.unlink()
