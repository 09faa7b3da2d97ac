"""Text of XML: paragraphs from block-level elements, collected while the file is parsed.

No tree is built, so memory follows the text and depth costs nothing. Every character outside skipped elements is
kept, also text that stands beside a block inside its parent. By rule: a table (CALS or HTML) becomes Markdown rows,
MathML becomes LaTeX between dollars, an image leaves nothing; all three are counted.
"""

from __future__ import annotations

from cpt_pipeline.corpus.collect.mathml import FormulaBuilder

# fmt: off
_INLINE = frozenset((
    "a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "emphasis", "footnote", "foreign", "i",
    "image", "img", "ins", "kbd", "link", "mark", "media", "newline", "q", "quote", "s", "samp", "small", "space",
    "span", "strong", "sub", "sup", "term", "tt", "u", "var",
))
# fmt: on
"""Elements of XML and CNXML that stand inside a paragraph; any other starts a new one."""

_BREAKS = frozenset(("br", "newline"))
_IMAGES = frozenset(("image", "img", "graphic", "inline-graphic", "imagedata"))
_TABLES = frozenset(("table", "informaltable"))
_ROWS = frozenset(("row", "tr"))
_CELLS = frozenset(("entry", "td", "th"))


class TooMuchTextError(ValueError):
    """Entities have made more text than the file may have."""


class ParagraphCollector:
    """A target of `xml.etree.ElementTree.XMLParser`; `close` gives the paragraphs, joined by blank lines."""

    def __init__(self, skip: tuple[str, ...], *, max_characters: int | None = None) -> None:
        self.counts = {"tables": 0, "formulas": 0, "images": 0}
        self._skip = frozenset(skip)
        self._left = max_characters
        self._skipped = 0
        self._current: list[str] = []
        self._paragraphs: list[str] = []
        self._formula: FormulaBuilder | None = None
        self._tables: list[_Table] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Enter an element."""
        name = _local(tag)
        if self._skipped or name in self._skip:
            self._skipped += 1
        elif self._formula is not None or _is_formula(tag):
            self._formula = self._formula or FormulaBuilder()
            self._formula.start(name, attributes)
        elif name not in _INLINE:
            self._break()
            self._start_of_table(name)
        self.counts["images"] += not self._skipped and self._formula is None and name in _IMAGES

    def end(self, tag: str) -> None:
        """Leave an element."""
        name = _local(tag)
        if self._skipped:
            self._skipped -= 1
        elif self._formula is not None:
            self._end_of_formula(self._formula.end())
        elif name in _INLINE:
            self._current.append(" " if name in _BREAKS else "")
        else:
            self._break()
            self._end_of_table(name)

    def data(self, text: str) -> None:
        """Take text."""
        if self._left is not None:
            self._left -= len(text)
            if self._left < 0:
                raise TooMuchTextError("the text is longer than the file may be")
        if self._formula is not None and not self._skipped:
            self._formula.data(text)
        elif not self._skipped:
            self._current.append(text)

    def close(self) -> str:
        """Give the whole text."""
        self._break()
        while self._tables:
            self._flush_table()
        return "\n\n".join(self._paragraphs)

    def _break(self) -> None:
        """End a paragraph, or a piece of the cell that is open."""
        paragraph = " ".join("".join(self._current).split())
        self._current = []
        if paragraph and self._tables:
            self._tables[0].add(paragraph)
        elif paragraph:
            self._paragraphs.append(paragraph)

    def _end_of_formula(self, latex: str | None) -> None:
        if latex is not None:
            self._formula = None
            self._current.append(latex)
            self.counts["formulas"] += 1

    def _start_of_table(self, name: str) -> None:
        if name in _TABLES:
            self._tables.append(_Table())
            self.counts["tables"] += 1
        elif len(self._tables) == 1 and name in _ROWS:
            self._tables[0].start_row()
        elif len(self._tables) == 1 and name in _CELLS:
            self._tables[0].start_cell()

    def _end_of_table(self, name: str) -> None:
        if self._tables and name in _TABLES:
            self._flush_table()
        elif len(self._tables) == 1 and name in _ROWS:
            self._tables[0].end_row()

    def _flush_table(self) -> None:
        """Leave a table; one inside a cell of another has given its text to that cell."""
        table = self._tables.pop()
        if not self._tables:
            self._paragraphs += table.paragraphs()


class _Table:
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


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _is_formula(tag: str) -> bool:
    return "MathML" in tag or _local(tag) == "math"
