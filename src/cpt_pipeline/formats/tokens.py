"""Tokens: Megatron indexed datasets (`.bin`, `.idx`), one set per split and channel.

    train/<channel>.bin .idx .parquet        heldout/<channel>.bin .idx .parquet

The pair is what Megatron-LM reads when a run outgrows DeepSpeed. The parquet beside it maps the document
index to id, category, quality, tokens, UTF-8 bytes, use, kind of synthesis and place in a work, so bits per byte and
use counts need no text. Parts of one running text that follow one another are sequences of one document of Megatron's.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from cpt_pipeline.core.artifact import read_manifest
from cpt_pipeline.core.errors import ArtifactError

SPLITS = ("train", "heldout")
SIDECAR_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("category", pa.string()),
        pa.field("quality", pa.float32()),
        pa.field("tokens", pa.int32(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("use", pa.string()),
        pa.field("synthetic", pa.string()),
        pa.field("part_of", pa.string()),
        pa.field("part", pa.int32()),
        pa.field("last_part", pa.bool_(), nullable=False),
    ]
)
"""`use` is one of `formats.routes.USES`, null for any; `synthetic` is how clean made it from another text; the last
three are those of documents (`formats.documents`)."""
_MAGIC = b"MMIDIDX\x00\x00"
_CODES: dict[np.dtype[Any], int] = {np.dtype(np.int32): 4, np.dtype(np.uint16): 8}
_DTYPES = {code: dtype for dtype, code in _CODES.items()}
_LARGEST_UINT16_VOCABULARY = 65_500
_SIDECAR_ROWS_IN_MEMORY = 65_536


class TokenWriter:
    """Write the documents of one split and channel: `<channel>.bin`, `.idx`, `.parquet`.

    Without a clean exit there is no `.idx`. Memory holds at most twelve bytes a document.
    """

    def __init__(self, directory: Path, channel: str, vocabulary_size: int) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._index = directory / f"{channel}.idx"
        self._dtype: np.dtype[Any] = np.dtype(np.uint16 if vocabulary_size < _LARGEST_UINT16_VOCABULARY else np.int32)
        self._bin = (directory / f"{channel}.bin").open("wb")
        self._sidecar = pq.ParquetWriter(directory / f"{channel}.parquet", SIDECAR_SCHEMA, compression="zstd")
        self._lengths = array("i")
        self._starts = array("q")
        self._rows: list[dict[str, Any]] = []

    def __enter__(self) -> TokenWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bin.close()
        self._write_rows()
        self._sidecar.close()
        if kind is None:
            self._write_index()

    def write(
        self, ids: npt.ArrayLike, *, id: str, num_bytes: int, is_continued: bool = False, **optional: Any
    ) -> None:
        """Add one document; `ids` has shape [tokens]; `optional` takes the other columns of the sidecar.

        With `is_continued` it goes on with the text of the document before.
        """
        wide = np.asarray(ids, dtype=np.int64)
        tokens = wide.astype(self._dtype)
        assert np.array_equal(tokens, wide), f"document {id} has a token id that is no {self._dtype}"
        self._bin.write(tokens.tobytes())
        if not is_continued:
            self._starts.append(len(self._lengths))
        self._lengths.append(tokens.size)
        assert optional.keys() <= set(SIDECAR_SCHEMA.names), f"no such column: {sorted(optional)}"
        self._rows.append({"last_part": True, **optional, "id": id, "tokens": tokens.size, "bytes": num_bytes})
        if len(self._rows) == _SIDECAR_ROWS_IN_MEMORY:
            self._write_rows()

    def _write_rows(self) -> None:
        self._sidecar.write_table(pa.Table.from_pylist(self._rows, schema=SIDECAR_SCHEMA))
        self._rows = []

    def _write_index(self) -> None:
        lengths = np.frombuffer(self._lengths, dtype=np.int32) if self._lengths else np.empty(0, np.int32)
        ends = np.cumsum(lengths, dtype=np.int64) * self._dtype.itemsize
        pointers = np.concatenate([[0], ends[:-1]]).astype(np.int64) if lengths.size else ends
        with self._index.open("wb") as stream:
            stream.write(_MAGIC + struct.pack("<QB", 1, _CODES[self._dtype]))
            stream.write(struct.pack("<QQ", lengths.size, len(self._starts) + 1))
            stream.write(lengths.tobytes() + pointers.tobytes())
            stream.write(np.array([*self._starts, lengths.size], dtype=np.int64).tobytes())


@dataclass(frozen=True)
class TokenShard:
    """The documents of one split and channel, memory-mapped."""

    channel: str
    lengths: npt.NDArray[np.int32]
    """Shape [documents]."""
    texts: npt.NDArray[np.int64]
    """First document of each running text, in order: more than one document where a long text was cut."""
    starts: npt.NDArray[np.int64]
    """First token of each document, shape [documents]."""
    tokens: npt.NDArray[np.integer[Any]]
    """All token ids, shape [tokens]; a read-only memory map."""

    @property
    def num_documents(self) -> int:
        """Documents in the shard."""
        return int(self.lengths.size)

    @property
    def num_tokens(self) -> int:
        """Tokens in the shard."""
        return int(self.tokens.size)

    def document(self, index: int) -> npt.NDArray[np.integer[Any]]:
        """Give the token ids of one document."""
        start = int(self.starts[index])
        return self.tokens[start : start + int(self.lengths[index])]


def channels(artifact: Path, split: str) -> tuple[str, ...]:
    """Give the names of the channels of a split, sorted."""
    read_manifest(artifact)
    return tuple(sorted(path.stem for path in (artifact / split).glob("*.idx")))


def open_shard(artifact: Path, split: str, channel: str) -> TokenShard:
    """Memory-map one split and channel. `ArtifactError` for what is no Megatron index, or of a type we do not write."""
    stem = artifact / split / channel
    raw = stem.with_name(f"{channel}.idx").read_bytes()
    if raw[: len(_MAGIC)] != _MAGIC:
        raise ArtifactError(f"{stem}.idx is no Megatron index; give a folder of token shards")
    _, code = struct.unpack_from("<QB", raw, len(_MAGIC))
    if code not in _DTYPES:
        raise ArtifactError(f"{stem}.idx says type {code}; only ids of type 4 (int32) and 8 (uint16) are read")
    offset = len(_MAGIC) + 9
    count, num_indices = struct.unpack_from("<QQ", raw, offset)
    offset += 16
    lengths = np.frombuffer(raw, np.int32, count, offset)
    pointers = np.frombuffer(raw, np.int64, count, offset + 4 * count)
    texts = np.frombuffer(raw, np.int64, num_indices, offset + 12 * count)[:-1]
    dtype = _DTYPES[code]
    path = stem.with_name(f"{channel}.bin")
    if not path.is_file():
        raise ArtifactError(f"{path} is missing: its index is there, its tokens are not")
    tokens = np.memmap(path, dtype, "r") if path.stat().st_size else np.empty(0, dtype)
    return TokenShard(channel, lengths, texts, pointers // dtype.itemsize, tokens)


def read_sidecar(artifact: Path, split: str, channel: str) -> pa.Table:
    """Read what is known of every document of a split and channel, in the order of the index."""
    return pq.read_table(artifact / split / f"{channel}.parquet", schema=SIDECAR_SCHEMA)


def open_split(artifact: Path, split: str) -> Iterator[TokenShard]:
    """Memory-map every channel of a split, in the order of their names."""
    for channel in channels(artifact, split):
        yield open_shard(artifact, split, channel)
