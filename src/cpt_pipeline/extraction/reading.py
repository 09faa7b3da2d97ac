"""What all readers of files share: a reading, its parameters, and bytes taken from a stream without holding too many.

A reader is `read_x(stream, params) -> Iterator[Reading]`. It works on any binary stream (a local file, an unpacked
.gz, a remote object), raises nothing for bad bytes, and gives a reading with a reason for each record that is no
text. Which reader belongs to which name is said by `readers`; the cut of long texts and the making of documents are
the stage's.
"""

from __future__ import annotations

import codecs
import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal, Protocol, cast

from pydantic import Field, field_validator, model_validator

from cpt_pipeline.core.params import Params
from cpt_pipeline.extraction.dialogues.params import Dialogue, DialoguesParams

CHUNK_BYTES = 1 << 20
"""How much is asked of a stream at once, and the sample on which an encoding is guessed."""

Column = Literal["url", "language", "category", "published", "license", "title", "original_id", "part_of"]
"""What a record may say about itself; `part_of` names the work it belongs to: a book, a case, a patient."""


@dataclass(frozen=True)
class Reading:
    """One record of a file: its text, or the reason why there is none.

    `position` is "" for the whole file, "#12" for line or record 12 and "#3/2" for part 2 of record 3; no two
    readings of a file share one. `fields` holds what the record says about itself (`Column`), `encoding`, and
    counters: `bad_bytes`, `bad_dates`, `bad_columns`, `tables`, `formulas`, `images`.
    """

    position: str
    text: str = ""
    reason: str | None = None
    detail: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    dialogue: Dialogue | None = None
    """Where `dialogues` is set: what the text was made of."""
    work: str | None = None
    """Position of the work that this is a piece of: of the book for a chapter, of the conversation for a turn."""
    is_continued: bool = False
    """The next reading of the same work goes on with its text: chapters do, turns do not."""


class StreamFault(Exception):
    """A stream ended before its content did; `reason` and `detail` are those of the reading that says so."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class ByteStream(Protocol):
    """The part of a binary stream that readers use; `read` may give less than asked, and b"" only at the end."""

    def read(self, size: int, /) -> bytes:
        """Give at most `size` bytes."""
        ...


class Rejoined(io.RawIOBase):
    """A stream behind the bytes that were taken from its begin."""

    def __init__(self, begin: bytes, stream: ByteStream) -> None:
        self._begin = begin
        self._stream = stream

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` as far as one read goes."""
        taken = self._begin[: len(buffer)] or self._stream.read(len(buffer))
        self._begin = self._begin[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)


class ReadingParams(Params):
    """How files become records; each option says which formats it is for."""

    encoding: str | None = None
    """All text formats: the encoding, where it is known. None finds it out, file by file."""
    max_bad_byte_share: float = Field(0.01, ge=0, le=1)
    """txt, md: a text with a larger share of undecodable bytes is excluded; below, they become U+FFFD, counted."""
    separator: str | None = Field(None, min_length=1)
    """txt, md: what stands between two documents of a file (`<|endoftext|>`); none means one document per file."""
    text_field: str = "text"
    """jsonl, json, csv, tsv, parquet, arrow: where the text is; `meta.body` goes into nested objects."""
    template: str | None = None
    """The same formats, instead of `text_field`: `{instruction}\\n{input?}\\n{output}`. A record must have each field
    but those with `?`; a line of the template whose fields are all empty is left out."""
    dialogues: DialoguesParams | None = None
    """The same formats, instead of both: the records are dialogues, or turns of them."""
    records: str | None = None
    """jsonl, json, parquet, arrow: where the records are inside a record: `data.paragraphs`. Lists on the way are gone
    through. The outer record (a line, a row, an element of the list at the top) is one work with all that are in it,
    unless `columns.part_of` names another. In a json file that is one object, the first list on the way holds its outer
    records; what stands behind that list in the object is not read. A text field or a column is looked up in the inner
    record first and, where it is missing or null, in those around it, from the nearest to the outermost."""
    columns: dict[Column, str] = Field(default_factory=dict)
    """The same formats, csv and tsv: what a record says about itself, as column of a document to field of the record.
    A field that no record of the source has stops the run."""
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    """csv, tsv: what stands between two fields; by default a comma and a tab."""
    quotes: bool = True
    """csv, tsv: whether `"` encloses fields that hold delimiters and line ends."""
    skip_elements: tuple[str, ...] = ("metadata", "script", "style", "journal-meta", "teiHeader")
    """xml, cnxml: elements whose text is not read."""
    max_record_bytes: int = Field(64 << 20, ge=1)
    """A longer record is excluded as `too_large` and never held in memory."""
    max_compression_ratio: int = Field(200, ge=1)
    """gz, bz2, xz, zst, archives, parquet: what unpacks to more than this many times its size, beyond 16 MiB, is left
    as a bomb."""
    max_window_megabytes: int = Field(2048, ge=1, le=2048)
    """zst, xz: how much a worker may hold of what was unpacked before, which `zstd --long=31` sets to 2048. Memory is
    used as the text fills it; a frame that asks for more is excluded as `window_too_large`."""
    max_unpacked_bytes: int = Field(4 << 30, ge=1)
    """parquet, arrow, packed archives: how much of a stream that cannot be sought is copied to a temporary file."""

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str | None) -> str | None:
        if encoding is not None:
            try:
                "".encode(encoding)
            except LookupError as error:
                raise ValueError(f"{error}: not a text encoding of Python; leave it out to have it found") from None
            return codecs.lookup(encoding).name
        return None

    @field_validator("template")
    @classmethod
    def _has_fields(cls, template: str | None) -> str | None:
        if template is not None and ("{" not in template or "}" not in template):
            raise ValueError("names no field; write for example `{question}\\n{answer}`")
        return template

    @model_validator(mode="after")
    def _one_way_to_the_text(self) -> ReadingParams:
        if self.dialogues is not None and self.template is not None:
            raise ValueError("both template and dialogues say how a record becomes text: leave one out")
        return self


