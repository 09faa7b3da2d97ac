"""A second opinion on a page where the fast rules find little of what there is: trafilatura's.

trafilatura (Barbaresi 2021, Apache 2.0) takes several times as long, so it is asked only there, and followed only where
its text is half as long again; on other pages it is no better (benchmarks/extraction.py). It is given formulas and
scripts as text, and its tables and lists are written as this package writes its own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import groupby

from cpt_pipeline.extraction.html.boilerplate import Line
from cpt_pipeline.extraction.html.formulas import MARK
from cpt_pipeline.extraction.html.marks import ALL_MARKS, TABLE
from cpt_pipeline.extraction.markup.tables import Table
from cpt_pipeline.extraction.text_files import count_markdown

_MAX_CHARACTERS = 2 << 20
_MORE = 1.5
_LINES_MORE = 200
"""Bytes; a line or two more are no better opinion."""
_RULE = re.compile(r"\|(?:-+\|)+")
_BORDER = re.compile(r"(?<!\\)\|")
_READINGS = re.compile(r"<(rt|rp)\b[^<>]*>[^<]*(?:</\1\s*>)?")


def better_of(lines: Sequence[Line], source: str) -> list[Line]:
    """Return the lines, or those that trafilatura finds in the source where its running text is half as long again."""
    if len(source) > _MAX_CHARACTERS:
        return [*lines]
    import trafilatura  # it takes a second to load, and most processes never need it

    clean = _READINGS.sub("", ALL_MARKS.sub("", source))
    text = trafilatura.extract(clean, include_comments=False, deduplicate=False, fast=True) or ""
    found = _lines(text)
    ours, theirs = (sum(line.weight for line in each) for each in (lines, found))
    return found if theirs > max(_MORE * ours, ours + _LINES_MORE) else [*lines]


def _lines(text: str) -> list[Line]:
    lines: list[Line] = []
    for raw in _with_dense_tables([*filter(str.strip, text.split("\n"))]):
        is_row, label = raw.startswith("|"), "-" if raw.startswith("- ") else ""
        goes_on = bool(lines) and (lines[-1].verbatim if is_row else bool(label and lines[-1].label))
        escaped = html.escape(raw.removeprefix("- ").strip(), quote=False)
        begin = TABLE if is_row and not goes_on else ""
        lines.append(Line(begin + escaped, label=label, verbatim=is_row, after_gap=not goes_on))
    if lines:
        formulas = MARK * count_markdown(text)["formulas"]
        lines[0] = lines[0]._replace(text=formulas + lines[0].text)
    return lines


def _with_dense_tables(lines: list[str]) -> list[str]:
    """Return the lines with the rows of each table as this package writes them: no column without text."""
    written: list[str] = []
    for is_row, rows in groupby(lines, lambda line: line.startswith("|")):
        found = [*rows]
        if is_row and len(found) > 1 and _RULE.fullmatch(found[1].strip()):
            table = Table()
            for row in (found[0], *found[2:]):
                table.start_row()
                for cell in _BORDER.split(row.strip().removeprefix("|").removesuffix("|")):
                    table.start_cell()
                    table.add(cell.replace("\\|", "|").strip())
                table.end_row()
            found = table.lines()
        written += found
    return written
