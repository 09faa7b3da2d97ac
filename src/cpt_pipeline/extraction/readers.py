"""Which reader a file's name asks for, and the one way to read a stream: `read_stream`.

Every file gives at least one reading, and every fault is a reading with a reason: nothing is raised for bad bytes,
nothing is lost in silence. Other formats join by a mapping with more suffixes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import BinaryIO, cast

from cpt_pipeline.extraction.code.files import read_code
from cpt_pipeline.extraction.code.latex import read_latex
from cpt_pipeline.extraction.code.notebooks import read_notebook
from cpt_pipeline.extraction.columnar import read_arrow, read_parquet
from cpt_pipeline.extraction.compressed import Unpacked, packing
from cpt_pipeline.extraction.encoding.binary_content import BINARY, SAMPLE_BYTES, find_binary
from cpt_pipeline.extraction.json_files import read_json, read_jsonl
from cpt_pipeline.extraction.kinds import CODE, OF_TEXT, kind_and_packing, kind_of, why_unsupported
from cpt_pipeline.extraction.litter import APPLE_DOUBLE, COMPANION
from cpt_pipeline.extraction.reading import (
    ByteStream,
    Reader,
    Reading,
    ReadingParams,
    Rejoined,
    StreamFault,
    refuse_blank,
)
from cpt_pipeline.extraction.subtitles import read_subtitles
from cpt_pipeline.extraction.tables import read_csv, read_tsv
from cpt_pipeline.extraction.text_files import read_markdown, read_text
from cpt_pipeline.extraction.xml_files import read_xml

READERS: Mapping[str, Reader] = MappingProxyType(
    {
        CODE: read_code,
        ".txt": read_text,
        ".text": read_text,
        ".rst": read_text,
        ".md": read_markdown,
        ".markdown": read_markdown,
        ".tex": read_latex,
        ".ltx": read_latex,
        ".ipynb": read_notebook,
        ".srt": read_subtitles,
        ".vtt": read_subtitles,
        ".jsonl": read_jsonl,
        ".ndjson": read_jsonl,
        ".json": read_json,
        ".csv": read_csv,
        ".tsv": read_tsv,
        ".parquet": read_parquet,
        ".arrow": read_arrow,
        ".xml": read_xml,
        ".cnxml": read_xml,
        ".nxml": read_xml,
        ".tei": read_xml,
    }
)
"""Kind of file (`kinds`) to reader."""


def reader_for(name: str, readers: Mapping[str, Reader] = READERS) -> Reader | None:
    """Return the reader for a name, however it is packed, once. None: there is none for its kind."""
    return readers.get(kind_of(name))


def read_stream(
    name: str, stream: BinaryIO, params: ReadingParams, readers: Mapping[str, Reader] = READERS
) -> Iterator[Reading]:
    """Give every record of a file in its order; a file without one is a record itself, with the reason.

    `stream` stands at its begin and stays open. Only parquet and arrow seek in it, and only where it can be sought.
    After a fault (`truncated`, `corrupt`, `compression_bomb`, `unreadable`) the records before it are kept, and the
    fault is one more reading: at "" if there were none, else at "#after-N", N being the number of readings.
    """
    num_readings = 0
    try:
        for reading in _read(name, stream, params, readers):
            num_readings += 1
            yield refuse_blank(reading)
    except (StreamFault, OSError) as error:
        position = f"#after-{num_readings}" if num_readings else ""
        reason, detail = _what_failed(error)
        yield Reading(position, reason=reason, detail=detail)
    else:
        if not num_readings:
            yield Reading("", reason="empty")


def _read(name: str, stream: BinaryIO, params: ReadingParams, readers: Mapping[str, Reader]) -> Iterator[Reading]:
    kind, packed = kind_and_packing(name)
    reader = readers.get(kind)
    opened, begin = _look_at(stream)
    if begin.startswith(APPLE_DOUBLE) and PurePosixPath(name).name.startswith("._"):
        yield Reading("", reason=COMPANION, detail="attributes that macOS keeps beside a file")
        return
    if reader is None:
        yield Reading("", reason="unsupported_format", detail=why_unsupported(kind))
        return
    found = packing(begin)
    if begin and packed and found != packed:
        raise StreamFault("corrupt", f"does not begin as {packed} does")
    if begin and packed:
        opened, begin = _look_at(unpacked(opened, packed, params))
        found = packing(begin)
    if found:
        within = "packed twice" if packed else f"packed as {found}, and not named so: rename it, and it is read"
        yield Reading("", reason="unsupported_format", detail=within)
    elif begin and kind in OF_TEXT and (binary := find_binary(begin, params.encoding)) is not None:
        yield Reading("", reason=BINARY, detail=binary.detail)
    elif begin:
        yield from reader(opened, params)


def unpacked(stream: BinaryIO, packed: str, params: ReadingParams) -> BinaryIO:
    """Return what a packed stream holds, capped as conf says."""
    window = params.max_window_megabytes << 20
    return cast(BinaryIO, Unpacked(stream, packed, max_ratio=params.max_compression_ratio, max_window_bytes=window))


def _what_failed(error: StreamFault | OSError) -> tuple[str, str]:
    if isinstance(error, StreamFault):
        return error.reason, error.detail
    return "unreadable", error.strerror or str(error)[:200]


def _look_at(stream: BinaryIO) -> tuple[BinaryIO, bytes]:
    """Return the stream and its first bytes, which it gives again, as it does a fault that came behind them."""
    start = stream.tell() if stream.seekable() else 0
    begin, rest = b"", cast(ByteStream, stream)
    try:
        while len(begin) < SAMPLE_BYTES and (chunk := stream.read(SAMPLE_BYTES - len(begin))):
            begin += chunk
    except (StreamFault, OSError) as fault:
        if not begin:
            raise
        rest = _Faulty(fault)
    if stream.seekable() and rest is stream:
        stream.seek(start)
        return stream, begin
    return cast(BinaryIO, Rejoined(begin, rest)), begin


class _Faulty:
    """What is left of a stream whose next bytes cannot be read."""

    def __init__(self, fault: StreamFault | OSError) -> None:
        self._fault = fault

    def read(self, size: int, /) -> bytes:
        """Raise the fault."""
        raise self._fault
