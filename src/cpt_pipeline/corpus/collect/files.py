"""Local files as a source: txt, md, jsonl, parquet, xml and cnxml, by suffix.

Bytes are UTF-8 or they are not text: a record that does not decode or parse is excluded by name with a reason, and
the records around it are kept. Memory is bounded by `max_record_bytes`, not by the size of a file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.core.patterns import split_pattern
from cpt_pipeline.corpus.collect import licenses
from cpt_pipeline.corpus.collect.cut import cut_text
from cpt_pipeline.corpus.collect.markup import ParagraphCollector
from cpt_pipeline.corpus.sieve import Row
from cpt_pipeline.formats.documents import document

_CHUNK = 1 << 20


class FilesParams(Params):
    """A source of kind `files`."""

    kind: Literal["files"]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    channel: str
    path: Path
    """A file, a folder (every file below it) or a pattern like `books/**/*.txt`."""
    license: str = ""
    """SPDX expression, or `unknown, allowed because <reason>`. A source without one is refused."""
    category: str | None = None
    language: str | None = None
    url: str | None = None
    """Where the source as a whole comes from."""
    published: str | None = Field(None, pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")
    text_field: str = "text"
    """jsonl, parquet: where the text is."""
    separator: str | None = Field(None, min_length=1)
    """txt, md: what stands between two documents of a file (`<|endoftext|>`); none means one document per file."""
    skip_elements: tuple[str, ...] = ("metadata", "script", "style")
    """xml, cnxml: elements whose text is not read."""
    max_record_bytes: int = Field(64 << 20, ge=1)
    """A longer record is excluded as `too_large` and never held in memory."""
    max_document_characters: int | None = Field(None, ge=1)
    """Longer texts (a book) are cut between paragraphs or lines; the parts are named `/1`, `/2`, ..."""
    max_characters: int | None = Field(None, ge=1)
    """Stop at so much text, in the order of the files."""


@dataclass(frozen=True)
class _Reading:
    """One record of a file: its text, or the reason why there is none."""

    position: str
    text: str = ""
    reason: str | None = None
    detail: str | None = None


def find_problems(source: FilesParams) -> list[str]:
    """Say everything that keeps the source from being read: missing path, nothing readable in it, no licence."""
    found = [problem] if (problem := licenses.find_problem(source.license)) else []
    _, files = _list_files(source.path)
    readable = [path for path in files if path.suffix.lower() in _READERS]
    if not files:
        found.append(f"{source.path}: no such file, or no file matches")
    elif not readable:
        found.append(f"{source.path}: none of its {len(files)} files ends in {', '.join(sorted(_READERS))}")
    elif not any(path.stat().st_size for path in readable):
        found.append(f"{source.path}: all of its files are empty")
    return found


def read_records(source: FilesParams) -> Iterator[Row]:
    """Give documents and excluded records, sorted by path, then by position in the file."""
    root, files = _list_files(source.path)
    left = source.max_characters
    for path in files:
        name = path.relative_to(root).as_posix()
        for reading in _cut(_read_file(path, source), source.max_document_characters):
            row = _row(name, reading, source)
            if left is not None:
                left -= len(row.get("text", ""))
                if left < 0:
                    return
            yield row


def _row(name: str, reading: _Reading, source: FilesParams) -> Row:
    record_id = f"{source.name}/{name}{reading.position}"
    if reading.reason is not None:
        detail = {"reason": reading.reason, "detail": reading.detail}
        return {"id": record_id, "source": source.name, "channel": source.channel, **detail}
    return document(
        id=record_id,
        text=reading.text,
        channel=source.channel,
        source=source.name,
        license=licenses.spdx(source.license) or source.license,
        url=source.url,
        language=source.language,
        category=source.category,
        published=source.published,
        metadata=json.dumps({"file": name}, ensure_ascii=False),
    )


def _list_files(path: Path) -> tuple[Path, list[Path]]:
    """Give the folder that names are relative to, and the files, sorted."""
    if path.is_file():
        return path.parent, [path]
    if path.is_dir():
        return path, sorted(each for each in path.rglob("*") if each.is_file())
    root, pattern = split_pattern(path)
    return root, sorted(each for each in root.glob(pattern) if each.is_file()) if pattern else []


def _read_file(path: Path, source: FilesParams) -> Iterator[_Reading]:
    """Give every record of a file; a file that gives none is a record of its own, with the reason."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        yield _Reading("", reason="unsupported_format", detail=f"suffix {path.suffix or 'none'}")
        return
    num_readings = 0
    try:
        for reading in reader(path, source):
            num_readings += 1
            blank = reading.reason is None and not reading.text.strip()
            yield _Reading(reading.position, reason="empty") if blank else reading
    except OSError as error:
        position = f"#after-{num_readings}" if num_readings else ""
        yield _Reading(position, reason="unreadable", detail=error.strerror)
    else:
        if not num_readings:
            yield _Reading("", reason="empty")


