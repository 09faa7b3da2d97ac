"""Tables of text, csv and tsv: a row that is broken costs itself, also one whose quote is never closed.

The first row names the columns; a row is named by the line it begins on.
"""

from __future__ import annotations

import csv
import sys
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, Literal

from cpt_pipeline.extraction.encoding.recode import Utf8Stream
from cpt_pipeline.extraction.reading import Reading, ReadingParams, split
from cpt_pipeline.extraction.records import find_missing, read_record

Row = tuple[int, list[str] | Reading]
"""The line on which a row begins, and its cells or why there are none."""


def read_csv(stream: BinaryIO, params: ReadingParams) -> Iterator[Reading]:
    """Read csv."""
    yield from _read_table(stream, params, params.delimiter or ",")


def read_tsv(stream: BinaryIO, params: ReadingParams) -> Iterator[Reading]:
    """Read tsv."""
    yield from _read_table(stream, params, params.delimiter or "\t")


def _read_table(stream: BinaryIO, params: ReadingParams, delimiter: str) -> Iterator[Reading]:
    text = Utf8Stream(stream, params.encoding)
    fields = {"encoding": text.encoding}
    rows = _Rows(text, delimiter, params)
    if params.records:
        detail = f"records = {params.records!r}: a cell of text holds no records"
        yield Reading("", reason="no_records", detail=detail, fields=fields)
        return
    header: list[str] | None = None
    for number, row in rows:
        if isinstance(row, Reading):
            yield row
            if header is None:  # without its names no row can be read
                return
        elif header is None:
            header = row
            if missing := find_missing(params, header):
                detail = f"no column {missing!r}; there are {', '.join(header)}"[:200]
                yield Reading("", reason="no_text_field", detail=detail, fields=fields)
                return
        elif len(row) != len(header):
            detail = f"{len(row)} cells, {len(header)} columns"
            yield Reading(f"#{number}", reason="bad_row", detail=detail, fields=fields)
        else:
            yield read_record(f"#{number}", dict(zip(header, row, strict=True)), params, fields)


class _BrokenRow(Exception):
    """A row cannot be read to its end; carries reason and detail."""


class _Rows:
    """Rows of cells. After a broken row, reading goes on with the line behind the row's first one.

    Lines are read twice then; so that a hostile file cannot make this cost the square of its size, no more bytes
    are handed back than were read. Beyond that the broken row takes all of its lines along.
    """

    def __init__(self, text: Utf8Stream, delimiter: str, params: ReadingParams) -> None:
        # The limit is the process's, and 131,072 by default. Rows are capped by bytes here, which caps their cells.
        csv.field_size_limit(sys.maxsize)
        self._lines = enumerate(split(text, b"\n", params.max_record_bytes), start=1)
        self._handed_back: deque[tuple[int, bytes | None]] = deque()
        self._budget = self._max_bytes = params.max_record_bytes
        self._delimiter = delimiter
        self._quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if params.quotes else csv.QUOTE_NONE

    def __iter__(self) -> Iterator[Row]:
        while (first := self._next_line()) is not None:
            number, line = first
            if line is None or line.strip():
                yield number, self._read_row(number, line)

    def _read_row(self, number: int, line: bytes | None) -> list[str] | Reading:
        held: list[tuple[int, bytes | None]] = []
        try:
            reader = csv.reader(
                self._feed(number, line, held), delimiter=self._delimiter, quoting=self._quoting, strict=True
            )
            return next(reader)
        except _BrokenRow as broken:
            reason, detail = broken.args
        except csv.Error as error:
            reason, detail = "bad_row", str(error)
        return Reading(f"#{number}", reason=reason, detail=self._hand_back(held) + detail)

    def _feed(self, number: int, line: bytes | None, held: list[tuple[int, bytes | None]]) -> Iterator[str]:
        """Give the lines of one row for as long as they are asked for; `held` keeps them."""
        num_bytes = 0
        following: tuple[int, bytes | None] | None = (number, line)
        while following is not None:
            held.append(following)
            raw = following[1]
            num_bytes += 0 if raw is None else len(raw) + 1
            if raw is None or num_bytes > self._max_bytes + 1:
                raise _BrokenRow("too_large", "longer than max_record_bytes")
            yield raw.decode("utf-8", "surrogateescape") + "\n"
            following = self._next_line()

    def _hand_back(self, held: list[tuple[int, bytes | None]]) -> str:
        num_bytes = sum(len(line or b"") + 1 for _, line in held[1:])
        if num_bytes <= self._budget:
            self._budget -= num_bytes
            self._handed_back.extendleft(reversed(held[1:]))
            return ""
        return f"lines {held[0][0]} to {held[-1][0]}: "

    def _next_line(self) -> tuple[int, bytes | None] | None:
        if self._handed_back:
            return self._handed_back.popleft()
        following = next(self._lines, None)
        if following is not None:
            self._budget += len(following[1] or b"")
        return following
