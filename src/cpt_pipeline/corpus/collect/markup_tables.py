"""A table of XML as the rows of Markdown, told cell by cell."""

from __future__ import annotations


class Table:
    """Rows of cells, and the paragraphs (title, caption) that stand outside of them."""

    def __init__(self) -> None:
        self._rows: list[list[str]] = []
        self._in_row = False
        self._before: list[str] = []
        self._after: list[str] = []

    def add(self, text: str) -> None:
        """Take a paragraph."""
        if self._in_row:
            cells = self._rows[-1] or [""]
            cells[-1] = f"{cells[-1]} {text}".strip()
            self._rows[-1] = cells
        else:
            (self._after if self._rows else self._before).append(text)

    def start_row(self) -> None:
        """Begin a row."""
        self._rows.append([])
        self._in_row = True

    def start_cell(self) -> None:
        """Begin a cell."""
        if self._in_row:
            self._rows[-1].append("")

    def end_row(self) -> None:
        """End a row."""
        self._in_row = False

    def paragraphs(self) -> list[str]:
        """Give all text, the rows as one Markdown table whose first row is the head."""
        rows = [row for row in self._rows if any(row)]
        width = max(map(len, rows), default=0)
        lines = [_line([*row, *[""] * (width - len(row))]) for row in rows]
        if lines:
            lines.insert(1, f"|{'---|' * width}")
        return [*self._before, *(["\n".join(lines)] if lines else []), *self._after]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
