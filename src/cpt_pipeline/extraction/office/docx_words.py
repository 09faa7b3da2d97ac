"""The words of WordprocessingML, told to `markup` as HTML; numbers of lists come from `docx_numbers`.

Notes and text boxes are paragraphs behind the one that they stand in. Symbols of fonts are those of Unicode; unknown
ones are left out and counted. Left out: deleted text, field codes, hidden text, headers and footers, comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from cpt_pipeline.extraction.markup import omml
from cpt_pipeline.extraction.markup.markup import ParagraphCollector
from cpt_pipeline.extraction.markup.symbols import symbol, with_symbols
from cpt_pipeline.extraction.markup.tables import Span
from cpt_pipeline.extraction.office.docx_numbers import Numbers
from cpt_pipeline.extraction.office.docx_styles import RunStyle, RunStyles

_BLOCKS = {"p": "p", "tbl": "table", "tr": "tr", "tc": "td"}
_SKIPPED = frozenset(("del", "moveFrom", "Fallback", "rt", "instrText", "delText", "sectPr", "pPrChange"))
"""Fallback doubles what stands beside it for old programs; rt is the reading of a ruby."""
_PICTURES = frozenset(("drawing", "pict", "object"))
_CHARACTERS = {"tab": " ", "ptab": " ", "noBreakHyphen": "-", "cr": " "}
_WIDTHS = frozenset(("gridSpan", "gridBefore"))
_MAX_DIGITS = 6
_TEXT_BOX = "txbxContent"
_BESIDE = "footnote"
"""What a note and a text box are to the collector."""
NOTES = ("footnote", "endnote")


class Words:
    """A target of `XMLParser` that tells WordprocessingML to a `ParagraphCollector` as HTML."""

    def __init__(self, notes: dict[str, dict[str, str]], max_chars: int, numbers: Numbers, styles: RunStyles) -> None:
        self.num_notes = self.num_unknown_symbols = 0
        self._styles = styles
        self._numbers = numbers
        self._properties: dict[str, str] | None = None
        """What the open properties of a paragraph say of its number."""
        self._style = RunStyle()
        """What holds for the run that is open."""
        self._open_script = ""
        """Runs that follow one another share a script."""
        self._collector = ParagraphCollector((), max_characters=max_chars)
        self._notes = notes
        self._skipped = 0
        self._is_text = False
        self._formula: ElementTree.TreeBuilder | None = None
        self._formula_depth = 0
        self._is_block = False

    @property
    def counts(self) -> dict[str, int]:
        """Counts of tables, formulas and images."""
        return self._collector.counts

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Enter an element."""
        name = tag.rpartition("}")[2]
        if self._skipped or name in _SKIPPED:
            self._skipped += 1
        elif name == "pPr" or self._properties is not None:
            self._properties = {**(self._properties or {}), name: attribute(attributes, "val")}
        elif self._formula is not None or name == "oMath":
            self._start_of_formula(tag, attributes)
        elif name in _BLOCKS or name == _TEXT_BOX:
            self._set_script("")
            self._collector.start(_BLOCKS.get(name, _BESIDE), {})
        elif name in _PICTURES:
            self._collector.start("img", {})
            self._collector.end("img")
        elif name.removesuffix("Reference") in NOTES:
            self._note(name.removesuffix("Reference"), attribute(attributes, "id"))
        else:
            self._run(name, attributes)

    def end(self, tag: str) -> None:
        """Leave an element."""
        name = tag.rpartition("}")[2]
        if self._skipped:
            self._skipped -= 1
        elif self._properties is not None:
            self._end_of_properties(name)
        elif self._formula is not None:
            self._end_of_formula(tag)
        elif name in _BLOCKS or name == _TEXT_BOX:
            self._set_script("")
            self._collector.end(_BLOCKS.get(name, _BESIDE))
            if name == "p":
                self._collector.number("")  # that of a paragraph without text
        elif name == "t":
            self._is_text = False
        elif name == "oMathPara":
            self._is_block = False

    def data(self, text: str) -> None:
        """Take text."""
        if self._skipped:
            return
        if self._formula is not None:
            self._formula.data(text)
        elif self._is_text and not self._style.is_hidden:
            self._write(with_symbols(self._style.font, text))

    def close(self) -> str:
        """Return the whole text."""
        return self._collector.close()

    def tell(self, element: ElementTree.Element) -> None:
        """Take a parsed element as if it came from a parser."""
        for event, each in _events(element):
            if event == "start":
                self.start(each.tag, each.attrib)
                self.data(each.text or "")
            else:
                self.end(each.tag)

    def _run(self, name: str, attributes: dict[str, str]) -> None:
        if name == "r":
            self._style = RunStyle()
        elif name == "rStyle":
            self._style = self._styles.style(attribute(attributes, "val"))
        elif name == "t":
            self._is_text = True
        elif name == "br":
            self._collector.start("br", {})
            self._collector.end("br")
        elif name == "oMathPara":
            self._is_block = True
        elif name in _WIDTHS:
            self._width(name, attribute(attributes, "val"))
        elif name == "sym" and not self._style.is_hidden:
            self._symbol(attribute(attributes, "font"), attribute(attributes, "char"))
        elif name in _CHARACTERS and not self._style.is_hidden:
            self._write(_CHARACTERS[name])
        else:
            self._style.take(name, attributes)

    def _symbol(self, font: str, code: str) -> None:
        found = symbol(font, int(code, 16)) if re.fullmatch(r"[0-9A-Fa-f]{1,6}", code) else None
        self.num_unknown_symbols += found is None
        self._write(found or "")

    def _write(self, text: str) -> None:
        self._set_script(self._style.script)
        self._collector.data(text)

    def _width(self, name: str, columns: str) -> None:
        """Take how many columns a cell spans, or a row leaves out; cells under others stand in the file, empty."""
        table = self._collector.table
        if table is None or not columns.isdecimal():
            return
        number = int(columns[:_MAX_DIGITS])
        if name == "gridSpan":
            table.widen_cell(number)
        else:
            table.start_cell(Span(number))

    def _set_script(self, name: str) -> None:
        if name != self._open_script:
            if self._open_script:
                self._collector.end(self._open_script)
            if name:
                self._collector.start(name, {})
            self._open_script = name

    def _end_of_properties(self, name: str) -> None:
        if name == "pPr" and self._properties is not None:
            found, self._properties = self._properties, None
            use, level, style = (found.get(each, "") for each in ("numId", "ilvl", "pStyle"))
            if written := self._numbers.number(use, level, style):
                self._collector.number(written)

    def _start_of_formula(self, tag: str, attributes: dict[str, str]) -> None:
        if self._formula is None:
            self._set_script("")
            self._formula = ElementTree.TreeBuilder()
        self._formula.start(tag, attributes)
        self._formula_depth += 1

    def _end_of_formula(self, tag: str) -> None:
        assert self._formula is not None
        self._formula.end(tag)
        self._formula_depth -= 1
        if not self._formula_depth:
            tree, self._formula = self._formula.close(), None
            omml.tell(tree, self._collector, is_block=self._is_block)

    def _note(self, kind: str, number: str) -> None:
        text = self._notes.get(kind, {}).get(number, "")
        if text:
            self.num_notes += 1
            self._collector.start(_BESIDE, {})
            self._collector.data(text)
            self._collector.end(_BESIDE)


def _events(root: ElementTree.Element) -> Iterator[tuple[str, ElementTree.Element]]:
    """Walk a tree without recursion."""
    waiting = [("end", root), ("start", root)]
    while waiting:
        event, element = waiting.pop()
        yield event, element
        if event == "start":
            for child in reversed(element):
                waiting += [("end", child), ("start", child)]


def attribute(attributes: dict[str, str], name: str) -> str:
    """Return the attribute of a name in whatever namespace; "" where there is none."""
    return next((value for key, value in attributes.items() if key.rpartition("}")[2] == name), "")
