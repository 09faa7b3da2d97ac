"""Rich Text Format: paragraphs, list items with their bullets and numbers, tables as Markdown rows.

striprtf reads the text. What it would lose travels as marks in the source, which are noncharacters of Unicode: the
borders of rows and cells with their places on the page, from which follows over how many columns a cell goes. What
stands before list items is in the file as text, for programs that know no lists. Scripts, footnotes and symbols are
those of `rtf_inline`; a footnote of a cell is text of the cell, behind its own.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from cpt_pipeline.extraction.markup.lists import BULLET
from cpt_pipeline.extraction.markup.tables import Span, Table
from cpt_pipeline.extraction.office.rtf_inline import join_notes, mark_inline, read_lines, symbol_fonts

_ROW, _EDGE, _EDGE_END, _CELL, _ROW_END = (chr(number) for number in range(0xFDD0, 0xFDD5))
_MARK = re.compile(f"([{_ROW}{_CELL}{_ROW_END}]|{_EDGE}-?[0-9]*{_EDGE_END})")
_BORDER = re.compile(r"\\[\\{}]|\\(?P<name>trowd|cellx(?P<place>-?\d{1,6})|cell|row|nestcell)(?![a-z\d]) ?")
_BEFORE_ITEM = re.compile(r"\{\\(?:listtext|pntext)\b([^{}]*)\}")
_FONT = re.compile(r"\\f(\d+)")
_CODE = re.compile(r"\\u(-?\d{1,6}) ?(?:\\'[0-9a-fA-F]{2}|\?)?|\\'([0-9a-fA-F]{2})|\\(bullet)\b ?|\\[a-z]+-?\d* ?")
_TAB = re.compile(r"\\tab(?![a-z]) ?")
_TOLERANCE = 60
"""Twips, a millimetre: borders that a reader takes for one."""


def rtf_paragraphs(source: str) -> tuple[list[str], int]:
    """Return the paragraphs of an RTF source (bytes as Latin-1), a table one of them, and the number of tables.

    Raises what striprtf raises for a broken file: ValueError, LookupError, TypeError.
    """
    from striprtf.striprtf import remove_pict_groups, rtf_to_text

    symbols = frozenset(symbol_fonts(source))
    source = _BEFORE_ITEM.sub(lambda found: _before_item(found[1], symbols), remove_pict_groups(source))
    text = rtf_to_text(_BORDER.sub(_marked, mark_inline(source)), errors="replace")
    text = join_notes(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
    reader = _Reader()
    for number, piece in enumerate(_MARK.split(text)):
        if number % 2:
            reader.mark(piece)
        else:
            reader.pending += piece
    return reader.close()


def _before_item(content: str, symbols: frozenset[str]) -> str:
    """Return the source of what stands before an item: any glyph is the bullet of all formats, a number stays."""
    shown = _CODE.sub(_character, content).strip()
    fonts = _FONT.findall(content)
    is_glyph = len(shown) == 1 and (not shown.isalnum() or shown == "o" or (bool(fonts) and fonts[-1] in symbols))
    return f"{{\\plain {BULLET}}}" if is_glyph else "{" + _TAB.sub(" ", content) + "}"


def _character(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1]) % 0x10000)
    return chr(int(found[2], 16)) if found[2] else "•" if found[3] else ""


def _marked(found: re.Match[str]) -> str:
    name, place = found["name"], found["place"]
    if name is None:
        return found[0]
    if name == "nestcell":
        return " "
    if place is not None:
        return f"{{\\uc0\\u{ord(_EDGE)} {place}\\u{ord(_EDGE_END)} }}"
    return f"{{\\uc0\\u{ord({'trowd': _ROW, 'cell': _CELL, 'row': _ROW_END}[name])} }}"


@dataclass
class _Reader:
    """Takes text and marks in their order."""

    pending: str = ""
    _paragraphs: list[str] = field(default_factory=list)
    _rows: list[tuple[list[int], list[str]]] = field(default_factory=list)
    """Of the table that is open: the right edges of the cells, and their texts."""
    _edges: list[int] = field(default_factory=list)
    _cells: list[str] = field(default_factory=list)
    _is_in_row: bool = False
    _num_tables: int = 0

    def mark(self, mark: str) -> None:
        if mark == _ROW:
            if not self._is_in_row:
                self._leave_table()
            self._is_in_row, self._edges = True, []
        elif mark == _CELL:
            if not self._is_in_row:  # a row that is like the one above it needs no definition
                before, end, self.pending = self.pending.rpartition("\n")
                cell, self.pending = self.pending, before + end
                self._leave_table()
                self._is_in_row, self.pending = True, cell
            self._cells.append(" ".join(" ".join(read_lines(self.pending)).split()))
            self.pending = ""
        elif mark == _ROW_END:
            self._rows.append((self._edges, self._cells))
            self._is_in_row, self._cells = False, []
            self.pending += "\n"
        else:
            self._edges.append(int(mark[1:-1] or 0))

    def close(self) -> tuple[list[str], int]:
        if self._cells:
            self.mark(_ROW_END)
        self._leave_table()
        self._write_table()
        return self._paragraphs, self._num_tables

    def _leave_table(self) -> None:
        """Take the text since the last row; a table goes on behind nothing."""
        lines = read_lines(self.pending)
        self.pending = ""
        if lines:
            self._write_table()
            self._paragraphs += lines

    def _write_table(self) -> None:
        table, borders = Table(), _borders(edge for edges, _ in self._rows for edge in edges)
        for edges, cells in self._rows:
            begins = [0, *(bisect_left(borders, edge - _TOLERANCE) + 1 for edge in edges)]
            is_placed = len(edges) >= len(cells)
            table.start_row()
            for number, text in enumerate(cells):
                table.start_cell(Span(first=begins[number] if is_placed else number))
                table.add(text)
            table.end_row()
        if lines := table.lines():
            self._paragraphs.append("\n".join(lines))
            self._num_tables += 1
        self._rows = []


def _borders(edges: Iterable[int]) -> list[int]:
    """Return the edges of columns, those that are nearly the same once."""
    borders: list[int] = []
    for edge in sorted(set(edges)):
        if not borders or edge - borders[-1] > _TOLERANCE:
            borders.append(edge)
    return borders
