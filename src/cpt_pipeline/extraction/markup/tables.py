"""A table of any format as the rows of Markdown, told cell by cell.

A cell that spans several columns or rows is written once, in its first place; the places that it covers are empty. So
every row has as many cells as the head and each value stands under its own heading, while nothing is in the text that
a reader of the page does not see: repeated values are tokens to learn by heart, look like the repetition that filters
and deduplication search for, and make a note across eight columns eight notes.

Rows and columns without text are left out and cost nothing, so a span may be as wide as it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

_MAX_SPANS = 256
"""Cells that span rows and are open at once; more are those of no table that somebody reads."""
_MAX_COPIED = 1 << 14
"""Characters that repeated cells may add to a table."""
_MAX_EMPTY = 64
_FREE_CELLS = 10_000
"""A table with more cells than that, and more than `_MAX_EMPTY` for each with text, is written without the empty."""
_GROUPS = {"thead": 0, "tfoot": 2}


class Span(NamedTuple):
    """How much of a table a cell takes."""

    columns: int = 1
    rows: int = 1
    """0 for all rows that follow in the same group."""
    first: int | None = None
    """The column that it begins in, from 0, where the format says so; None for the next that is free."""


_ONE = Span()


@dataclass
class _Row:
    group: int
    cells: dict[int, str] = field(default_factory=dict)
    """Column to text, of the cells with text."""


class Table:
    """Rows of cells, and the paragraphs (title, caption) that stand outside of them."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._in_row = False
        self._before: list[str] = []
        self._after: list[str] = []
        self._group = 1
        self._column = self._next = 0
        self._spans: list[tuple[int, int, float]] = []
        """First column, column behind, and last row of the cells that reach into rows below."""
        self._ahead: list[tuple[int, int, float]] = []
        """Those that this row has not passed yet, the last first."""
        self._copies_left = _MAX_COPIED

    @property
    def num_rows(self) -> int:
        """Number of rows with text."""
        return sum(bool(row.cells) for row in self._rows)

    @property
    def num_columns(self) -> int:
        """Number of columns with text."""
        return len({column for row in self._rows for column in row.cells})

    @property
    def longest(self) -> int:
        """Length of the longest cell, in characters."""
        return max((len(text) for row in self._rows for text in row.cells.values()), default=0)

    def add(self, text: str) -> None:
        """Take a paragraph."""
        if not self._in_row:
            (self._after if self._rows else self._before).append(text)
        elif text:
            cells = self._rows[-1].cells
            cells[self._column] = f"{cells[self._column]} {text}" if self._column in cells else text
            self._next = max(self._next, self._column + 1)

    def start_group(self, name: str = "") -> None:
        """Begin a group of rows: those of `thead` stand above all others, those of `tfoot` below; no cell goes on."""
        self._group = _GROUPS.get(name, 1)
        self._spans.clear()

    def start_row(self) -> None:
        """Begin a row."""
        number = len(self._rows)
        self._rows.append(_Row(self._group))
        self._in_row = True
        self._column = self._next = 0
        self._spans = [span for span in self._spans if span[2] >= number]
        self._ahead = sorted(self._spans, reverse=True)

    def start_cell(self, span: Span = _ONE) -> None:
        """Begin a cell."""
        if not self._in_row:
            return
        self._column = self._free(self._next) if span.first is None else span.first
        self._next = self._column + max(span.columns, 1)
        if span.rows != 1 and len(self._spans) < _MAX_SPANS:
            last = len(self._rows) + span.rows - 2 if span.rows > 0 else float("inf")
            self._spans.append((self._column, self._next, last))

    def widen_cell(self, columns: int) -> None:
        """Let the cell that is open span so many columns."""
        self._next = max(self._next, self._column + columns)

    def repeat_cell(self, columns: int) -> None:
        """Write the cell that is open so many times."""
        text = self._rows[-1].cells.get(self._column, "") if self._in_row else ""
        self.widen_cell(columns)
        if text and self._may_copy(len(text) * (columns - 1)):
            self._rows[-1].cells.update(dict.fromkeys(range(self._column, self._column + columns), text))

    def end_row(self) -> None:
        """End a row."""
        self._in_row = False

    def add_row(self, cells: Mapping[int, str]) -> None:
        """Take a whole row: column to text."""
        self._rows.append(_Row(self._group, {column: text for column, text in cells.items() if text}))

    def repeat_row(self, times: int) -> None:
        """Write the row that ended last so many times."""
        cells = self._rows[-1].cells if self._rows else {}
        if cells and times > 1 and self._may_copy(sum(map(len, cells.values())) * (times - 1)):
            self._rows += [_Row(self._rows[-1].group, dict(cells)) for _ in range(times - 1)]

    def lines(self) -> list[str]:
        """Return the rows as those of a Markdown table, whose first row is the head."""
        rows = [row.cells for row in sorted(self._rows, key=lambda row: row.group) if row.cells]
        columns = sorted({column for row in rows for column in row})
        num_cells, num_filled = len(rows) * len(columns), sum(map(len, rows))
        if num_cells > max(_FREE_CELLS, _MAX_EMPTY * num_filled):
            cells = [[text for _, text in sorted(row.items())] for row in rows]
        else:
            cells = [[row.get(column, "") for column in columns] for row in rows]
        lines = [_line(row) for row in cells]
        if lines:
            lines.insert(1, f"|{'---|' * len(cells[0])}")
        return lines

    def paragraphs(self) -> list[str]:
        """Return all text, the rows as one paragraph."""
        lines = self.lines()
        return [*self._before, *(["\n".join(lines)] if lines else []), *self._after]

    def _free(self, column: int) -> int:
        """Return the next column that no cell from above covers."""
        while self._ahead and self._ahead[-1][0] <= column:
            column = max(column, self._ahead.pop()[1])
        return column

    def _may_copy(self, num_characters: int) -> bool:
        self._copies_left -= num_characters
        return self._copies_left >= 0


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
