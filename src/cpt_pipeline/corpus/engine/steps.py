"""Documents on their way through datatrove steps: read, looked at one by one, written with their verdicts.

An excluded document is not dropped: it goes on without being looked at and is written with its reason, so every record
that was read is found again in what a task leaves.
"""

from __future__ import annotations

import json
import os
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import read_manifest, require_space, unfinished
from cpt_pipeline.corpus.engine.sieve import Row
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.formats.documents import SCHEMA, digest_text

NUMBER = "number"
"""Key of a document's metadata: its place among all documents of the artifact."""
Plan = tuple[int, list[tuple[str, int, int]]]
"""Number of the first document, and row groups as (shard, first, last)."""

_REASON, _DETAIL, _COUNTS = "reason", "detail", "counts"
_COLUMNS = tuple(name for name in SCHEMA.names if name not in {"id", "text", "digest"})
_PART_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("digest", pa.string()),
        pa.field("text", pa.large_string()),
        *(pa.field(name, SCHEMA.field(name).type) for name in _COLUMNS),
        pa.field(_REASON, pa.string()),
        pa.field(_DETAIL, pa.string()),
    ]
)
_GROUP_BYTES = 8 << 20
_COUNTS_KEY = "cpt_counts"


def exclude(document: Document, reason: str, detail: str | None = None) -> None:
    """Say that a document is not kept; its text is not written."""
    document.metadata[_REASON], document.metadata[_DETAIL] = reason, detail


def is_excluded(document: Document) -> bool:
    """Say whether a step has excluded the document."""
    return document.metadata.get(_REASON) is not None


def count(document: Document, name: str, amount: int = 1) -> None:
    """Count something for the stage's report; `gather_counts` sums it over all documents, kept or not."""
    document.metadata.setdefault(_COUNTS, Counter())[name] += amount


class DocumentStep(PipelineStep):  # type: ignore[misc]
    """A step that looks at one document at a time; it may change it, count, and exclude it."""

    type = "cpt"

    @abstractmethod
    def apply(self, document: Document) -> None:
        """Look at a document that is not excluded."""

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Pass every document on."""
        for document in data:
            if not is_excluded(document):
                self.apply(document)
            yield document


class ReadDocuments(PipelineStep):  # type: ignore[misc]
    """Read the row groups of a documents artifact that are a task's; see `plan_tasks`."""

    name = "read documents"
    type = "cpt"

    def __init__(self, directory: Path, tasks: Tasks) -> None:
        super().__init__()
        self._directory, self._tasks = directory.resolve(), tasks

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Give the documents of task `rank`, in order."""
        number, groups = self._tasks.read(rank)
        for shard, first, last in groups:
            with pq.ParquetFile(self._directory / shard) as file:
                for group in range(first, last):
                    for row in file.read_row_group(group).to_pylist():
                        document = as_document(row)
                        document.metadata[NUMBER] = number
                        number += 1
                        yield document


class ReadParts(PipelineStep):  # type: ignore[misc]
    """Read what the same task of an earlier pass left, excluded documents too."""

    name = "read parts"
    type = "cpt"

    def __init__(self, earlier: Tasks) -> None:
        super().__init__()
        self._earlier = earlier

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Give the documents of task `rank`, in order."""
        for row in read_part(self._earlier.file(rank)):
            document = as_document({**row, "text": row["text"] or ""})
            if row[_REASON] is not None:
                exclude(document, row[_REASON], row[_DETAIL])
            yield document


class WriteDocuments(PipelineStep):  # type: ignore[misc]
    """Write the documents of a task, kept and excluded, as its file; the file is there when it is whole."""

    name = "write documents"
    type = "cpt"

    def __init__(self, tasks: Tasks) -> None:
        super().__init__()
        self._tasks = tasks

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Write all documents and give none."""
        path = self._tasks.file(rank)
        partial = unfinished(path)
        counts: Counter[str] = Counter()
        with pq.ParquetWriter(partial, _PART_SCHEMA, compression="zstd", compression_level=1) as writer:
            for rows in _groups(data, counts):
                require_space(path.parent, _GROUP_BYTES)
                writer.write_table(pa.Table.from_pylist(rows, schema=_PART_SCHEMA))
            writer.add_key_value_metadata({_COUNTS_KEY: json.dumps(counts, sort_keys=True)})
        os.replace(partial, path)
        yield from ()


def as_document(row: Row) -> Document:
    """Turn a row of documents into what datatrove's steps work on: the other columns are its metadata."""
    return Document(text=row["text"], id=row["id"], metadata={name: row.get(name) for name in _COLUMNS})


def plan_tasks(directory: Path, task_bytes: int) -> list[Plan]:
    """Divide a documents artifact into runs of row groups of about `task_bytes` each."""
    read_manifest(directory)
    tasks: list[Plan] = []
    left = number = 0
    for path in sorted(directory.glob("documents-*.parquet")):
        file = pq.read_metadata(path)
        for group in range(file.num_row_groups):
            if left <= 0:
                tasks.append((number, []))
                left = task_bytes
            left -= file.row_group(group).total_byte_size
            number += file.row_group(group).num_rows
            groups = tasks[-1][1]
            if groups and groups[-1][0] == path.name:
                groups[-1] = (path.name, groups[-1][1], group + 1)
            else:
                groups.append((path.name, group, group + 1))
    return tasks


def gather(tasks: Tasks) -> Iterator[Row]:
    """Give the rows of all tasks in order, one row group in memory; an excluded one has a `reason`."""
    for path in tasks.files():
        yield from read_part(path)


def read_part(path: Path) -> Iterator[Row]:
    """Give the rows of one task."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield from file.read_row_group(group).to_pylist()


def gather_counts(tasks: Tasks) -> Counter[str]:
    """Sum what the steps counted."""
    counts: Counter[str] = Counter()
    for path in tasks.files():
        counts.update(json.loads(pq.read_metadata(path).metadata[_COUNTS_KEY.encode()]))
    return counts


def _groups(documents: Iterable[Document], counts: Counter[str]) -> Iterator[list[Row]]:
    rows: list[Row] = []
    num_bytes = 0
    for document in documents:
        counts.update(document.metadata.pop(_COUNTS, {}))
        rows.append(_as_row(document))
        num_bytes += len(document.text) * 2 + 256
        if num_bytes >= _GROUP_BYTES:
            yield rows
            rows, num_bytes = [], 0
    if rows:
        yield rows


def _as_row(document: Document) -> Row:
    metadata = document.metadata
    row = {"id": document.id, **{name: metadata.get(name) for name in _COLUMNS}}
    if is_excluded(document):
        return {**row, _REASON: metadata[_REASON], _DETAIL: metadata[_DETAIL]}
    return {**row, "text": document.text, "digest": digest_text(document.text)}
