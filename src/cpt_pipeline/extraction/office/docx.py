"""Word files (.docx): one record, read from the XML of the document as a stream.

Not python-docx: that builds a tree of every part, pictures included, and gives neither formulas nor footnotes. The
words are told to `markup` as HTML by `docx_words`, so tables, formulas, pictures and scripts follow the same rules and
counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.extraction.markup.markup import TooMuchTextError
from cpt_pipeline.extraction.office.docx_numbers import Numbers
from cpt_pipeline.extraction.office.docx_styles import RunStyles
from cpt_pipeline.extraction.office.docx_words import NOTES, Words, attribute
from cpt_pipeline.extraction.office.zipped import ZipFault, ZipMembers, ZipParams, resolve
from cpt_pipeline.extraction.reading import Reading
from cpt_pipeline.extraction.sandbox import Sandbox, SandboxError

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_RELATIONS = "_rels/.rels"
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
        notes = {kind: _notes(members, name, kind, run_styles, params.max_chars) for kind in NOTES}
        numbers = Numbers(_part(members, name, _NUMBERING), styles)
        words = Words(notes, params.max_chars, numbers, run_styles)
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


def _parse(raw: bytes, target: Words) -> str:
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
        words = Words({}, max_chars, Numbers(None, None), styles)
        words.tell(note)
        notes[attribute(note.attrib, "id")] = words.close()
    return notes
