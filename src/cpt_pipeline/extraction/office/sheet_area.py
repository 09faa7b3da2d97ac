"""Spreadsheets without their empty area: a lone cell far away costs one row and one column, not all between.

calamine lays a sheet out from its first cell to its last, and a stray blank at XFD1048576 makes 17 billion cells of it.
Where a sheet is large and mostly empty, its rows and columns without content are taken out of the file before calamine
reads it; no value changes its row, or the heading that it stands under.
"""

from __future__ import annotations

import io
import re
import zipfile
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from cpt_pipeline.extraction.office.zipped import ZipMembers

_MAX_CELLS = 1 << 21
"""What a sheet may be laid out as: 64 MB."""
_SHEET = re.compile(r"xl/worksheets/[^/]*\.xml")
_ODS = "content.xml"

_DIMENSION = re.compile(rb'<(?:\w+:)?dimension\s+ref="([A-Z]{1,3})([0-9]{1,7})(?::([A-Z]{1,3})([0-9]{1,7}))?"')
_PLACE = re.compile(rb'(<(?:\w+:)?(?:c|row)\s(?:[^<>]*?\s)?r=")([A-Z]{0,3})([0-9]{1,7})("[^<>]*>)')
_CELL_START = re.compile(rb"<(?:\w+:)?c[\s>]")

_GAP = re.compile(rb'number-columns-repeated="[0-9]{4,}"[^<>]*/>\s*<table:(?:covered-)?table-cell')
_MANY_ROWS = re.compile(rb'number-rows-repeated="[0-9]{4,}"')
_TABLE = re.compile(rb"<table:table\s.*?</table:table>", re.DOTALL)
_ROW = re.compile(rb"<table:table-row(\s[^<>]*?)?(?:/>|>.*?</table:table-row>)", re.DOTALL)
_CELL = re.compile(
    rb"<table:(?:covered-)?table-cell(\s[^<>]*?)?(?:/>|>(.*?)</table:(?:covered-)?table-cell>)", re.DOTALL
)
_REPEATED = re.compile(rb'\stable:number-columns-repeated="([0-9]{1,7})"')
_MAX_COLUMNS = 1 << 14


def without_empty_area(raw: bytes, members: ZipMembers) -> bytes:
    """Return a zipped spreadsheet (.xlsx, .ods) to lay out, each sheet as large as what it holds."""
    changed = {}
    for name in members.names:
        shrink = _shrunk_sheet if _SHEET.fullmatch(name) else _shrunk_content if name == _ODS else None
        if shrink is not None and (part := shrink(members.read(name))) is not None:
            changed[name] = part
    if not changed:
        return raw
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(written, "w") as new:
        for name in members.names:
            if (
                name.endswith((".xml", ".rels")) or name == "mimetype"
            ):  # no pictures: nobody has looked how large they are
                new.writestr(name, changed.get(name) or old.read(name))
    return written.getvalue()


def _shrunk_sheet(sheet: bytes) -> bytes | None:
    """Return the XML of a sheet of Excel, cells and rows named anew; None if it may stay."""
    num_cells = len(_CELL_START.findall(sheet))
    if _is_small(sheet, num_cells):
        return None
    places = [(int(found[3]), _column(found[2])) for found in _filled(sheet)]
    rows, columns = sorted({row for row, _ in places}), sorted({column for _, column in places})
    if not places or (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1) <= _MAX_CELLS:
        return None

    def renamed(found: re.Match[bytes]) -> bytes:
        if found[2] and found[4].endswith(b"/>"):
            return b""  # a cell without content
        column = _letters(bisect_left(columns, _column(found[2])) + 1) if found[2] else b""
        return b"%b%b%d%b" % (found[1], column, bisect_left(rows, int(found[3])) + 1, found[4])

    return _PLACE.sub(renamed, sheet)


def _is_small(sheet: bytes, num_cells: int) -> bool:
    """Return whether a sheet says that it is small or full; one that has more cells than it says is not believed."""
    said = _DIMENSION.search(sheet)
    if said is None:
        return False
    last_column, last_row = said[3] or said[1], int(said[4] or said[2])
    area = (_column(last_column) - _column(said[1]) + 1) * (last_row - int(said[2]) + 1)
    return num_cells <= area <= max(_MAX_CELLS, 4 * num_cells)


def _filled(sheet: bytes) -> Iterable[re.Match[bytes]]:
    return (found for found in _PLACE.finditer(sheet) if found[2] and not found[4].endswith(b"/>"))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


def _letters(number: int) -> bytes:
    written = b""
    while number:
        number, rest = divmod(number - 1, 26)
        written = b"%c%b" % (65 + rest, written)
    return written


def _shrunk_content(content: bytes) -> bytes | None:
    """Return the XML of an OpenDocument file without empty rows and columns; None if it may stay."""
    if not (_GAP.search(content) or any(_has_gap(table[0]) for table in _TABLE.finditer(content))):
        return None
    return _TABLE.sub(_shrunk_table, content)


def _has_gap(table: bytes) -> bool:
    """Return whether a cell with content stands behind many rows that are the same."""
    many = _MANY_ROWS.search(table)
    return many is not None and table.find(b"value-type=", many.end()) >= 0


def _shrunk_table(table: re.Match[bytes]) -> bytes:
    rows = [row[0] for row in _ROW.finditer(table[0])]
    filled = {range(*place) for row in rows for cell, *place in _cells(row) if _is_filled(cell)}
    columns = sorted({column for places in filled for column in places})

    def shrunk(row: re.Match[bytes]) -> bytes:
        cells = [*_cells(row[0])]
        if not any(_is_filled(cell) for cell, _, _ in cells):
            return b""
        kept = (_kept(cell, bisect_left(columns, end) - bisect_left(columns, begin)) for cell, begin, end in cells)
        return b"<table:table-row%b>%b</table:table-row>" % (row[1] or b"", b"".join(kept))

    return _ROW.sub(shrunk, table[0])


def _cells(row: bytes) -> Iterator[tuple[re.Match[bytes], int, int]]:
    """Yield each cell of a row, its column and that behind it."""
    begin = 0
    for cell in _CELL.finditer(row):
        repeated = _REPEATED.search(cell[1] or b"")
        end = min(begin + (int(repeated[1]) if repeated else 1), _MAX_COLUMNS)
        yield cell, begin, end
        begin = end


def _is_filled(cell: re.Match[bytes]) -> bool:
    return b"value-type=" in (cell[1] or b"") or b"<text:p" in (cell[2] or b"")


def _kept(cell: re.Match[bytes], columns: int) -> bytes:
    if _is_filled(cell):
        return cell[0]
    return b'<table:table-cell table:number-columns-repeated="%d"/>' % columns if columns else b""
