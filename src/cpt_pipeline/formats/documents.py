"""Documents: parquet shards of one text per row, the currency of collect, clean and dedup.

Readable by datatrove, datasets, polars and pandas. The order of rows is part of the content. Memory is
bounded by one shard on writing and one row group on reading, never by the corpus.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from cpt_pipeline.core.artifact import read_manifest, require_space, seal, write_json
from cpt_pipeline.core.redaction import redact_text

SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("digest", pa.string(), nullable=False),
        pa.field("text", pa.large_string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("license", pa.string(), nullable=False),
        pa.field("url", pa.string()),
        pa.field("language", pa.string()),
        pa.field("category", pa.string()),
        pa.field("quality", pa.float32()),
        pa.field("published", pa.string()),
        pa.field("part_of", pa.string()),
        pa.field("part", pa.int32()),
        pa.field("separator", pa.string()),
        pa.field("last_part", pa.bool_(), nullable=False),
        pa.field("metadata", pa.string()),
    ]
)
"""`id` comes from source, revision and record position and never changes; `digest` is of the text as it is
now; `published` is an ISO date; `metadata` is a JSON object as text.

`part_of` is the id of the work that the text belongs to (a book, a conversation); null where the document is the work.
`part` is its place in a running text that was cut, from 0, and `separator` what stood before it there; null where
nothing was cut. `last_part` says that the text ends with this document: it carries the end-of-document token."""

FAMILIES = "families.json"
"""Beside held-out documents: the id of a work to that of the first work of its family, where they differ. Works that
share a fifth of their text are a family: no independent observations."""

_OPTIONAL = ("language", "category", "quality", "published", "part_of", "part", "separator", "metadata")

EXCLUDED_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("channel", pa.string()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string()),
    ]
)
"""One row per record that a stage did not keep: the reason is a counter's name, the detail is for people
(the document it copies, the rule's value, the error's text)."""

_SHARD_BYTES = 256 << 20
_GROUP_BYTES = 8 << 20

_redact_origin = lru_cache(4096)(redact_text)
"""Most documents of a source share address and licence."""


def digest_text(text: str) -> str:
    """Give the xxh3-128 of the text's UTF-8 bytes."""
    return xxhash.xxh3_128(text.encode("utf-8")).hexdigest()


def document(*, id: str, text: str, channel: str, source: str, license: str, **optional: Any) -> dict[str, Any]:
    """Build one row; `optional` takes the nullable columns and `last_part` (true unless it is given).

    Where a text comes from is recorded without the passwords and signatures that fetch it.
    """
    url = optional.pop("url", None)
    return {
        "id": id,
        "digest": digest_text(text),
        "text": text,
        "channel": channel,
        "source": source,
        "license": _redact_origin(license),
        "url": None if url is None else _redact_origin(url),
        "last_part": optional.pop("last_part", True),
        **{name: optional.pop(name, None) for name in _OPTIONAL},
        **_none_left(optional),
    }


def work_of(row: dict[str, Any]) -> str:
    """Return the id of the work that a document is a part of (columns `id`, `part_of`): its own where it is whole."""
    work: str = row["part_of"] or row["id"]
    return work


def write_families(directory: Path, families: Mapping[str, str]) -> None:
    """Write which work stands for the family of another, before the documents of `directory` are sealed."""
    write_json(directory / FAMILIES, dict(families))


def read_families(directory: Path) -> dict[str, str]:
    """Read which work stands for the family of another; a work that is not named stands for itself."""
    if FAMILIES not in read_manifest(directory)["files"]:
        return {}
    families: dict[str, str] = json.loads((directory / FAMILIES).read_text(encoding="utf-8"))
    return families


def continues(before: Mapping[str, Any] | None, row: Mapping[str, Any]) -> bool:
    """Check whether a document goes on with the text of the one before: the next part of the same text.

    Both need `id`, `part_of`, `part` and `last_part`. A work may have several texts, whose parts are numbered each from
    0, and a text may have several records (the chapters of a book), whose parts are numbered throughout. So the next
    part stands in the same record, or is the first piece of another one.
    """
    if before is None or None in (before["part"], row["part"]) or before["last_part"]:
        return False
    if (before["part_of"], before["part"] + 1) != (row["part_of"], row["part"]):
        return False
    record, _, piece = row["id"].rpartition("/")
    if before["id"].rpartition("/")[0] == record:
        return True
    # Of a work that records name, a text is one record, whose id says nothing of the work.
    within = row["id"].removeprefix(row["part_of"])
    return within != row["id"] and ("/" not in within or piece == "1")


