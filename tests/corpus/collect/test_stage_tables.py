"""One table with merged cells and one list in many formats: the stage makes the same text of each."""

from __future__ import annotations

import io
from pathlib import Path

import docx
import pptx
import pytest
import xlsxwriter

from tests.corpus.collect.test_stage_formats import SENTENCE, collect, kept, write
from tests.extraction.office.test_epub import book, page
from tests.extraction.office.test_odt import odt

TEXTS = (("region", "cases", ""), ("", "men", "women"), ("north", "1", "2"), ("", "3", "4"))
SPANS = (((0, 0), (1, 0)), ((0, 1), (0, 2)), ((2, 0), (3, 0)))
TABLE = "| region | cases |  |\n|---|---|---|\n|  | men | women |\n| north | 1 | 2 |\n|  | 3 | 4 |"
HTML = (
    "<table><tr><th rowspan='2'>region</th><th colspan='2'>cases</th></tr><tr><th>men</th><th>women</th></tr>"
    "<tr><td rowspan='2'>north</td><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>"
)
ITEMS = "<ul><li>mitral</li><li>aortic</li></ul>"
EDGES = r"\trowd\cellx2000\cellx4000\cellx6000 "


def saved(made: object) -> bytes:
    held = io.BytesIO()
    made.save(held)  # type: ignore[attr-defined]
    return held.getvalue()


def word_file() -> bytes:
    made = docx.Document()
    for text in ("mitral", "aortic"):
        made.add_paragraph(text, style="List Bullet")
    fill(made.add_table(4, 3))
    return saved(made)


def slides() -> bytes:
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.placeholders[1].text = "mitral\naortic"
    fill(slide.shapes.add_table(4, 3, 0, 0, 914400, 914400).table)
    return saved(show)


def fill(table: object) -> None:
    cell = table.cell  # type: ignore[attr-defined]
    for row, texts in enumerate(TEXTS):
        for column, text in enumerate(texts):
            cell(row, column).text = text
    for first, last in SPANS:
        cell(*first).merge(cell(*last))


def sheet() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as made:
        cells = made.add_worksheet()
        for row, texts in enumerate(TEXTS):
            for column, text in enumerate(texts):
                cells.write(row, column, text)
        for (row, column), last in SPANS:
            cells.merge_range(row, column, *last, TEXTS[row][column])
        cells.write("XFD1048576", "stray")
    return buffer.getvalue()


def open_document() -> bytes:
    covered = "<table:covered-table-cell/>"
    wide, high = 'table:number-columns-spanned="2"', 'table:number-rows-spanned="2"'

    def cells(*texts: str, said: str = "") -> str:
        return "".join(f"<table:table-cell {said}><text:p>{text}</text:p></table:table-cell>" for text in texts)

    rows = (
        cells("region", said=high) + cells("cases", said=wide) + covered,
        covered + cells("men", "women"),
        cells("north", said=high) + cells("1", "2"),
        covered + cells("3", "4"),
    )
    items = "".join(f"<text:list-item><text:p>{text}</text:p></text:list-item>" for text in ("mitral", "aortic"))
    written = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    return odt(f'<text:list text:style-name="B">{items}</text:list><table:table>{written}</table:table>')


def rich_text() -> bytes:
    item = r"{\listtext\pard\plain \u8226?\tab}"
    rows = (
        r"\trowd\cellx2000\cellx6000 region\cell cases\cell",
        *(" \\cell ".join(row) + r"\cell" for row in TEXTS[1:]),
    )
    table = "".join((EDGES if number else "") + row + r"\row" for number, row in enumerate(rows))
    return rf"{{\rtf1\ansi {item}mitral\par {item}aortic\par {table}}}".encode()


@pytest.mark.feature(172)
@pytest.mark.feature(173)
def test_merged_cells_and_bullets_are_the_same_in_every_format(tmp_path: Path) -> None:
    tei = (
        "<table><row><cell rows='2'>region</cell><cell cols='2'>cases</cell></row><row><cell>men</cell>"
        "<cell>women</cell></row><row><cell rows='2'>north</cell><cell>1</cell><cell>2</cell></row>"
        "<row><cell>3</cell><cell>4</cell></row></table>"
    )
    items = "<list list-type='bullet'><list-item>mitral</list-item><list-item>aortic</list-item></list>"
    points = "<list rend='bulleted'><item>mitral</item><item>aortic</item></list>"
    files: dict[str, bytes | str] = {
        "a.docx": word_file(),
        "b.odt": open_document(),
        "c.rtf": rich_text(),
        "d.pptx": slides(),
        "e.epub": book({"c.xhtml": page(ITEMS + HTML)}),
        "f.nxml": f"<article><body>{items}<table-wrap>{HTML}</table-wrap></body></article>",
        "g.tei": f"<TEI><text><body>{points}{tei}</body></text></TEI>",
        "h.html": f"<html><body><article><p>{SENTENCE}</p>{ITEMS}{HTML}<p>{SENTENCE}</p></article></body></html>",
        "i.xlsx": sheet(),
    }
    collect(tmp_path, {"name": "own", "path": write(tmp_path / "own", files)})
    found = kept(tmp_path)
    both = f"- mitral\n\n- aortic\n\n{TABLE}"
    for name in ("a.docx", "b.odt", "c.rtf", "d.pptx", "e.epub#1", "f.nxml", "g.tei"):
        assert (name, found[f"own/{name}"]) == (name, both)
    assert TABLE in found["own/h.html"] and "- mitral\n- aortic" in found["own/h.html"]
    with_stray = "\n".join(f"{line}{'---|' if '---' in line else '  |'}" for line in TABLE.splitlines())
    assert found["own/i.xlsx#1"] == f"{with_stray}\n|  |  |  | stray |"
