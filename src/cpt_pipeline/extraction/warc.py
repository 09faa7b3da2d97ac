"""WARC and WET files, packed record by record or plain: a reading per page or PDF, with address and day of crawl.

FastWARC reads the records. It stops at the first broken one; here that is one exclusion, and reading goes on at the
next record that can be found, which needs a stream that can be sought. So a `.warc.gz` is best given as it is: taken
out of its packing on the way here, all behind a broken member is lost. No index (CDX), no deduplication of revisits.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO, cast

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from cpt_pipeline.extraction.encoding.binary_content import BINARY, SAMPLE_BYTES, find_binary
from cpt_pipeline.extraction.encoding.decode import decode
from cpt_pipeline.extraction.encoding.detection import find_codec
from cpt_pipeline.extraction.html.encoding import refuse_undecodable
from cpt_pipeline.extraction.html.page import read_page
from cpt_pipeline.extraction.pdf.pdf import PdfParams, read_pdf
from cpt_pipeline.extraction.reading import CHUNK_BYTES, Reading, ReadingParams, StreamFault, too_large
from cpt_pipeline.extraction.sandbox import Sandbox

_DOCUMENTS = WarcRecordType.response | WarcRecordType.conversion | WarcRecordType.revisit
_RECORD_START = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]|(?<=\n)WARC/[01]\.\d\r?\n")
_HTML_TYPES = frozenset(("text/html", "application/xhtml+xml"))
_PDF_TYPES = frozenset(("application/pdf", "application/x-pdf"))
_LOOKS_LIKE_HTML = re.compile(rb"\s{0,99}<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
_MAX_TRIES = 1000
"""So many places in a row that only look like a record, and the rest of the file is given up."""
_HEADER = b"WARC/1.1\r\nWARC-Type: response\r\nContent-Type: application/http; msgtype=response\r\n"


class _BrokenRecordError(Exception):
    """A record cannot be used; carries reason and detail."""


def read_warc(stream: BinaryIO, params: ReadingParams, pdf: PdfParams, sandbox: Sandbox) -> Iterator[Reading]:
    """Return a reading per response, conversion (WET) and revisit record, at "#1", "#2" and so on.

    `fields` has what `read_page` or, of a PDF, `read_pdf` gives, `url` and `crawled` (ISO date of the capture, never
    before `published`: a later day of publication is left out). Reasons beside theirs: `not_text`, `http_status`,
    `revisit`, `corrupt_record` (broken or cut; one for each place where reading had to start anew). May raise
    `StreamFault`.
    """
    for number, record in enumerate(_records(stream, params.max_record_bytes), start=1):
        position = f"#{number}"
        if isinstance(record, str):
            yield Reading(position, reason="corrupt_record", detail=record)
        else:
            yield _read_record(position, record, params, pdf, sandbox)


class _OneWay:
    """A stream that cannot be sought, as FastWARC takes it: it asks for `tell`, and an error of Python ends it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._position = 0
        self._fault: StreamFault | None = None

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; a fault is kept, and looks like the end."""
        try:
            chunk = self._stream.read(size)
        except StreamFault as fault:
            self._fault, chunk = fault, b""
        self._position += len(chunk)
        return chunk

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._position

    def raise_fault(self) -> None:
        """Raise the fault that ended the stream, if one did."""
        if self._fault is not None:
            raise self._fault


class _Capture:
    """A record's headers, and its block, of which no more than the cap was read."""

    def __init__(self, record: WarcRecord, max_bytes: int) -> None:
        self.type = record.record_type
        self.is_http = record.is_http
        self.content_type = (record.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        self.fields = _fields(record)
        expected = record.content_length
        self.block = record.reader.read(max_bytes + 1) if expected <= max_bytes else None
        self.num_missing = expected - len(self.block) if self.block is not None else 0


def _records(stream: BinaryIO, max_bytes: int) -> Iterator[_Capture | str]:
    """Give the records, or what was wrong where one could not be read."""
    source = stream if stream.seekable() else _OneWay(stream)
    start = source.tell()
    num_tries = 0
    while True:
        last = -1
        fault: str | None = None
        try:
            for record in ArchiveIterator(cast(BinaryIO, source), record_types=_DOCUMENTS, parse_http=False):
                capture = _Capture(record, max_bytes)
                last, num_tries = record.stream_pos, 0
                yield capture
                if capture.num_missing:  # with a wrong length it may have swallowed others
                    break
            else:
                if isinstance(source, _OneWay):
                    source.raise_fault()
                return
        except OSError as error:
            fault = str(error)[:200]
        if fault is not None and not num_tries:
            yield fault
        num_tries += 1
        if isinstance(source, _OneWay):
            source.raise_fault()
            if fault is not None:
                raise StreamFault("corrupt", f"{fault}; the stream cannot be sought for the next record")
            return
        found = _next_start(source, start + last + 1, num_tries)
        if found is None:
            return
        start = source.seek(found)


def _next_start(stream: BinaryIO, begin: int, num_tries: int) -> int | None:
    """Give where the next record may begin, after `begin`; the byte at `begin` is part of the broken one."""
    if num_tries > _MAX_TRIES:
        raise StreamFault("corrupt", f"no record found in {_MAX_TRIES} places that look like one")
    stream.seek(begin)
    overlap = b""
    offset = begin
    while chunk := stream.read(CHUNK_BYTES):
        held = overlap + chunk
        found = _RECORD_START.search(held, 1)
        if found:
            return offset - len(overlap) + found.start()
        offset += len(chunk)
        overlap = held[-16:]
    return None


def _read_record(position: str, capture: _Capture, params: ReadingParams, pdf: PdfParams, sandbox: Sandbox) -> Reading:
    if capture.type == WarcRecordType.revisit:
        return Reading(position, reason="revisit", detail="captured before, without text here", fields=capture.fields)
    try:
        reading = _read_block(position, capture, params, pdf, sandbox)
    except _BrokenRecordError as error:
        reason, detail = error.args
        reading = Reading(position, reason=reason, detail=detail)
    fields = {**reading.fields, **capture.fields}
    crawled = capture.fields.get("crawled")
    if crawled and fields.get("published", "") > crawled:
        del fields["published"]
    return replace(reading, fields=fields)


def _read_block(position: str, capture: _Capture, params: ReadingParams, pdf: PdfParams, sandbox: Sandbox) -> Reading:
    if capture.block is None or len(capture.block) > params.max_record_bytes:
        return too_large(position)
    if capture.num_missing:
        raise _BrokenRecordError("corrupt_record", f"{capture.num_missing} bytes are missing at its end")
    body, content_type, charset = capture.block, capture.content_type, None
    if capture.is_http:
        body, content_type, charset = _http_body(capture.block, params.max_record_bytes)
        if len(body) > params.max_record_bytes:
            return too_large(position)
    if content_type in _PDF_TYPES or body.startswith(b"%PDF-"):
        return replace(next(read_pdf(body, pdf, sandbox)), position=position)
    is_page = content_type in _HTML_TYPES or (not content_type and _LOOKS_LIKE_HTML.match(body))
    if (is_page or content_type == "text/plain") and (binary := find_binary(body[:SAMPLE_BYTES], params.encoding)):
        return Reading(position, reason=BINARY, detail=binary.detail)
    if is_page:
        return read_page(position, body, params, sandbox, encoding=charset)
    if content_type == "text/plain":
        found = decode(body, params.encoding or charset)
        fields = {"encoding": found.encoding, "bad_bytes": found.num_bad_bytes}
        return refuse_undecodable(Reading(position, found.text, fields=fields), len(body), params)
    return Reading(position, reason="not_text", detail=content_type or "no content type")


def _http_body(block: bytes, max_bytes: int) -> tuple[bytes, str, str | None]:
    """Give the body, its type and the encoding that the header names, if Python has it."""
    record = WarcRecord.from_bytes(_HEADER + b"Content-Length: %d\r\n\r\n" % len(block) + block)
    try:
        record.parse_http(auto_decode="transfer", quirks_mode=True)
        body = record.reader.read()
    except OSError as error:
        raise _BrokenRecordError("corrupt_record", str(error)[:200]) from None
    status = record.http_headers.status_code if record.http_headers is not None else None
    if status is None or record.http_headers is None:
        raise _BrokenRecordError("corrupt_record", "no HTTP header")
    if status != 200:
        raise _BrokenRecordError("http_status", str(status))
    packing = (record.http_headers.get("Content-Encoding") or "identity").strip().lower()
    if packing != "identity" and body:
        body = _unpack(body, packing, max_bytes)
    return body, (record.http_content_type or "").lower(), _known(record.http_charset)


def _unpack(body: bytes, packing: str, max_bytes: int) -> bytes:
    """Give at most one byte more than the cap."""
    if packing not in ("gzip", "x-gzip", "deflate"):
        raise _BrokenRecordError("not_text", f"content encoding {packing[:40]}")
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise _BrokenRecordError("corrupt_record", str(error)) from None


def _known(charset: str | None) -> str | None:
    try:
        return find_codec(charset) if charset else None
    except LookupError:
        return None


def _fields(record: WarcRecord) -> dict[str, str]:
    url = (record.headers.get("WARC-Target-URI") or "").strip().removeprefix("<").removesuffix(">")
    crawled = record.record_date.date().isoformat() if record.record_date else ""
    return {name: value for name, value in (("url", url), ("crawled", crawled)) if value}
