"""How much of a table a cell of XML takes, as HTML, CALS (DocBook, CNXML, JATS) and TEI say it."""

from __future__ import annotations

from collections.abc import Mapping

from cpt_pipeline.extraction.markup.tables import Span

_COLUMNS = ("colspan", "cols")
_ROWS = ("rowspan", "rows")
_MAX_COLUMNS = 1 << 14
_MAX_ROWS = 1 << 16


class ColumnNames:
    """The names of the columns of one table, by which the cells of CALS tell their places."""

    def __init__(self) -> None:
        self._columns: dict[str, int] = {}
        self._spans: dict[str, tuple[str, str]] = {}
        self._next = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Enter an element; only `tgroup`, `colspec` and `spanspec` tell something."""
        if name == "tgroup":
            self._columns, self._spans, self._next = {}, {}, 0
        elif name == "colspec":
            column = _whole(attributes.get("colnum"), self._next + 1, _MAX_COLUMNS) - 1
            self._columns[attributes.get("colname", f"{column + 1}")] = column
            self._next = column + 1
        elif name == "spanspec":
            self._spans[attributes.get("spanname", "")] = (attributes.get("namest", ""), attributes.get("nameend", ""))

    def span(self, attributes: Mapping[str, str]) -> Span:
        """Return what a cell takes."""
        rows = next((_whole(attributes[key], 1, _MAX_ROWS) for key in _ROWS if key in attributes), 1)
        rows = _whole(attributes.get("morerows"), 0, _MAX_ROWS) + 1 if "morerows" in attributes else rows
        begin, end = self._spans.get(attributes.get("spanname", ""), ("", ""))
        begin = attributes.get("namest", begin) or attributes.get("colname", "")
        first, last = self._columns.get(begin), self._columns.get(attributes.get("nameend", end))
        if first is not None:
            return Span(max((first if last is None else last) - first + 1, 1), rows, first)
        columns = next((_whole(attributes[key], 1, _MAX_COLUMNS) for key in _COLUMNS if key in attributes), 1)
        return Span(columns, rows)


def _whole(text: str | None, otherwise: int, maximum: int) -> int:
    """Return a number as browsers read it; a wrong one is as good as none."""
    text = (text or "").strip()
    return min(int(text), maximum) if text.isascii() and text[:9].isdigit() and len(text) < 10 else otherwise
