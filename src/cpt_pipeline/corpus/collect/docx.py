"""Word files (.docx): one record, read from the XML of the document as a stream.

Not python-docx: that builds a tree of every part, pictures included, and gives neither formulas nor footnotes. The
words of WordprocessingML are told to `markup` as HTML, so tables, formulas, pictures and scripts follow the same rules
and counts; numbers of lists come from `docx_numbers`. Notes and text boxes are paragraphs behind the one that they
stand in. Symbols of fonts are those of Unicode; unknown ones are left out and counted. Left out: deleted text, field
codes, hidden text, headers and footers, comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.collect import omml
from cpt_pipeline.corpus.collect.docx_numbers import Numbers
from cpt_pipeline.corpus.collect.docx_styles import RunStyle, RunStyles
from cpt_pipeline.corpus.collect.markup import ParagraphCollector, TooMuchTextError
from cpt_pipeline.corpus.collect.reading import Reading
from cpt_pipeline.corpus.collect.sandbox import Sandbox, SandboxError
from cpt_pipeline.corpus.collect.symbols import symbol, with_symbols
from cpt_pipeline.corpus.collect.zipped import ZipFault, ZipMembers, ZipParams, resolve

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_RELATIONS = "_rels/.rels"
_BLOCKS = {"p": "p", "tbl": "table", "tr": "tr", "tc": "td"}
_SKIPPED = frozenset(("del", "moveFrom", "Fallback", "rt", "instrText", "delText", "sectPr", "pPrChange"))
"""Fallback doubles what stands beside it for old programs; rt is the reading of a ruby."""
_PICTURES = frozenset(("drawing", "pict", "object"))
_CHARACTERS = {"tab": " ", "ptab": " ", "noBreakHyphen": "-", "cr": " "}
_TEXT_BOX = "txbxContent"
_BESIDE = "footnote"
"""What a note and a text box are to the collector."""
_NOTES = ("footnote", "endnote")
_NUMBERING, _STYLES = "numbering.xml", "styles.xml"


class DocxParams(Params):
    """Caps of Word files."""

    zip: ZipParams = ZipParams()
    max_chars: int = Field(32 << 20, ge=1)
    """A document with more text is excluded as `too_large`."""


def read_docx(raw: bytes, params: DocxParams, sandbox: Sandbox) -> Iterator[Reading]:
    """Give one reading, of the whole file.

    Reasons: `not_docx`, `encrypted`, `zip_bomb`, `too_large`, `empty`, and those of the sandbox. `fields` counts
    tables, formulas, images and notes.
    """
    if raw.startswith(_OLE):
        locked = _ENCRYPTED_PACKAGE in raw
        detail = "needs a password" if locked else "a binary Word file (.doc); save it as .docx"
        yield Reading("", reason="encrypted" if locked else "not_docx", detail=detail)
        return
    try:
        yield sandbox.call(parse_docx, raw, params)
    except SandboxError as error:
        yield Reading("", reason=error.reason, detail=error.detail)


def parse_docx(raw: bytes, params: DocxParams) -> Reading:
    """Give the reading of `read_docx`; call it in a sandbox."""
    try:
        members = ZipMembers(raw, params.zip)
        name = _main_part(members)
        styles = _part(members, name, _STYLES)
        run_styles = RunStyles(styles)
        notes = {kind: _notes(members, name, kind, run_styles, params.max_chars) for kind in _NOTES}
        numbers = Numbers(_part(members, name, _NUMBERING), styles)
        words = _Words(notes, params.max_chars, numbers, run_styles)
        text = _parse(members.read(name), words)
        title = _title(members)
    except ZipFault as fault:
        reason = "not_docx" if fault.reason in ("not_zip", "missing_part") else fault.reason
        return Reading("", reason=reason, detail=fault.detail)
    except TooMuchTextError:
        return Reading("", reason="too_large", detail=f"more than max_chars {params.max_chars} characters")
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        return Reading("", reason="not_docx", detail=str(error)[:200])
    fields = {**words.counts, "notes": words.num_notes, **({"title": title} if title else {})}
    fields |= {"unknown_symbols": words.num_unknown_symbols} if words.num_unknown_symbols else {}
    return Reading("", text, None if text else "empty", fields=fields)


def _main_part(members: ZipMembers) -> str:
    relations = ElementTree.fromstring(members.read(_RELATIONS))
    for each in relations:
        if each.get("Type", "").endswith("/officeDocument"):
            name = resolve("", each.get("Target", "").lstrip("/"))
            if name is not None and "word" in name.lower():
                return name
    raise ZipFault("missing_part", "no Word document is named in _rels/.rels")


def _title(members: ZipMembers) -> str:
    if "docProps/core.xml" not in members:
        return ""
    return (ElementTree.fromstring(members.read("docProps/core.xml")).findtext("./{*}title") or "").strip()


def _parse(raw: bytes, target: _Words) -> str:
    parser = ElementTree.XMLParser(target=target)
    parser.feed(raw)
    text: Any = parser.close()
    return str(text)


def _part(members: ZipMembers, document: str, part: str) -> bytes | None:
    name = resolve(document, part)
    return members.read(name) if name is not None and name in members else None


def _notes(members: ZipMembers, document: str, kind: str, styles: RunStyles, max_chars: int) -> dict[str, str]:
    """Give the notes by their number; separators, which Word keeps among them, are empty."""
    raw = _part(members, document, f"{kind}s.xml")
    notes: dict[str, str] = {}
    for note in () if raw is None else ElementTree.fromstring(raw):
        words = _Words({}, max_chars, Numbers(None, None), styles)
        words.tell(note)
        notes[_attribute(note.attrib, "id")] = words.close()
    return notes


class _Words:
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
        name = tag.rpartition("}")[2]
        if self._skipped or name in _SKIPPED:
            self._skipped += 1
        elif name == "pPr" or self._properties is not None:
            self._properties = {**(self._properties or {}), name: _attribute(attributes, "val")}
        elif self._formula is not None or name == "oMath":
            self._start_of_formula(tag, attributes)
        elif name in _BLOCKS or name == _TEXT_BOX:
            self._set_script("")
            self._collector.start(_BLOCKS.get(name, _BESIDE), {})
        elif name in _PICTURES:
            self._collector.start("img", {})
            self._collector.end("img")
        elif name.removesuffix("Reference") in _NOTES:
            self._note(name.removesuffix("Reference"), _attribute(attributes, "id"))
        else:
            self._run(name, attributes)

    def end(self, tag: str) -> None:
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
        elif name == "t":
            self._is_text = False
        elif name == "oMathPara":
            self._is_block = False

    def data(self, text: str) -> None:
        if self._skipped:
            return
        if self._formula is not None:
            self._formula.data(text)
        elif self._is_text and not self._style.is_hidden:
            self._write(with_symbols(self._style.font, text))

    def close(self) -> str:
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
            self._style = self._styles.style(_attribute(attributes, "val"))
        elif name == "t":
            self._is_text = True
        elif name == "br":
            self._collector.start("br", {})
            self._collector.end("br")
        elif name == "oMathPara":
            self._is_block = True
        elif name == "sym" and not self._style.is_hidden:
            self._symbol(_attribute(attributes, "font"), _attribute(attributes, "char"))
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


def _attribute(attributes: dict[str, str], name: str) -> str:
    return next((value for key, value in attributes.items() if key.rpartition("}")[2] == name), "")