def with_text(row: dict[str, Any], text: str) -> dict[str, Any]:
    """Give the same document with another text: the id stays, the digest follows."""
    return row if row["text"] == text else {**row, "text": text, "digest": digest_text(text)}


class Synthetic(NamedTuple):
    """Of what kind a made document is, and the id of the document it was made from."""

    kind: str
    parent: str

    @property
    def id(self) -> str:
        """Give the id of the made document."""
        return f"{self.parent}#{self.kind}"


def read_synthetic(row: dict[str, Any]) -> Synthetic | None:
    """Say what a document was made from (columns `id`, `metadata`); None for one that a source gave.

    What a source's own metadata say is not believed: the id has to agree.
    """
    if "#" not in row["id"] or not row["metadata"]:
        return None
    metadata = json.loads(row["metadata"])
    found = Synthetic(str(metadata.get("synthetic")), str(metadata.get("parent")))
    return found if found.id == row["id"] else None


class DocumentWriter:
    """Write rows as `documents-00000.parquet`, ...; sealed on a clean exit, left unfinished on an error."""

    def __init__(self, directory: Path, *, shard_bytes: int = _SHARD_BYTES, schema: pa.Schema = SCHEMA) -> None:
        self.directory = directory
        self.num_documents = 0
        self.num_bytes = 0
        self._schema = schema
        self._shard_bytes = shard_bytes
        self._waiting: list[dict[str, Any]] = []
        self._waiting_bytes = self._bytes_in_shard = 0
        self._shards = 0
        self._writer: pq.ParquetWriter | None = None
        directory.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> DocumentWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._write_group()
        self._close_shard()
        if kind is None:
            if not self._shards:
                pq.write_table(self._schema.empty_table(), self._next_path())
            name = "documents" if self._schema is SCHEMA else "excluded"
            seal(self.directory, name, rows=self.num_documents, text_bytes=self.num_bytes)

    def write(self, row: dict[str, Any]) -> None:
        """Add one row."""
        size = len(row["text"].encode("utf-8")) if "text" in row else len(row["id"])
        self._waiting.append(row)
        self._waiting_bytes += size
        self.num_documents += 1
        self.num_bytes += size
        if self._waiting_bytes >= min(_GROUP_BYTES, self._shard_bytes):
            self._write_group()

    def _write_group(self) -> None:
        if not self._waiting:
            return
        require_space(self.directory, self._waiting_bytes)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._next_path(), self._schema, compression="zstd")
            self._shards += 1
        self._writer.write_table(pa.Table.from_pylist(self._waiting, schema=self._schema))
        self._bytes_in_shard += self._waiting_bytes
        self._waiting, self._waiting_bytes = [], 0
        if self._bytes_in_shard >= self._shard_bytes:
            self._close_shard()

    def _close_shard(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer, self._bytes_in_shard = None, 0

    def _next_path(self) -> Path:
        return self.directory / f"documents-{self._shards:05}.parquet"


def read_documents(directory: Path, columns: Iterable[str] | None = None) -> Iterator[dict[str, Any]]:
    """Read the rows of a finished artifact in order, one row group in memory at a time."""
    read_manifest(directory)
    chosen = list(columns) if columns is not None else None
    for path in sorted(directory.glob("documents-*.parquet")):
        with pq.ParquetFile(path) as shard:
            for group in range(shard.num_row_groups):
                yield from shard.read_row_group(group, columns=chosen).to_pylist()


def count_documents(directory: Path) -> int:
    """Give the number of rows without reading them."""
    rows: int = read_manifest(directory)["rows"]
    return rows


def _none_left(optional: dict[str, Any]) -> dict[str, Any]:
    if optional:
        raise TypeError(f"not columns of a document: {', '.join(sorted(optional))}")
    return {}