def _cut(readings: Iterable[_Reading], max_characters: int | None) -> Iterator[_Reading]:
    for reading in readings:
        if max_characters is None or len(reading.text) <= max_characters:
            yield reading
            continue
        for number, text in enumerate(cut_text(reading.text, max_characters), start=1):
            position = f"{reading.position}/{number}"
            yield _Reading(position, text) if text.strip() else _Reading(position, reason="empty")


def _read_text(path: Path, source: FilesParams) -> Iterator[_Reading]:
    with path.open("rb") as stream:
        if source.separator is None:
            yield _decoded("", _whole(stream, source.max_record_bytes))
            return
        pieces = _split(stream, source.separator.encode(), source.max_record_bytes)
        for number, piece in enumerate(pieces, start=1):
            yield _decoded(f"#{number}", piece)


def _read_jsonl(path: Path, source: FilesParams) -> Iterator[_Reading]:
    """Blank lines are no records; a record is named by its line number."""
    with path.open("rb") as stream:
        for number, line in enumerate(_split(stream, b"\n", source.max_record_bytes), start=1):
            if line is None or line.strip():
                reading = _decoded(f"#{number}", line)
                yield reading if reading.reason else _from_json(reading, source.text_field)


def _from_json(line: _Reading, field: str) -> _Reading:
    try:
        row = json.loads(line.text)
    except (ValueError, RecursionError) as error:
        return _Reading(line.position, reason="not_json", detail=str(error)[:200])
    text = row.get(field) if isinstance(row, dict) else None
    if not isinstance(text, str):
        return _Reading(line.position, reason="no_text_field", detail=f"no string in {field!r}")
    return _encodable(line.position, text)


def _read_parquet(path: Path, source: FilesParams) -> Iterator[_Reading]:
    number = 0
    try:
        with pq.ParquetFile(path) as table:
            if source.text_field not in table.schema_arrow.names:
                yield _Reading("", reason="no_text_field", detail=f"no column {source.text_field!r}")
                return
            for batch in table.iter_batches(batch_size=64, columns=[source.text_field]):
                for value in batch.column(0).cast(pa.large_binary()):
                    number += 1
                    yield _from_cell(f"#{number}", value.as_py(), source)
    except pa.ArrowNotImplementedError:
        yield _Reading("", reason="no_text_field", detail=f"column {source.text_field!r} holds no strings")
    except (pa.ArrowException, OSError) as error:
        yield _Reading(f"#after-{number}" if number else "", reason="not_parquet", detail=str(error)[:200])


def _from_cell(position: str, value: bytes | None, source: FilesParams) -> _Reading:
    if value is None:
        return _Reading(position, reason="no_text_field", detail=f"{source.text_field!r} is null")
    return _decoded(position, value if len(value) <= source.max_record_bytes else None)


def _read_xml(path: Path, source: FilesParams) -> Iterator[_Reading]:
    parser = ElementTree.XMLParser(target=ParagraphCollector(source.skip_elements))
    read = 0
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                read += len(chunk)
                if read > source.max_record_bytes:
                    yield _decoded("", None)
                    return
                parser.feed(chunk)
        yield _encodable("", parser.close())  # type: ignore[arg-type]
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        yield _Reading("", reason="not_xml", detail=str(error)[:200])


def _whole(stream: BinaryIO, max_bytes: int) -> bytes | None:
    raw = stream.read(max_bytes + 1)
    return raw if len(raw) <= max_bytes else None


def _split(stream: BinaryIO, separator: bytes, max_bytes: int) -> Iterator[bytes | None]:
    """Split a stream; None stands for a piece longer than `max_bytes`, which is read past, not held.

    What follows the last separator is a piece only if it is more than white space.
    """
    held, too_long = b"", False
    while chunk := stream.read(_CHUNK):
        *pieces, held = (held + chunk).split(separator)
        for piece in pieces:
            yield None if too_long or len(piece) > max_bytes else piece
            too_long = False
        if len(held) >= max_bytes + len(separator):
            too_long = True
            held = held[len(held) - len(separator) + 1 :]
    if too_long or held.strip():
        yield None if too_long or len(held) > max_bytes else held


def _decoded(position: str, raw: bytes | None) -> _Reading:
    if raw is None:
        return _Reading(position, reason="too_large", detail="longer than max_record_bytes")
    try:
        return _Reading(position, raw.decode("utf-8").removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        return _Reading(position, reason="undecodable", detail=f"byte {error.start}: {error.reason}")


def _encodable(position: str, text: str) -> _Reading:
    """Refuse half a surrogate pair, which JSON can spell and UTF-8 cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return _Reading(position, reason="undecodable", detail=f"character {error.start}: {error.reason}")
    return _Reading(position, text)


_READERS: dict[str, Callable[[Path, Any], Iterator[_Reading]]] = {
    ".txt": _read_text,
    ".md": _read_text,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".parquet": _read_parquet,
    ".xml": _read_xml,
    ".cnxml": _read_xml,
}
