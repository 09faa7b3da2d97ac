"""Slides, spreadsheets, RTF: their text in order; what is broken, locked or a bomb costs itself."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pptx
import pytest
import xlsxwriter
from lxml import etree

from cpt_pipeline.extraction.office.office import OFFICE, read_office
from cpt_pipeline.extraction.office.params import OfficeParams
from cpt_pipeline.extraction.reading import Reading
from cpt_pipeline.extraction.sandbox import Sandbox
from tests.extraction.office.test_zipped import write_zip


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seconds=30) as made:
        yield made


def read(kind: str, raw: bytes, sandbox: Sandbox, **caps: object) -> list[Reading]:
    return list(read_office(OFFICE[kind], raw, OfficeParams.model_validate(caps), sandbox))


def slides() -> bytes:
    show = pptx.Presentation()
    show.core_properties.title = "Valves"
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = "The mitral valve"
    slide.placeholders[1].text = "It closes.\nIt opens."
    slide.notes_slide.notes_text_frame.text = "Say this slowly."
    table = slide.shapes.add_table(2, 2, 0, 0, 914400, 914400).table
    for row in range(2):
        for column in range(2):
            table.cell(row, column).text = f"{row}|{column}"
    group = show.slides.add_slide(show.slide_layouts[6]).shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, 914400, 914400).text_frame.text = "第二页"
    buffer = io.BytesIO()
    show.save(buffer)
    return buffer.getvalue()


def sheets() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        first = book.add_worksheet("Areas")
        for number, row in enumerate([("name", "area"), ("mitral", 4), ("aortic", 3.25)]):
            first.write_row(number, 0, row)
        book.add_worksheet("Empty")
        book.add_worksheet("Third").write(2, 2, "瓣膜")
    return buffer.getvalue()


@pytest.mark.feature(172)
def test_slides_come_in_their_order_with_tables_and_notes(sandbox: Sandbox) -> None:
    (reading,) = read(".pptx", slides(), sandbox)
    assert reading.text == (
        "The mitral valve\n\n- It closes.\n\n- It opens.\n\n| 0\\|0 | 0\\|1 |\n|---|---|\n| 1\\|0 | 1\\|1 |\n\n"
        "Say this slowly.\n\n第二页"
    )
    assert reading.fields == {"slides": 2, "title": "Valves"}


@pytest.mark.feature(173)
def test_scripts_symbols_and_formulas_of_slides_are_written(sandbox: Sandbox) -> None:
    show = pptx.Presentation()
    frame = show.slides.add_slide(show.slide_layouts[6]).shapes.add_textbox(0, 0, 914400, 914400).text_frame
    paragraph = frame.paragraphs[0]
    for text, baseline in (("10", 0), ("-", 30000), ("5", 30000), (" m, H", 0), ("2", -25000), ("O \uf0fc", 0)):
        run = paragraph.add_run()
        run.text = text
        run._r.get_or_add_rPr().set("baseline", str(baseline))
    symbols = etree.SubElement(run._r.get_or_add_rPr(), run._r.nsmap["a"].join("{}") + "sym")
    symbols.set("typeface", "Wingdings")
    paragraph.add_line_break()
    office = "http://schemas.microsoft.com/office/drawing/2010/main"
    math = "http://schemas.openxmlformats.org/officeDocument/2006/math"
    paragraph._p.append(
        etree.fromstring(
            f"<a14:m xmlns:a14='{office}' xmlns:m='{math}'><m:oMath><m:r><m:t>x</m:t></m:r></m:oMath></a14:m>"
        )
    )
    buffer = io.BytesIO()
    show.save(buffer)
    assert [each.text for each in read(".pptx", buffer.getvalue(), sandbox)] == ["10^-5 m, H_2O ✓\n\n$x$"]


@pytest.mark.feature(172)
def test_sheets_are_documents_of_their_own(sandbox: Sandbox) -> None:
    areas = "| name | area |\n|---|---|\n| mitral | 4 |\n| aortic | 3.25 |"
    found = [(each.position, each.text, each.fields["title"]) for each in read(".xlsx", sheets(), sandbox)]
    assert found == [("#1", areas, "Areas"), ("#3", "| 瓣膜 |\n|---|", "Third")]


@pytest.mark.feature(172)
def test_the_text_of_rtf_is_decoded(sandbox: Sandbox) -> None:
    raw = (
        rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Times;}}{\b Caf\'e9} \u27721?\u23383?.\par "
        rb"10{\super -5}\u-10179?\u-8704?{\footnote Note.} m.{\*\generator x}\par}"
    )
    assert [each.text for each in read(".rtf", raw, sandbox)] == ["Café 汉字.\n\n10^-5😀 m.\n\nNote."]
    assert [each.reason for each in read(".rtf", b"no rtf", sandbox)] == ["not_rtf"]


@pytest.mark.parametrize("kind", [".pptx", ".xlsx", ".ods", ".odt"])
def test_what_is_broken_locked_or_a_bomb_costs_itself(kind: str, sandbox: Sandbox) -> None:
    bomb = write_zip({"content.xml": b" " * (8 << 20), "xl/workbook.xml": b" " * (8 << 20)})
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    own = {".pptx": "not_pptx", ".odt": "not_odt"}.get(kind, "not_spreadsheet")
    assert [each.reason for each in read(kind, b"PK\x03\x04 cut", sandbox)] == [own]
    assert [each.reason for each in read(kind, write_zip({"a.xml": b"<a/>"}), sandbox)] == [own]
    assert [each.reason for each in read(kind, locked, sandbox)] == ["encrypted"]
    assert [each.reason for each in read(kind, bomb, sandbox)] == ["zip_bomb"]


def test_values_of_merged_cells_of_a_sheet_stand_under_their_headings(sandbox: Sandbox) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        for cells, text in (("A1:A2", "region"), ("B1:C1", "cases"), ("A3:A4", "north")):
            sheet.merge_range(cells, text)
        for number, row in enumerate([("men", "women"), (1, 2), (0, 4)], start=1):
            sheet.write_row(number, 1, row)
    expected = "| region | cases |  |\n|---|---|---|\n|  | men | women |\n| north | 1 | 2 |\n|  | 0 | 4 |"
    assert [each.text for each in read(".xlsx", buffer.getvalue(), sandbox)] == [expected]


def test_more_text_than_the_cap_is_excluded(sandbox: Sandbox) -> None:
    assert [each.reason for each in read(".xlsx", sheets(), sandbox, max_chars=20)] == ["too_large", None]
    assert [each.reason for each in read(".pptx", slides(), sandbox, max_chars=20)] == ["too_large"]
