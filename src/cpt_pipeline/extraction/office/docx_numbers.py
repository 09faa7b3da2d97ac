"""Numbers that Word writes before the paragraphs of lists and headings: they stand in no text, but follow from rules.

`word/numbering.xml` names the levels of a list with their forms and patterns (`%1.%2`), a paragraph or its style names
list and level, and the numbers are counted in the order of the paragraphs. A bullet of any form is `- `. Not followed:
a level that restarts only after another than the one above it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree import ElementTree

from cpt_pipeline.extraction.markup.lists import BULLET
from cpt_pipeline.text.numerals import numeral

_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_BEHIND = {"nothing": "", "space": " ", "tab": " "}
_MAX_STYLES = 20
"""How far a chain of styles is followed; one may name itself."""


@dataclass(frozen=True)
class _Level:
    start: int = 1
    form: str = "decimal"
    pattern: str = ""
    behind: str = " "
    is_legal: bool = False
    """Whether the numbers of higher levels are written in digits, too."""
    style: str = ""


@dataclass
class _List:
    """A list of `numbering.xml`; those that share its definition count on."""

    levels: dict[int, _Level]
    counts: list[int | None] = field(default_factory=lambda: [None] * _LEVELS)


@dataclass
class _Use:
    """What a `num` says: its list, the levels that begin anew with it, and levels of its own."""

    shared: _List
    starts: dict[int, int]


class Numbers:
    """The numbers of one document, counted while its paragraphs come."""

    def __init__(self, numbering: bytes | None, styles: bytes | None) -> None:
        self._uses: dict[str, _Use] = {}
        self._styles: dict[str, tuple[str, str, str]] = {}
        if numbering is not None:
            self._read_numbering(ElementTree.fromstring(numbering))
        if styles is not None and self._uses:
            self._read_styles(ElementTree.fromstring(styles))

    def number(self, use: str, level: str, style: str) -> str:
        """Return what stands before the next paragraph, with the blank behind it; "" for a paragraph without number."""
        if not use:
            use, level = self._of_style(style, level)
        found = self._uses.get(use)
        depth = int(level) if level.isdigit() else 0
        if found is None or depth not in found.shared.levels:
            return ""
        self._count(found, depth)
        return _written(found.shared, depth)

    def _count(self, use: _Use, depth: int) -> None:
        counts, levels = use.shared.counts, use.shared.levels
        now, start = counts[depth], use.starts.pop(depth, None)
        if start is not None:
            counts[depth] = start
        else:
            counts[depth] = levels[depth].start if now is None else now + 1
        counts[depth + 1 :] = [None] * (_LEVELS - depth - 1)

    def _of_style(self, style: str, level: str) -> tuple[str, str]:
        """Return list and level of the nearest style that names a list."""
        named = style
        for _ in range(_MAX_STYLES):
            use, own_level, based_on = self._styles.get(style, ("", "", ""))
            if use in self._uses:
                levels = self._uses[use].shared.levels
                of_style = next((str(each) for each, found in levels.items() if found.style == named), "")
                return use, level or own_level or of_style
            if not based_on:
                break
            style = based_on
        return "", ""

    def _read_numbering(self, root: ElementTree.Element) -> None:
        lists = {_value(each, "abstractNumId"): _List(_levels(each)) for each in root.findall("{*}abstractNum")}
        for each in root.findall("{*}num"):
            shared = lists.get(_child(each, "abstractNumId"))
            if shared is None:
                continue
            starts = {}
            for override in each.findall("{*}lvlOverride"):
                start = _child(override, "startOverride")
                if start.lstrip("-").isdigit() and _value(override, "ilvl").isdigit():
                    starts[int(_value(override, "ilvl"))] = int(start)
            self._uses[_value(each, "numId")] = _Use(shared, starts)

    def _read_styles(self, root: ElementTree.Element) -> None:
        for style in root.findall("{*}style"):
            named = style.find("{*}pPr/{*}numPr")
            use, level = ("", "") if named is None else (_child(named, "numId"), _child(named, "ilvl"))
            self._styles[_value(style, "styleId")] = (use, level, _child(style, "basedOn"))


def _levels(definition: ElementTree.Element) -> dict[int, _Level]:
    found = {}
    for each in definition.findall("{*}lvl"):
        if _value(each, "ilvl") in map(str, range(_LEVELS)):
            start = _child(each, "start")
            found[int(_value(each, "ilvl"))] = _Level(
                start=int(start) if start.isdigit() else 1,
                form=_child(each, "numFmt") or "decimal",
                pattern=_child(each, "lvlText"),
                behind=_BEHIND.get(_child(each, "suff") or "tab", " "),
                is_legal=each.find("{*}isLgl") is not None,
                style=_child(each, "pStyle"),
            )
    return found


def _written(shared: _List, depth: int) -> str:
    level = shared.levels[depth]
    if level.form == "bullet":
        return BULLET if level.pattern.strip() else ""

    def write(match: re.Match[str]) -> str:
        above = int(match[1]) - 1
        of = shared.levels.get(above, _Level())
        if of.form in ("none", "bullet"):
            return ""
        count = shared.counts[above]
        form = "decimal" if level.is_legal and above != depth else of.form
        return numeral(of.start if count is None else count, form)

    written = _PLACE.sub(write, level.pattern).strip(" \t")
    return written + level.behind if written.strip() else ""


def _child(element: ElementTree.Element, name: str) -> str:
    found = element.find(f"{{*}}{name}")
    return "" if found is None else _value(found, "val")


def _value(element: ElementTree.Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")
