"""Passages that several documents hold, as two passes over the documents: found by their hashes, then removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.corpus.dedup.passages.passages import PassagesParams, find_passages, remove_passages
from cpt_pipeline.corpus.dedup.verdicts import HELD_OUT, PARENT
from cpt_pipeline.corpus.engine.hash_files import FirstDocuments, write_pairs
from cpt_pipeline.corpus.engine.steps import NUMBER, DocumentStep, count, exclude, is_excluded
from cpt_pipeline.corpus.engine.tasks import Tasks


class HashPassages(PipelineStep):  # type: ignore[misc]
    """Write the passages of a task's documents by hash; gives nothing."""

    name = "hash passages"
    type = "cpt"

    def __init__(self, tasks: Tasks, params: PassagesParams) -> None:
        super().__init__()
        self._tasks, self._params = tasks, params

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Held-out documents come before all others, so what they hold is removed from training text."""
        hashes, documents = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
        for document in data:
            if not is_excluded(document) and document.metadata[PARENT] == document.metadata[NUMBER]:
                found = find_passages(document.text, self._params).hashes
                hashes.append(found)
                documents.append(np.full(found.size, _rank(document), np.uint64))
        write_pairs(self._tasks.file(rank, ".npy"), np.concatenate(hashes), np.concatenate(documents))
        yield from ()


class RemovePassages(DocumentStep):
    """Remove what an earlier document holds, or a held-out one; held-out documents are left as they are."""

    name = "remove passages"

    def __init__(self, table: Path, params: PassagesParams) -> None:
        super().__init__()
        self._table, self._params = table, params
        self._first: FirstDocuments | None = None

    def apply(self, document: Document) -> None:
        """Exclude what keeps too little of itself."""
        if document.metadata[HELD_OUT]:
            return
        self._first = self._first or FirstDocuments(self._table)
        before = document.text
        left, held = remove_passages(before, _rank(document), self._first, self._params)
        if not held:
            return
        if len(left) < self._params.min_left_share * len(before):
            exclude(document, "repeated_passages", f"{len(left)} of {len(before)} characters stand nowhere else")
            return
        document.text = left
        count(document, "passages/documents")
        count(document, "passages/units", sum(held.values()))
        count(document, "passages/characters", len(before) - len(left))


def _rank(document: Document) -> int:
    """Give the place of a document among those that may keep a passage: of a made one that of its parent."""
    number: int = document.metadata[PARENT]
    return number if document.metadata[HELD_OUT] else number + (1 << 40)
