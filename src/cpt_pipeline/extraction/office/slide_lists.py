"""Bullets and numbers before the paragraphs of slides, which stand in no text but follow from styles.

What a paragraph does not say itself, it has from its shape, the same placeholder of the layout and of the master, and
the styles of the master, in this order (ECMA-376 part 1, 19.3.1.36 and 21.1.2.4). Any bullet is `- `.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cpt_pipeline.extraction.markup.lists import BULLET
from cpt_pipeline.extraction.office.slides import paragraph_text
from cpt_pipeline.text.numerals import numeral

_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_SLIDES = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_MARKS = tuple(f"{_DRAWING}{name}" for name in ("buNone", "buChar", "buBlip", "buAutoNum"))
_LEVELS = tuple("012345678")
_TITLES = ("title", "ctrTitle")
_NO_BODY = ("dt", "ftr", "sldNum", "hdr")
_NUMBERS = re.compile(r"(arabic|alphaLc|alphaUc|romanLc|romanUc|circleNum|ea1)\w*?(Period|ParenR|ParenBoth|Plain)")
_FORMS = {
    "arabic": "decimal",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "circleNum": "decimalEnclosedCircle",
    "ea1": "chineseCounting",
}
_PATTERNS = {"Period": "{}. ", "ParenR": "{}) ", "ParenBoth": "({}) ", "Plain": "{} "}


def marked_paragraphs(shape: Any) -> Iterator[str]:
    """Yield the paragraphs of a shape of python-pptx, each behind its bullet or number."""
    styles = [*_styles(shape)]
    counts: dict[int, tuple[tuple[str, int], int]] = {}
    for paragraph in shape.text_frame.paragraphs:
        text, properties = paragraph_text(paragraph), paragraph._p.pPr
        if text:
            said = "" if properties is None else properties.get("lvl", "")
            level = int(said) if said in _LEVELS else 0
            mark = _mark(properties, level, styles)
            yield _written(mark, level, counts) + text


def _written(mark: Any | None, level: int, counts: dict[int, tuple[tuple[str, int], int]]) -> str:
    """Return what stands before a paragraph; `counts` holds form, start and number of the lists that go on."""
    for deeper in [each for each in counts if each > level]:
        del counts[deeper]
    kind = "" if mark is None else mark.tag.removeprefix(_DRAWING)
    if kind != "buAutoNum":
        counts.pop(level, None)
        return BULLET if kind in ("buChar", "buBlip") else ""
    assert mark is not None
    start = mark.get("startAt", "1")
    form = (mark.get("type", ""), int(start) if start.isdecimal() and len(start) < 6 else 1)
    before = counts.get(level)
    number = before[1] + 1 if before is not None and before[0] == form else form[1]
    counts[level] = (form, number)
    found = _NUMBERS.fullmatch(form[0])
    name, pattern = found.groups() if found else ("arabic", "Period")
    return _PATTERNS[pattern].format(numeral(number, _FORMS[name]))


def _mark(properties: Any | None, level: int, styles: list[Any]) -> Any | None:
    """Return the element that says what stands before a paragraph, the nearest first; None where nothing says it."""
    of_level = (style.find(f"{_DRAWING}lvl{level + 1}pPr") for style in styles)
    said = (each for of in (properties, *of_level) if of is not None for each in of if each.tag in _MARKS)
    return next(said, None)


def _styles(shape: Any) -> Iterator[Any]:
    """Yield the lists of styles that a shape has its levels from, the nearest first."""
    place = _placeholder(shape)
    kind, number = ("", "") if place is None else (place.get("type", "obj"), place.get("idx", "0"))
    is_title = kind in _TITLES
    yield from _own_styles(shape)
    layout = shape.part.slide.slide_layout
    for each in layout.placeholders if place is not None else ():
        found = _placeholder(each)
        if found is not None and ((is_title and found.get("type") in _TITLES) or found.get("idx", "0") == number):
            yield from _own_styles(each)
    master = layout.slide_master
    for each in master.placeholders if place is not None else ():
        found = _placeholder(each)
        if found is not None and found.get("type") == ("title" if is_title else kind if kind in _NO_BODY else "body"):
            yield from _own_styles(each)
    name = "titleStyle" if is_title else "bodyStyle" if place is not None and kind not in _NO_BODY else "otherStyle"
    yield from master.element.iterfind(f"{_SLIDES}txStyles/{_SLIDES}{name}")


def _placeholder(shape: Any) -> Any | None:
    return shape.element.find(f"./*/{_SLIDES}nvPr/{_SLIDES}ph")


def _own_styles(shape: Any) -> Iterator[Any]:
    yield from shape.element.iterfind(f"{_SLIDES}txBody/{_DRAWING}lstStyle")
