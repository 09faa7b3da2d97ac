"""Bullets and numbers of slides, from the paragraph, its shape, the layout or the master."""

from __future__ import annotations

import io
from typing import Any

import pptx
import pytest
from lxml import etree

from cpt_pipeline.extraction.office.office import parse_pptx
from cpt_pipeline.extraction.office.params import OfficeParams

NAMES = "http://schemas.openxmlformats.org/drawingml/2006/main"


def mark(paragraph: Any, name: str, **said: str) -> None:
    etree.SubElement(paragraph._p.get_or_add_pPr(), f"{{{NAMES}}}{name}", **said)


def fill(frame: Any, *paragraphs: tuple[str, int, str, dict[str, str]]) -> None:
    for number, (text, level, name, said) in enumerate(paragraphs):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.text, paragraph.level = text, level
        if name:
            mark(paragraph, name, **said)


def text_of(show: Any) -> list[str]:
    held = io.BytesIO()
    show.save(held)
    (reading,) = parse_pptx(held.getvalue(), OfficeParams())
    return reading.text.split("\n\n")


@pytest.mark.feature(172)
def test_bullets_come_from_the_master_and_titles_and_boxes_have_none() -> None:
    show = pptx.Presentation()
    cover = show.slides.add_slide(show.slide_layouts[0])
    cover.shapes.title.text, cover.placeholders[1].text = "Valves", "a subtitle"
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = "Kinds"
    fill(slide.placeholders[1].text_frame, ("mitral\vleft", 0, "", {}), ("small", 1, "", {}), ("no", 0, "buNone", {}))
    box = slide.shapes.add_textbox(0, 0, 914400, 914400).text_frame
    fill(box, ("a box", 0, "", {}), ("a dash", 0, "buChar", {"char": "–"}), ("", 0, "buChar", {"char": "–"}))
    expected = ["Valves", "a subtitle", "Kinds", "- mitral", "left", "- small", "no", "a box", "- a dash"]
    assert text_of(show) == expected


@pytest.mark.feature(172)
def test_numbers_are_counted_for_each_level() -> None:
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[6])
    plain, roman = {"type": "arabicPeriod"}, {"type": "romanLcParenBoth"}
    fill(
        slide.shapes.add_textbox(0, 0, 914400, 914400).text_frame,
        ("a", 0, "buAutoNum", plain),
        ("b", 1, "buAutoNum", roman),
        ("c", 1, "buAutoNum", roman),
        ("d", 0, "buAutoNum", plain),
        ("e", 1, "buAutoNum", roman),
        ("f", 0, "", {}),
        ("g", 0, "buAutoNum", plain),
        ("h", 0, "buAutoNum", {"type": "alphaUcParenR", "startAt": "3"}),
        ("i", 0, "buAutoNum", {"type": "ea1ChsPlain"}),
        ("j", 0, "buAutoNum", {"type": "unheard of", "startAt": "x"}),
    )
    assert text_of(show) == ["1. a", "(i) b", "(ii) c", "2. d", "(i) e", "f", "1. g", "C) h", "一 i", "1. j"]


@pytest.mark.feature(172)
def test_values_of_merged_cells_stand_under_their_headings() -> None:
    show = pptx.Presentation()
    table = show.slides.add_slide(show.slide_layouts[6]).shapes.add_table(4, 3, 0, 0, 914400, 914400).table
    for row, texts in enumerate((("region", "cases", ""), ("", "men", "women"), ("north", "1", "2"), ("", "3", "4"))):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    for first, last in (((0, 0), (1, 0)), ((0, 1), (0, 2)), ((2, 0), (3, 0))):
        table.cell(*first).merge(table.cell(*last))
    table.cell(3, 0).text = "covered"
    expected = "| region | cases |  |\n|---|---|---|\n|  | men | women |\n| north | 1 | 2 |\n|  | 3 | 4 |"
    assert text_of(show) == [expected]


@pytest.mark.feature(173)
def test_bullets_and_merged_cells_have_scripts() -> None:
    def raised(frame: Any) -> None:
        for text, baseline in (("10", "0"), ("-5", "30000"), (" m", "0")):
            run = frame.paragraphs[0].add_run()
            run.text = text
            run._r.get_or_add_rPr().set("baseline", baseline)

    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[1])
    raised(slide.placeholders[1].text_frame)
    table = slide.shapes.add_table(2, 2, 0, 0, 914400, 914400).table
    table.cell(0, 0).merge(table.cell(0, 1))
    raised(table.cell(0, 0).text_frame)
    table.cell(1, 0).text, table.cell(1, 1).text = "a", "b"
    assert text_of(show) == ["- 10^-5 m", "| 10^-5 m |  |\n|---|---|\n| a | b |"]
