"""Formulas of Word (OMML, ECMA-376 part 1, 22.1) told as MathML events, so that one module knows LaTeX.

The formula comes as a small tree, for Word puts the degree before the radicand and the sign of a sum into its
properties, and MathML does not. Spacing, colours and break hints are left out.
"""

from __future__ import annotations

import re
from typing import Protocol
from xml.etree.ElementTree import Element

_MAX_DEPTH = 100
"""Deeper than this a formula is read as its text; Word stops at far less."""
_PIECES = re.compile(r"\d[\d.,]*|[A-Za-z]+|\s+|.", re.DOTALL)
_SCRIPTS = {
    "sSup": ("msup", ("e", "sup")),
    "sSub": ("msub", ("e", "sub")),
    "sSubSup": ("msubsup", ("e", "sub", "sup")),
    "limLow": ("munder", ("e", "lim")),
    "limUpp": ("mover", ("e", "lim")),
    "f": ("mfrac", ("num", "den")),
}


class Events(Protocol):
    """Where the events go: a `ParagraphCollector`."""

    def start(self, tag: str, attributes: dict[str, str], /) -> None: ...  # noqa: D102
    def end(self, tag: str, /) -> None: ...  # noqa: D102
    def data(self, text: str, /) -> None: ...  # noqa: D102


def tell(formula: Element, events: Events, *, is_block: bool) -> None:
    """Tell an `m:oMath` element to `events` as one `math` element."""
    events.start("math", {"display": "block"} if is_block else {})
    _tell_all(list(formula), events, 0)
    events.end("math")


def _tell_all(elements: list[Element], events: Events, depth: int) -> None:
    for element in elements:
        _tell(element, events, depth + 1)


def _tell(element: Element, events: Events, depth: int) -> None:
    name = _local(element)
    if depth > _MAX_DEPTH:
        _leaves("".join(element.itertext()), events)
    elif name == "t":
        _leaves(element.text or "", events)
    elif name in _SCRIPTS:
        tag, parts = _SCRIPTS[name]
        _wrap(tag, [_child(element, part) for part in parts], events, depth)
    elif name == "rad":
        degree = _child(element, "deg")
        has_degree = degree is not None and any(text.strip() for text in degree.itertext())
        parts_of_root = [_child(element, "e"), *([degree] if has_degree else [])]
        _wrap("mroot" if has_degree else "msqrt", parts_of_root, events, depth)
    elif name == "nary":
        _nary(element, events, depth)
    elif name in ("d", "m", "eqArr"):
        _arrangement(name, element, events, depth)
    elif name in ("acc", "bar", "groupChr"):
        _accent(name, element, events, depth)
    elif not name.endswith("Pr"):
        _tell_all(list(element), events, depth)


def _wrap(tag: str, parts: list[Element | None], events: Events, depth: int) -> None:
    """Tell an element with one row per part, empty where the part is missing."""
    events.start(tag, {})
    for part in parts:
        events.start("mrow", {})
        _tell_all(list(part) if part is not None else [], events, depth)
        events.end("mrow")
    events.end(tag)


def _nary(element: Element, events: Events, depth: int) -> None:
    """Sums, products and integrals: the sign with its limits, then what it is over."""
    events.start("msubsup", {})
    _leaf("mo", _property(element, "chr", "∫"), events)
    for part in ("sub", "sup"):
        events.start("mrow", {})
        _tell_all(_inside(element, part), events, depth)
        events.end("mrow")
    events.end("msubsup")
    _tell_all(_inside(element, "e"), events, depth)


def _arrangement(name: str, element: Element, events: Events, depth: int) -> None:
    """Brackets, matrices and stacked equations."""
    if name == "d":
        _leaf("mo", _property(element, "begChr", "("), events)
        for index, part in enumerate(_children(element, "e")):
            if index:
                _leaf("mo", _property(element, "sepChr", "|"), events)
            _tell_all(list(part), events, depth)
        _leaf("mo", _property(element, "endChr", ")"), events)
        return
    events.start("mtable", {})
    for row in _children(element, "mr") if name == "m" else _children(element, "e"):
        _wrap_row(_children(row, "e") if name == "m" else [row], events, depth)
    events.end("mtable")


def _wrap_row(cells: list[Element], events: Events, depth: int) -> None:
    events.start("mtr", {})
    for cell in cells:
        events.start("mtd", {})
        _tell_all(list(cell), events, depth)
        events.end("mtd")
    events.end("mtr")


def _accent(name: str, element: Element, events: Events, depth: int) -> None:
    default = {"acc": "^", "bar": "¯", "groupChr": "⏟"}[name]
    sign = _property(element, "chr", default).translate({0x0302: "^", 0x0304: "¯", 0x0303: "~", 0x20D7: "→"})
    events.start("mover", {})
    events.start("mrow", {})
    _tell_all(_inside(element, "e"), events, depth)
    events.end("mrow")
    _leaf("mo", sign, events)
    events.end("mover")


def _leaves(text: str, events: Events) -> None:
    for piece in _PIECES.findall(text):
        if not piece.isspace():
            _leaf("mn" if piece[0].isdigit() else "mi" if piece.isalpha() else "mo", piece, events)


def _leaf(tag: str, text: str, events: Events) -> None:
    events.start(tag, {})
    events.data(text)
    events.end(tag)


def _property(element: Element, name: str, default: str) -> str:
    """Give a character from the properties; an empty one there means none."""
    for properties in element:
        if _local(properties).endswith("Pr"):
            for each in properties:
                if _local(each) == name:
                    return next((value for key, value in each.items() if key.endswith("val")), "")
    return default


def _children(element: Element, name: str) -> list[Element]:
    return [child for child in element if _local(child) == name]


def _child(element: Element, name: str) -> Element | None:
    return next(iter(_children(element, name)), None)


def _inside(element: Element, name: str) -> list[Element]:
    child = _child(element, name)
    return [] if child is None else list(child)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]
