"""Tables of a page: marks in their cells before the page is parsed, and Markdown rows of the marked text behind it.

A cell that spans columns or rows says so in digits of its own behind its mark, and the first row of a group which group
it begins; where what belongs is told to `markup_tables`.
"""

from __future__ import annotations

import re

from cpt_pipeline.extraction.html.marks import CELL, DIGITS, GROUP, LETTER, ROW, SPAN, TABLE, TABLE_END
from cpt_pipeline.extraction.markup.tables import Span, Table

_CELL_TAG = re.compile(r"(<t[dh](?:\s[^<>]*)?>)")
_BLANK = r"(?:\s|<!--(?s:.{0,500}?)-->)*+"
_ROW_TAG = rf"<tr(?:\s[^<>]*)?>{_BLANK}"
_EMPTY_ROW = re.compile(rf"({_ROW_TAG})(?=</?tr[\s>]|</t(?:able|body|foot|head))")
_ROW_START = re.compile(rf"({_ROW_TAG}<t[dh](?:\s[^<>]*)?>){CELL}{LETTER}")
_GROUP_START = re.compile(rf"(<t(head|body|foot)(?:\s[^<>]*)?>{_BLANK}{_ROW_TAG}<t[dh](?:\s[^<>]*)?>{ROW}{LETTER})")
_FIRST_CELL = re.compile(
    rf"(<table(?:\s[^<>]*)?>(?:(?!<t[dh][\s>]|<table)[^{CELL}]){{0,3000}}<t[dh](?:\s[^<>]*)?>)[{ROW}{CELL}]{LETTER}"
)
_LAST_CELL = re.compile(r"<((?:/t(?:[dhr]|body|foot|head)>\s*<){0,4}/table)")
_SPANS_SAID = re.compile(r"""\s(col|row)span\s*=\s*["']?\s*(\d{1,6})""", re.IGNORECASE)
_MAY_SPAN = ("olspan", "owspan", "olSpan", "owSpan", "OLSPAN", "OWSPAN")
_MAX_COLUMNS, _MAX_ROWS = 1000, 65_534
"""Of HTML."""
_GROUPS = ("head", "body", "foot")
_WRITTEN = str.maketrans("0123456789", DIGITS)
_READ = str.maketrans(DIGITS, "0123456789")

_INNERMOST = re.compile(f"{TABLE}{ROW}([^{TABLE}{TABLE_END}]*){TABLE_END}")
_SAID = re.compile(f"(?:{GROUP}(?P<group>[{DIGITS}]))?(?:{SPAN}(?P<columns>[{DIGITS}]+){SPAN}(?P<rows>[{DIGITS}]+))?")
_ALL_SAID = re.compile(f"[{GROUP}{SPAN}{DIGITS}]+")
_TAG_BUT_LINK = re.compile(r"<(?!a |/a>)[^<>]*>")
_TAG = re.compile(r"<[^<>]*>")
_LINKED = re.compile(r"<a [^<>]*>([^<]*)")
_MAX_CELL_CHARACTERS = 400
"""A table with a longer cell arranges the page; its text is kept as paragraphs."""


def mark_tables(source: str) -> str:
    """Return the source with a mark in the first and the last cell of each table, and in each row and cell.

    All marks of a table stand inside its cells: text between them would be moved in front of the table.
    """
    if "<table" not in source:
        return source
    has_spans = any(each in source for each in _MAY_SPAN)
    if has_spans:  # an empty row is one of those that a cell above it spans
        source = _EMPTY_ROW.sub(r"\1<td></td>", source)
    source = _CELL_TAG.sub(_marked_cell if has_spans else rf"\1{CELL}{LETTER}", source)
    source = _ROW_START.sub(rf"\1{ROW}{LETTER}", source)
    if has_spans or "<tfoot" in source or "<thead" in source:
        source = _GROUP_START.sub(_marked_group, source)
    return _LAST_CELL.sub(rf"{TABLE_END}{LETTER}<\1", _FIRST_CELL.sub(rf"\1{TABLE}{LETTER}{ROW}{LETTER}", source))


def write_tables(text: str) -> str:
    """Return a text of bare marks with each table of data as Markdown rows, each row behind `ROW`, the first `TABLE`.

    A table of data has two rows and two columns at least, no other table in it, no code, no cell that is a text of
    its own, and is not mostly links.
    """
    written = _INNERMOST.sub(_rows, text) if TABLE_END in text else text
    return _ALL_SAID.sub("", written) if GROUP in written or SPAN in written else written


def _marked_cell(match: re.Match[str]) -> str:
    said = {name.lower(): number for name, number in reversed(_SPANS_SAID.findall(match[1]))}
    if not said:
        return f"{match[1]}{CELL}{LETTER}"
    columns = min(int(said.get("col", "1")), _MAX_COLUMNS)
    rows = min(int(said.get("row", "1")), _MAX_ROWS)
    return f"{match[1]}{CELL}{LETTER}" + f"{SPAN}{columns}{SPAN}{rows}".translate(_WRITTEN) + LETTER


def _marked_group(match: re.Match[str]) -> str:
    return f"{match[1]}{GROUP}{DIGITS[_GROUPS.index(match[2])]}{LETTER}"


def _rows(match: re.Match[str]) -> str:
    plain = _ALL_SAID.sub("", match[1])
    if "<pre>" in plain or _is_menu(plain):
        return plain
    table = Table()
    for row in match[1].split(ROW):
        _tell(row.split(CELL), table)
    if table.num_rows < 2 or table.num_columns < 2 or table.longest > _MAX_CELL_CHARACTERS:
        return plain
    return f"\n\n{TABLE}" + "\n".join(ROW + line for line in table.lines()) + "\n\n"


def _tell(cells: list[str], table: Table) -> None:
    for number, cell in enumerate(cells):
        said = _SAID.match(cell)
        assert said is not None  # it matches nothing, too
        if not number:
            if said["group"]:
                table.start_group("t" + _GROUPS[DIGITS.index(said["group"])])
            table.start_row()
        columns, rows = (int((said[name] or DIGITS[1]).translate(_READ)) for name in ("columns", "rows"))
        table.start_cell(Span(columns, rows))
        table.add(" ".join(_TAG_BUT_LINK.sub(" ", _ALL_SAID.sub("", cell)).split()))
    table.end_row()


def _is_menu(text: str) -> bool:
    linked = sum(map(len, _LINKED.findall(text)))
    return linked > len(_TAG.sub("", text)) / 2
