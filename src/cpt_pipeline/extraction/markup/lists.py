"""What stands before list items: numbers that a list counts by itself, bullets, and a `label` before the text.

Known are the lists of HTML (`ol` with start, type, reversed and value), JATS (`list-type`), TEI (`rend`, `type`),
DocBook and CNXML. An item that brings a label of its own is not counted. A bullet of any form is `- `, as in HTML.
"""

from __future__ import annotations

from dataclasses import dataclass

from cpt_pipeline.text.numerals import FORMS_OF_HTML, numeral

_LISTS = frozenset(("ol", "ul", "menu", "list", "orderedlist", "itemizedlist", "simplelist", "procedure"))
_ITEMS = frozenset(("li", "list-item", "item", "listitem", "step"))
_FORMS = {
    **FORMS_OF_HTML,
    "order": "decimal",
    "ordered": "decimal",
    "numbered": "decimal",
    "enumerated": "decimal",
    "alpha-lower": "lowerLetter",
    "alpha-upper": "upperLetter",
    "roman-lower": "lowerRoman",
    "roman-upper": "upperRoman",
    "lower-alpha": "lowerLetter",
    "upper-alpha": "upperLetter",
    "lower-roman": "lowerRoman",
    "upper-roman": "upperRoman",
    "arabic": "decimal",
    "loweralpha": "lowerLetter",
    "upperalpha": "upperLetter",
    "lowerroman": "lowerRoman",
    "upperroman": "upperRoman",
}
"""What the formats call the forms of numbers."""
_BULLETS = frozenset(("bullet", "bulleted", "unordered", "disc", "circle", "square", "dash"))
_GLYPHS = frozenset("•·‣▪▫◦●○■□◆◇–—*")
_BULLET_FORM = "bullet"
BULLET = "- "
"""What stands before an item that has no number."""


@dataclass
class _List:
    """A list that is open: the form of its numbers ("" for none), the next one and the step to that behind it."""

    form: str
    following: int = 1
    step: int = 1


class ListNumbers:
    """What the next paragraph begins with."""

    def __init__(self) -> None:
        self._lists: list[_List] = []
        self._numbers: list[str] = []
        """Numbers of items that are open and have no text yet, the outermost first."""
        self._label = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Enter an element."""
        if name in _LISTS:
            self._lists.append(_list(name, attributes))
        elif name in _ITEMS and self._lists and self._lists[-1].form == _BULLET_FORM:
            if self._numbers[-1:] != [BULLET]:  # the first item of a list inside an item without text is that item
                self._numbers.append(BULLET)
        elif name in _ITEMS and self._lists and self._lists[-1].form:
            now = self._lists[-1]
            now.following = _whole(attributes.get("value"), now.following)
            self._numbers.append(f"{numeral(now.following, now.form)}. ")
            now.following += now.step

    def end(self, name: str) -> str:
        """Leave an element; return a label in it behind which no text came."""
        if name in _LISTS and self._lists:
            self._lists.pop()
        if name in _ITEMS:
            self._numbers.clear()  # an item without text has no number either
        return self.take_label()

    def number(self, written: str) -> None:
        """Let the next paragraph begin with a number that is written already, with the blank behind it."""
        self._numbers = [written]

    def label(self, text: str) -> None:
        """Let the next paragraph begin with a label, which takes the place of a number."""
        if text:
            self._label = f"{self._label}{BULLET.strip() if text in _GLYPHS else text} "
            self._numbers[-1:] = []

    def take(self) -> str:
        """Return what the paragraph that is there now begins with, once."""
        taken = "".join(self._numbers) + self._label
        self._numbers, self._label = [], ""
        return taken

    def take_label(self) -> str:
        """Return a label behind which no text came."""
        label, self._label = self._label.strip(), ""
        return label


def _list(name: str, attributes: dict[str, str]) -> _List:
    kinds = [attributes.get(key, "") for key in ("number-style", "list-type", "type", "rend", "numeration")]
    form = next((_FORMS.get(kind, _BULLET_FORM) for kind in kinds if kind in _FORMS or kind in _BULLETS), "")
    if name in ("ol", "orderedlist", "procedure"):
        form = form or "decimal"
    elif name in ("ul", "menu"):
        form = _BULLET_FORM
    elif name == "itemizedlist":
        form = "" if attributes.get("mark") == "none" else form or _BULLET_FORM
    step = -1 if "reversed" in attributes else 1
    return _List(form, _whole(attributes.get("start", attributes.get("start-value")), 1), step)


def _whole(text: str | None, otherwise: int) -> int:
    try:
        return int(text or "")
    except ValueError:
        return otherwise
