"""What a crawl has found so far: pages in a WARC file, and one line of an index for every address seen.

Both files only grow. A page is on the disk before the line that speaks of it, and what stands after the last whole
line (a torn line, a page without one) is cut away on opening, so a kill at any moment costs at most the page in hand.
`pages.warc.gz` holds one compressed response record per page, bodies as decoded from the transfer, and can be read
by any WARC reader. One process at a time.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from cpt_pipeline.core.errors import SourceError
from cpt_pipeline.core.workspace import locked

INDEX, PAGES = "index.jsonl", "pages.warc.gz"
_KEPT_HEADERS = ("content-type", "content-language", "last-modified")


@dataclass(frozen=True)
class Outcome:
    """What became of an address; the last line of an address counts."""

    url: str
    depth: int
    reason: str | None = None
    """None: its page is in the WARC file. Else why not: robots, private_address, redirected, http_404, ..."""
    detail: str | None = None
    """`redirected`: the address it leads to. Of a page: why its links were not read."""
    offset: int | None = None
    """First byte of its record in the WARC file."""
    length: int | None = None
    """Bytes of its record."""
    num_links: int | None = None
    """Links found on the page, before `max_links_per_page`."""


@contextmanager
def open_store(folder: Path, identity: Mapping[str, Any]) -> Iterator[PageStore]:
    """Open or begin the store in `folder`, locked.

    `identity` is what makes two crawls different crawls; a folder that holds another one raises SourceError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (
        locked(folder / ".lock"),
        (folder / INDEX).open("a+b") as index,
        (folder / PAGES).open("a+b") as pages,
    ):
        yield PageStore(folder, index, pages, json.loads(json.dumps(identity)))


class PageStore:
    """Outcomes by address (held in memory), and the pages they speak of (on the disk)."""

    def __init__(self, folder: Path, index: BinaryIO, pages: BinaryIO, identity: dict[str, Any]) -> None:
        self._index, self._pages = index, pages
        self._outcomes: dict[str, Outcome] = {}
        lines = _whole_lines(index)
        if not lines:
            _append(index, _as_line(identity))
        elif json.loads(lines[0]) != identity:
            raise SourceError(
                f"{folder} holds another crawl ({lines[0].decode().strip()}). Give this one a folder of its own, "
                "or delete the old one."
            )
        size = pages.seek(0, io.SEEK_END)
        for line in lines[1:]:
            outcome = Outcome(**json.loads(line))
            if _end(outcome) <= size:  # a disk may lose the page and keep the line; then the page is fetched anew
                self._outcomes[outcome.url] = outcome
        pages.truncate(max(map(_end, self._outcomes.values()), default=0))

    def find(self, url: str) -> Outcome | None:
        """Give what became of `url`, or None when it has not been seen."""
        return self._outcomes.get(url)

    def refuse(self, outcome: Outcome) -> None:
        """Note why there is no page; nothing is written when the last line of the address says the same."""
        if self._outcomes.get(outcome.url) != outcome:
            self._note(outcome)

    def add_page(self, page: Outcome, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Append the body, then the line that speaks of it; give the outcome with its place."""
        offset = self._pages.seek(0, io.SEEK_END)
        record = gzip.compress(_warc_record(page.url, headers, body), mtime=0)
        _append(self._pages, record)
        os.fsync(self._pages.fileno())
        outcome = replace(page, offset=offset, length=len(record))
        self._note(outcome)
        return outcome

    def read_page(self, outcome: Outcome) -> tuple[str, bytes]:
        """Give the content type and the body of a page."""
        from fastwarc.warc import ArchiveIterator

        assert outcome.offset is not None
        assert outcome.length is not None
        self._pages.seek(outcome.offset)
        record = next(iter(ArchiveIterator(io.BytesIO(self._pages.read(outcome.length)))))
        return str(record.http_headers.get("Content-Type", "")), record.reader.read()

    def outcomes(self) -> Iterator[Outcome]:
        """Give every address seen, in the order in which it was first seen."""
        yield from self._outcomes.values()

    def _note(self, outcome: Outcome) -> None:
        _append(self._index, _as_line({key: value for key, value in asdict(outcome).items() if value is not None}))
        self._outcomes[outcome.url] = outcome


def _end(outcome: Outcome) -> int:
    return (outcome.offset or 0) + (outcome.length or 0)


def _whole_lines(index: BinaryIO) -> list[bytes]:
    index.seek(0)
    raw = index.read()
    whole = raw[: raw.rfind(b"\n") + 1]
    index.truncate(len(whole))
    return whole.splitlines(keepends=True)


def _as_line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True).encode() + b"\n"


def _append(stream: BinaryIO, raw: bytes) -> None:
    stream.write(raw)
    stream.flush()


def _warc_record(url: str, headers: Mapping[str, str], body: bytes) -> bytes:
    from fastwarc.warc import WarcRecord, WarcRecordType

    kept = [f"{name.title()}: {headers[name]}" for name in _KEPT_HEADERS if name in headers]
    head = "\r\n".join(["HTTP/1.1 200 OK", *kept, f"Content-Length: {len(body)}", "", ""])
    record = WarcRecord()
    record.init_headers(WarcRecordType.response, str(uuid.uuid5(uuid.NAMESPACE_URL, url)).encode())
    record.headers["WARC-Target-URI"] = url
    record.headers["WARC-Date"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    record.headers["Content-Type"] = "application/http; msgtype=response"
    record.set_bytes_content(head.encode("utf-8", "replace") + body)
    written = io.BytesIO()
    record.write(written, checksum_data=True)
    return written.getvalue()
