"""Columnar tables, parquet and arrow: rows in batches of about 8 MiB, only the columns that are needed.

A cell that is no text costs its row. Offsets and indices of a batch are checked before a value is taken, because
Arrow's own readers trust what an .arrow file says. A stream that cannot be sought (an unpacked .gz) is copied to a
temporary file. Rows may repeat one long text of a dictionary, so 479 bytes can be a gigabyte: batches are the smaller
the larger the dictionary is, and a table that gives more than `max_compression_ratio` times its size is a bomb. Not
guarded: a page that lies about its size may cost 2 GiB once, and a list in one row may repeat a text of a dictionary.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from cpt_pipeline.extraction.reading import CHUNK_BYTES, Reading, ReadingParams, StreamFault, seekable, too_large
from cpt_pipeline.extraction.records import find_missing, first_keys, read_records, records_path
from cpt_pipeline.extraction.sandbox import Sandbox, SandboxError

_BATCH_BYTES = 8 << 20
_FREE_BYTES = 16 << 20
_MAX_REPEATED_BYTES = 64 << 20
_DICTIONARY_PAGE = 2
_MAX_BATCH_ROWS = 64
_MAX_READ_BYTES = 512 << 20
_ARROW_FILE_MAGIC = b"ARROW1"
_PARQUET_MAGIC = b"PAR1"
_TAIL_BYTES = 8

_footers = Sandbox(seconds=60.0, memory_bytes=4 << 30)

_Opened = tuple[pa.Schema, Iterator[pa.RecordBatch]]


def read_parquet(stream: BinaryIO, params: ReadingParams) -> Iterator[Reading]:
    """Read parquet; a record is named by the number of its row; memory follows one page and one batch."""
    yield from _read_table(stream, params, "not_parquet", _open_parquet)


def read_arrow(stream: BinaryIO, params: ReadingParams) -> Iterator[Reading]:
    """Read the file and the stream format of Arrow (what `datasets` caches); memory follows one batch as written."""
    yield from _read_table(stream, params, "not_arrow", _open_arrow)


def _read_table(
    stream: BinaryIO, params: ReadingParams, reason: str, open_table: Callable[[Any, ReadingParams], _Opened]
) -> Iterator[Reading]:
    number = 0
    try:
        with seekable(stream, params.max_unpacked_bytes) as file:
            schema, batches = open_table(_Guarded(file), params)
            size, num_characters = _size(file), 0
            if detail := _find_problem(schema, params):
                yield Reading("", reason="no_text_field", detail=detail)
                return
            for batch in batches:
                for reading in _read_batch(batch, number, params, reason):
                    num_characters += len(reading.text)
                    if num_characters > _FREE_BYTES + params.max_compression_ratio * size:
                        raise StreamFault("compression_bomb", f"{num_characters} characters from {size} bytes")
                    yield reading
                number += batch.num_rows
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        yield Reading(f"#after-{number}" if number else "", reason=reason, detail=str(error)[:200])


def _find_problem(schema: pa.Schema, params: ReadingParams) -> str | None:
    if missing := find_missing(params, schema.names):
        return f"no column {missing!r}; there are {', '.join(schema.names)}"[:200]
    has_records = not set(records_path(params)[:1]).isdisjoint(schema.names)
    if has_records or params.template or params.dialogues or params.text_field not in schema.names:
        return None
    kind = schema.field(params.text_field).type
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return None if _holds_text(kind) else f"column {params.text_field!r} holds {kind}, no text"[:200]


def _open_parquet(file: Any, params: ReadingParams) -> _Opened:
    table = pq.ParquetFile(file, pre_buffer=False, buffer_size=CHUNK_BYTES)
    columns = [name for name in table.schema_arrow.names if name in first_keys(params)]
    try:
        chunks = _footers.call(describe_chunks, _footer(file), columns)
    except SandboxError as error:
        raise pa.ArrowInvalid(f"the footer cannot be read: {error.detail}") from error
    for chunk in chunks:
        if chunk.plain_bytes > _FREE_BYTES + params.max_compression_ratio * chunk.packed_bytes:
            detail = f"column {chunk.column}: {chunk.plain_bytes} bytes from {chunk.packed_bytes}"
            raise StreamFault("compression_bomb", detail)
    largest = max((_dictionary_bytes(file, chunk) for chunk in chunks), default=0)
    num_rows = min(_rows_per_batch(table.metadata), max(_MAX_REPEATED_BYTES // max(largest, 1), 1))
    return table.schema_arrow, table.iter_batches(batch_size=num_rows, columns=columns, use_threads=False)


class Chunk(NamedTuple):
    """One column of one row group, as the footer of a parquet file says."""

    column: str
    packed_bytes: int
    plain_bytes: int
    offset: int


def describe_chunks(footer: bytes, columns: list[str]) -> list[Chunk]:
    """Return the chunks of the columns; call it in a sandbox, for pyarrow ends the process over a damaged footer."""
    metadata = pq.read_metadata(io.BytesIO(_PARQUET_MAGIC + footer))
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    chunks = (chunk for group in groups for chunk in map(group.column, range(group.num_columns)))
    return [_describe(chunk) for chunk in chunks if chunk.path_in_schema.partition(".")[0] in columns]


def _describe(chunk: pq.ColumnChunkMetaData) -> Chunk:
    offset = min(filter(None, (chunk.dictionary_page_offset, chunk.data_page_offset)), default=0)
    return Chunk(chunk.path_in_schema, chunk.total_compressed_size, chunk.total_uncompressed_size, offset)


def _footer(file: BinaryIO) -> bytes:
    """Return the end of a parquet file: metadata, their length as four bytes, the magic number."""
    size = _size(file)
    file.seek(size - _TAIL_BYTES)
    length = int.from_bytes(file.read(_TAIL_BYTES)[:4], "little") + _TAIL_BYTES
    file.seek(size - length)
    return file.read(length)


def _dictionary_bytes(file: BinaryIO, chunk: Chunk) -> int:
    """Return the size of the dictionary that a chunk begins with, by the header of its first page; 0 for none.

    The header is Thrift: field 1 is the type of the page, field 2 its size, each a byte 0x15 and a zigzag number.
    """
    file.seek(chunk.offset)
    kind, rest = _field(file.read(32))
    return _field(rest)[0] if kind == _DICTIONARY_PAGE else 0


def _field(raw: bytes) -> tuple[int, bytes]:
    number = shift = 0
    for place, byte in enumerate(raw[1:], start=1):
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number >> 1, raw[place + 1 :]
    return 0, b""


def _size(file: BinaryIO) -> int:
    here = file.tell()
    size = file.seek(0, io.SEEK_END)
    file.seek(here)
    return size


def _rows_per_batch(metadata: pq.FileMetaData) -> int:
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    heaviest = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=1)
    return int(min(max(_BATCH_BYTES / max(heaviest, 1), 1), _MAX_BATCH_ROWS))


def _open_arrow(file: Any, params: ReadingParams) -> _Opened:
    is_file = file.read(len(_ARROW_FILE_MAGIC)) == _ARROW_FILE_MAGIC
    file.seek(0)
    if is_file:
        table = pa.ipc.open_file(file)
        return table.schema, _pieces(table.get_batch(index) for index in range(table.num_record_batches))
    table = pa.ipc.open_stream(file)
    return table.schema, _pieces(table)


def _pieces(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for start in range(0, batch.num_rows, _MAX_BATCH_ROWS):
            yield batch.slice(start, _MAX_BATCH_ROWS)


def _read_batch(batch: pa.RecordBatch, start: int, params: ReadingParams, reason: str) -> Iterator[Reading]:
    positions = [f"#{number}" for number in range(start + 1, start + batch.num_rows + 1)]
    try:
        columns = {name: _cells(batch.column(name)) for name in batch.schema.names if name in first_keys(params)}
    except pa.ArrowException as error:
        yield from (Reading(position, reason=reason, detail=str(error)[:200]) for position in positions)
        return
    for index, position in enumerate(positions):
        record = {name: cell(index) for name, cell in columns.items()}
        if any(isinstance(cell, bytes) and len(cell) > params.max_record_bytes for cell in record.values()):
            yield too_large(position)
        else:
            yield from read_records(position, {name: _decoded(cell) for name, cell in record.items()}, params, {})


def _cells(column: pa.Array) -> Callable[[int], Any]:
    """Return what gives the Python value of a row; those of text are bytes, so one that is not UTF-8 costs no other."""
    if pa.types.is_dictionary(column.type):
        values = _cells(column.dictionary)
        indices = pa.DictionaryArray.from_arrays(column.indices, pa.nulls(len(column.dictionary)), safe=True).indices
        return lambda row: values(indices[row].as_py()) if indices[row].is_valid else None
    if pa.types.is_string(column.type):
        column = column.view(pa.binary())
    elif pa.types.is_large_string(column.type):
        column = column.view(pa.large_binary())
    elif pa.types.is_timestamp(column.type):
        unit = "us" if column.type.unit == "ns" else column.type.unit  # Python has no nanoseconds,
        column = column.cast(pa.timestamp(unit), safe=False)  # and may lack the time zone
    column.validate(full=True)
    return lambda row: _python(column[row])


def _python(cell: pa.Scalar) -> Any:
    try:
        return cell.as_py()
    except (ValueError, OverflowError, pa.ArrowException):
        return b"\xff"  # a time beyond Python's years: nothing that can be used


def _decoded(cell: Any) -> Any:
    try:
        return cell.decode("utf-8") if isinstance(cell, bytes) else cell
    except UnicodeDecodeError:
        return cell


def _holds_text(kind: pa.DataType) -> bool:
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(test(kind) for test in (*tests, pa.types.is_binary, pa.types.is_large_binary))


class _Guarded:
    """A file for Arrow that refuses to read as much at once as only a broken length can ask for."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if size > _MAX_READ_BYTES:
            raise ValueError(f"asks for {size} bytes at once")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        pass
