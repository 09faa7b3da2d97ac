"""Slides (.pptx), spreadsheets (.xlsx, .xls, .ods), RTF and OpenDocument texts, each parsed in a sandbox.

Slides are one document, a slide a paragraph block with its notes; a spreadsheet is a document per sheet, its rows those
of a Markdown table. Not read: pictures, charts, formulas (their values are), hidden sheets' names, macros.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

from cpt_pipeline.corpus.collect.markup_tables import Table
from cpt_pipeline.corpus.collect.odt import parse_odt
from cpt_pipeline.corpus.collect.office_params import OfficeParams
from cpt_pipeline.corpus.collect.reading import Reading
from cpt_pipeline.corpus.collect.rtf import rtf_text
from cpt_pipeline.corpus.collect.sandbox import Sandbox, SandboxError
from cpt_pipeline.corpus.collect.slides import frame_text
from cpt_pipeline.corpus.collect.zipped import ZipFault, ZipMembers

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")

Parser = Callable[[bytes, OfficeParams], list[Reading]]


def read_office(parse: Parser, raw: bytes, params: OfficeParams, sandbox: Sandbox) -> Iterator[Reading]:
    """Yield the readings of a file by one of the parsers here; what the sandbox ends is a reading with its reason."""
    if raw.startswith(_OLE) and _ENCRYPTED_PACKAGE in raw:
        yield Reading("", reason="encrypted", detail="needs a password")
        return
    try:
        yield from sandbox.call(parse, raw, params)
    except SandboxError as error:
        yield Reading("", reason=error.reason, detail=error.detail)


def parse_rtf(raw: bytes, params: OfficeParams) -> list[Reading]:
    """Return the text of an RTF file; call it in a sandbox. Reasons: `not_rtf`, `too_large`."""
    if not raw.lstrip().startswith(b"{\\rtf"):
        return [Reading("", reason="not_rtf", detail="does not begin as RTF does")]
    try:
        text = rtf_text(raw.decode("latin-1"))
    except (ValueError, LookupError, IndexError, TypeError) as error:
        return [Reading("", reason="not_rtf", detail=str(error)[:200])]
    return [_capped("", text, params)]


def parse_pptx(raw: bytes, params: OfficeParams) -> list[Reading]:
    """Return the text of slides in their order; call it in a sandbox. Reasons: `not_pptx` and those of a zip."""
    from pptx import Presentation
    from pptx.exc import PythonPptxError

    if (fault := _find_fault(raw, params)) is not None:
        return [_refused(fault, "not_pptx")]
    try:
        show = Presentation(io.BytesIO(raw))
        slides = [_slide_text(slide) for slide in show.slides]
    except (PythonPptxError, KeyError, ValueError, AttributeError, SyntaxError, TypeError) as error:
        return [Reading("", reason="not_pptx", detail=f"{type(error).__name__}: {error}"[:200])]
    title = (show.core_properties.title or "").strip()
    reading = _capped("", "\n\n".join(filter(None, slides)), params)
    fields = {"slides": len(slides), **({"title": title} if title else {})}
    return [Reading("", reading.text, reading.reason, reading.detail, fields)]


def _slide_text(slide: Any) -> str:
    parts = [text for shape in slide.shapes for text in _shape_texts(shape)]
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    return "\n\n".join(filter(None, [*parts, frame_text(notes) if notes is not None else ""]))


def _shape_texts(shape: Any) -> Iterator[str]:
    if hasattr(shape, "shapes"):
        for inner in shape.shapes:
            yield from _shape_texts(inner)
    elif getattr(shape, "has_table", False):
        yield from _table([[frame_text(cell.text_frame) for cell in row.cells] for row in shape.table.rows])
    elif shape.has_text_frame:
        yield frame_text(shape.text_frame)


def parse_sheets(raw: bytes, params: OfficeParams) -> list[Reading]:
    """Return a reading per sheet with text, at `#1`, `#2`; call it in a sandbox. Reasons: `not_spreadsheet`, ..."""
    from python_calamine import CalamineError, CalamineWorkbook

    if not raw.startswith(_OLE) and (fault := _find_fault(raw, params)) is not None:
        return [_refused(fault, "not_spreadsheet")]
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        sheets = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=True)) for name in book.sheet_names]
    except (CalamineError, ValueError, OSError) as error:
        return [Reading("", reason="not_spreadsheet", detail=str(error)[:200])]
    readings = []
    for number, (name, rows) in enumerate(sheets, start=1):
        text = "\n\n".join(_table([[_cell(value) for value in row] for row in rows]))
        if text:
            reading = _capped(f"#{number}", text, params)
            fields = {"title": name, "tables": 1}
            readings.append(Reading(reading.position, reading.text, reading.reason, reading.detail, fields))
    return readings or [Reading("", reason="empty", detail="no cell holds anything")]


def _cell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return " ".join(str(value).split())


def _table(rows: list[list[str]]) -> list[str]:
    table = Table()
    for row in rows:
        table.start_row()
        for cell in row:
            table.start_cell()
            table.add(" ".join(cell.split()))
        table.end_row()
    return table.paragraphs()


def _find_fault(raw: bytes, params: OfficeParams) -> ZipFault | None:
    """Return what the caps say against a zip, all of which its parser will unpack."""
    try:
        members = ZipMembers(raw, params.zip)
        for name in members.names:
            if name.endswith((".xml", ".rels")):
                members.read(name)
    except ZipFault as fault:
        return fault
    return None


def _refused(fault: ZipFault, otherwise: str) -> Reading:
    reason = otherwise if fault.reason in ("not_zip", "missing_part") else fault.reason
    return Reading("", reason=reason, detail=fault.detail)


def _capped(position: str, text: str, params: OfficeParams) -> Reading:
    if len(text) > params.max_chars:
        return Reading(position, reason="too_large", detail=f"more than max_chars {params.max_chars} characters")
    return Reading(position, text.encode("utf-8", "replace").decode("utf-8"))


OFFICE: dict[str, Parser] = {
    ".odt": parse_odt,
    ".rtf": parse_rtf,
    ".pptx": parse_pptx,
    ".xlsx": parse_sheets,
    ".xls": parse_sheets,
    ".ods": parse_sheets,
}
"""Suffix to parser."""
