"""Slides (.pptx), spreadsheets (.xlsx, .xls, .ods), RTF and OpenDocument texts, each parsed in a sandbox.

Slides are one document, a slide a paragraph block with its notes; a spreadsheet is a document per sheet, its rows those
of a Markdown table. Not read: pictures, charts, formulas (their values are), hidden sheets' names, macros.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from cpt_pipeline.extraction.markup.tables import Table
from cpt_pipeline.extraction.office.odt import parse_odt
from cpt_pipeline.extraction.office.params import OfficeParams
from cpt_pipeline.extraction.office.rtf import rtf_paragraphs
from cpt_pipeline.extraction.office.sheet_area import without_empty_area
from cpt_pipeline.extraction.office.slide_lists import marked_paragraphs
from cpt_pipeline.extraction.office.slides import frame_text
from cpt_pipeline.extraction.office.zipped import ZipFault, ZipMembers
from cpt_pipeline.extraction.reading import Reading
from cpt_pipeline.extraction.sandbox import Sandbox, SandboxError

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
        paragraphs, num_tables = rtf_paragraphs(raw.decode("latin-1"))
    except (ValueError, LookupError, IndexError, TypeError) as error:
        return [Reading("", reason="not_rtf", detail=str(error)[:200])]
    reading = _capped("", "\n\n".join(paragraphs), params)
    return [replace(reading, fields={"tables": num_tables})]


def parse_pptx(raw: bytes, params: OfficeParams) -> list[Reading]:
    """Return the text of slides in their order; call it in a sandbox. Reasons: `not_pptx` and those of a zip."""
    from pptx import Presentation
    from pptx.exc import PythonPptxError

    try:
        _check(raw, params)
    except ZipFault as fault:
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
        rows = shape.table.rows
        yield from _table(
            [["" if cell.is_spanned else frame_text(cell.text_frame) for cell in row.cells] for row in rows]
        )
    elif shape.has_text_frame:
        yield from marked_paragraphs(shape)


def parse_sheets(raw: bytes, params: OfficeParams) -> list[Reading]:
    """Return a reading per sheet with text, at `#1`, `#2`; call it in a sandbox. Reasons: `not_spreadsheet`, ..."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        if not raw.startswith(_OLE):
            _check(raw, params)
            raw = without_empty_area(raw, ZipMembers(raw, params.zip))
    except ZipFault as fault:
        return [_refused(fault, "not_spreadsheet")]
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        sheets = [(name, _sheet(book.get_sheet_by_name(name).iter_rows())) for name in book.sheet_names]
    except (CalamineError, ValueError, OSError) as error:
        return [Reading("", reason="not_spreadsheet", detail=str(error)[:200])]
    readings = []
    for number, (name, text) in enumerate(sheets, start=1):
        if text:
            reading = _capped(f"#{number}", text, params)
            fields = {"title": name, "tables": 1}
            readings.append(Reading(reading.position, reading.text, reading.reason, reading.detail, fields))
    return readings or [Reading("", reason="empty", detail="no cell holds anything")]


def _sheet(rows: Iterable[list[Any]]) -> str:
    table = Table()
    for row in rows:
        table.add_row({column: _cell(value) for column, value in enumerate(row) if value != ""})
    return "\n".join(table.lines())


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


def _check(raw: bytes, params: OfficeParams) -> None:
    """Raise `ZipFault` for a zip beyond the caps, all of which its parser will unpack."""
    members = ZipMembers(raw, params.zip)
    for name in members.names:
        if name.endswith((".xml", ".rels")):
            members.read(name)


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
