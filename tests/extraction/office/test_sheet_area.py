"""Sheets whose last cell is far away: all values are kept, in their rows and under their headings; nothing is large."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
import xlsxwriter

from cpt_pipeline.extraction.office.office import OFFICE, read_office
from cpt_pipeline.extraction.office.params import OfficeParams
from cpt_pipeline.extraction.office.sheet_area import without_empty_area
from cpt_pipeline.extraction.office.zipped import ZipMembers, ZipParams
from cpt_pipeline.extraction.sandbox import Sandbox
from tests.extraction.office.test_zipped import write_zip

NAMES = "urn:oasis:names:tc:opendocument:xmlns"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seconds=30) as made:
        yield made


def texts(kind: str, raw: bytes, sandbox: Sandbox) -> list[tuple[str, str | None]]:
    return [(each.text, each.reason) for each in read_office(OFFICE[kind], raw, OfficeParams(), sandbox)]


def excel(*cells: tuple[str, object], said: str = "") -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        for place, value in cells:
            sheet.write(place, value)
        sheet.write_blank("Q77777", None, book.add_format({"bold": True}))
    members = ZipMembers(buffer.getvalue(), ZipParams())
    parts = {name: members.read(name) for name in members.names}
    sheet_xml = parts["xl/worksheets/sheet1.xml"]
    begin, end = sheet_xml.index(b"<dimension"), sheet_xml.index(b"<sheetViews")
    parts["xl/worksheets/sheet1.xml"] = sheet_xml[:begin] + said.encode() + sheet_xml[end:]
    return write_zip(parts)


def row(*cells: str, said: str = "") -> str:
    return f"<table:table-row {said}>{''.join(cells)}</table:table-row>"


def cell(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def nothing(number: int) -> str:
    return f'<table:table-cell table:number-columns-repeated="{number}"/>'


def open_document(*rows: str) -> bytes:
    content = (
        f'<office:document-content xmlns:office="{NAMES}:office:1.0" xmlns:table="{NAMES}:table:1.0" '
        f'xmlns:text="{NAMES}:text:1.0"><office:body><office:spreadsheet><table:table table:name="One">{"".join(rows)}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    return write_zip(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content.encode(),
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{NAMES}:manifest:1.0"/>'.encode(),
        }
    )


EXPECTED = "| name | area |  |\n|---|---|---|\n| mitral | 4 |  |\n|  |  | stray |"
FAR = (("B2", "name"), ("D2", "area"), ("B3", "mitral"), ("D3", 4), ("XFD1048576", "stray"))


@pytest.mark.feature(172)
@pytest.mark.parametrize("said", ["", '<dimension ref="A1:XFD1048576"/>', '<dimension ref="A1"/>'])
def test_a_stray_cell_of_excel_costs_one_row_and_one_column(said: str, sandbox: Sandbox) -> None:
    assert texts(".xlsx", excel(*FAR, said=said), sandbox) == [(EXPECTED, None)]


EMPTY_ROWS = 'table:number-rows-repeated="{}"'


@pytest.mark.feature(172)
def test_a_stray_cell_of_open_document_costs_one_row_and_one_column(sandbox: Sandbox) -> None:
    first = (row(cell("name"), cell("area"), nothing(16_382)), row(cell("mitral"), cell("4"), nothing(16_382)))
    between = row(nothing(16_384), said=EMPTY_ROWS.format(1_048_573))
    raw = open_document(*first, between, row(nothing(16_383), cell("stray")))
    assert texts(".ods", raw, sandbox) == [(EXPECTED, None)]


def test_a_sheet_of_usual_size_stays_as_it_is() -> None:
    trailing = row(nothing(16_384), said=EMPTY_ROWS.format(1_048_574))
    whole = open_document(row(cell("a"), cell("b"), nothing(16_382)), row(cell("1"), nothing(16_383)), trailing)
    for raw in (whole, excel(("A1", 1), ("B2", 2)), excel(("A1", 1), ("B2", 2), said='<dimension ref="A1:B2"/>')):
        assert without_empty_area(raw, ZipMembers(raw, ZipParams())) == raw


def test_repeated_and_covered_cells_of_open_document_keep_their_places(sandbox: Sandbox) -> None:
    twice = '<table:table-cell office:value-type="float" office:value="7" table:number-columns-repeated="2"/>'
    gone = row(nothing(16_384), said=EMPTY_ROWS.format(5000))
    rows = (row(cell("a"), "<table:covered-table-cell/>", cell("b"), cell("c")), gone, row(nothing(2), twice))
    expected = "| a | b | c |\n|---|---|---|\n|  | 7 | 7 |"
    assert texts(".ods", open_document(*rows), sandbox) == [(expected, None)]