Reader = Callable[[BinaryIO, ReadingParams], Iterator[Reading]]
"""Gives the records of one stream in their order; may raise `OSError` and `StreamFault`, which `readers` reports."""


def refuse_blank(reading: Reading) -> Reading:
    """Return the reading, or one with the reason `empty` where its text is white space."""
    if reading.reason is not None or reading.text.strip():
        return reading
    return Reading(reading.position, reason="empty", fields=reading.fields)


def too_large(position: str) -> Reading:
    """Say that a record is longer than `max_record_bytes`."""
    return Reading(position, reason="too_large", detail="longer than max_record_bytes")


def read_whole(stream: ByteStream, max_bytes: int) -> tuple[bytes | None, StreamFault | None]:
    """Give all bytes, or None when they are more than `max_bytes`; a fault comes beside the bytes before it."""
    held = bytearray()
    try:
        while chunk := stream.read(min(CHUNK_BYTES, max_bytes + 1 - len(held))):
            held += chunk
            if len(held) > max_bytes:
                return None, None
    except StreamFault as fault:
        return bytes(held), fault
    return bytes(held), None


def split(stream: ByteStream, separator: bytes, max_bytes: int) -> Iterator[bytes | None]:
    """Split a stream; None stands for a piece longer than `max_bytes`, which is read past, not held.

    What follows the last separator is a piece only if it is more than white space. Where a fault ends the stream,
    the piece that it cut is lost.
    """
    held: list[bytes] = []  # joined only where a separator is found, or a long piece would cost its square
    num_held, tail, too_long = 0, b"", False
    overlap = len(separator) - 1
    while chunk := stream.read(CHUNK_BYTES):
        if separator in tail + chunk:
            *pieces, rest = b"".join([*held, chunk]).split(separator)
            for piece in pieces:
                yield None if too_long or len(piece) > max_bytes else piece
                too_long = False
            held, num_held, tail = [rest], len(rest), rest
        else:
            held.append(chunk)
            num_held += len(chunk)
            tail += chunk
        tail = tail[len(tail) - overlap :] if len(tail) > overlap else tail
        if num_held >= max_bytes + len(separator):
            held, num_held, too_long = [tail], len(tail), True
    last = b"".join(held)
    if too_long or last.strip():
        yield None if too_long or len(last) > max_bytes else last


@contextmanager
def seekable(stream: BinaryIO, max_bytes: int) -> Iterator[BinaryIO]:
    """Return the stream itself, or a temporary copy of one that cannot be sought."""
    if stream.seekable():
        yield stream
        return
    with tempfile.TemporaryFile() as file:
        num_bytes = 0
        while chunk := stream.read(CHUNK_BYTES):
            num_bytes += len(chunk)
            if num_bytes > max_bytes:
                raise StreamFault("too_large", "longer than max_unpacked_bytes")
            file.write(chunk)
        file.seek(0)
        yield cast(BinaryIO, file)
