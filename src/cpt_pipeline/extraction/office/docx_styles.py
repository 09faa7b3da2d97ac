"""What the character styles of a Word file mean for its text: scripts, hidden text, and fonts of symbols."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

_SCRIPTS = {"superscript": "sup", "subscript": "sub"}
_MAX_STYLES = 20
"""How far a chain of styles is followed; one may name itself."""


@dataclass
class RunStyle:
    """What holds for a run: `script` is `sup`, `sub` or ""."""

    script: str = ""
    is_hidden: bool = False
    font: str = ""

    def take(self, name: str, attributes: dict[str, str]) -> None:
        """Take a property of `rPr`."""
        told = {key.rpartition("}")[2]: value for key, value in attributes.items()}
        if name == "vertAlign":
            self.script = _SCRIPTS.get(told.get("val", ""), "")
        elif name == "vanish":
            self.is_hidden = told.get("val", "") not in ("0", "false", "off")
        elif name == "rFonts":
            self.font = told.get("ascii") or told.get("hAnsi") or self.font


class RunStyles:
    """The styles of `word/styles.xml` by their id."""

    def __init__(self, styles: bytes | None) -> None:
        self._own: dict[str, list[ElementTree.Element]] = {}
        self._based_on: dict[str, str] = {}
        for style in () if styles is None else ElementTree.fromstring(styles).findall("{*}style"):
            name = _value(style, "styleId")
            self._own[name] = list(style.iterfind("{*}rPr/*"))
            base = style.find("{*}basedOn")
            self._based_on[name] = "" if base is None else _value(base, "val")

    def style(self, name: str) -> RunStyle:
        """Return what a style says, those that it is based on first."""
        chain: list[str] = []
        while name in self._own and len(chain) < _MAX_STYLES:
            chain.append(name)
            name = self._based_on[name]
        found = RunStyle()
        for each in reversed(chain):
            for said in self._own[each]:
                found.take(said.tag.rpartition("}")[2], said.attrib)
        return found


def _value(element: ElementTree.Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")
