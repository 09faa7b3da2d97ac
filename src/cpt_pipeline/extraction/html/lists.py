"""Lists in the source of a page: the numbers of their items, and lists of text that the parser takes for menus.

The parser drops a list in which a fifth of the text is linked. One without attributes, as writers of text leave it, of
which less than half is linked is written as `dir`: parsers know it as a list, and rules for menus do not. Its lines
are still judged by their links (`html_boilerplate`). Each item of an `ol` gets the number that a browser shows, between
marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cpt_pipeline.extraction.html.marks import LETTER, NUMBER, NUMBER_END
from cpt_pipeline.text.numerals import FORMS_OF_HTML, numeral

_LIST_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<script\b.*?(?:</script|\Z)|<(?P<end>/?)(?P<name>[ou]l|dir|li)(?P<said>\s[^<>]*)?>",
    re.DOTALL,
)
_START = re.compile(r"""\s(?:start|value)\s*=\s*["']?\s*(-?\d{1,6})\b""")
_TYPE = re.compile(r"""\stype\s*=\s*["']?([aAiI])\b""")
_REVERSED = re.compile(r"\sreversed\b")
_LINKED = re.compile(r"<a\s[^<>]*>([^<]*(?:<(?!/?a\b)[^<]*)*)")
_ANY_TAG = re.compile(r"<[^<>]*>")
_NESTED = re.compile(r"<[ou]l\b")
_TEXT_SHARE = 0.5


@dataclass
class _List:
    name: str
    said: str
    items: list[tuple[int, str]] = field(default_factory=list)
    """Where the text of each item begins, and the attributes of its tag."""


def write_lists(source: str) -> str:
    """Return the source with the items of each `ol` numbered, and lists of text under a name that is no menu's."""
    if "<ol" in source:
        source = _written(source, [(place, place, label) for each in _lists(source) for place, label in _labels(each)])
    renamed = [edit for name in ("ul", "ol") for edit in _renamed(source, name)]
    return _written(source, renamed) if renamed else source


def _written(source: str, edits: list[tuple[int, int, str]]) -> str:
    pieces, last = [], 0
    for begin, end, text in sorted(edits):
        pieces += [source[last:begin], text]
        last = end
    return "".join([*pieces, source[last:]])


def _renamed(source: str, name: str) -> Iterator[tuple[int, int, str]]:
    """Rename lists of text; menus have attributes, and lists in lists stay for the sake of their lines."""
    begin = source.find(f"<{name}>")
    while begin >= 0:
        end = source.find(f"</{name}>", begin)
        content = source[begin + 4 : end]
        if (
            end > 0
            and "<a" in content
            and not _NESTED.search(content)
            and not _in_item(source, begin)
            and _is_text(content)
        ):
            yield from ((begin, begin + 3, "<dir"), (end, end + 4, "</dir"))
        begin = source.find(f"<{name}>", begin + 1)


def _in_item(source: str, place: int) -> bool:
    before = source[max(0, place - 2000) : place]
    return before.rfind("<li") > max(before.rfind("</li"), before.rfind("</ul"), before.rfind("</ol"))


def _is_text(content: str) -> bool:
    """Say whether some of it is linked, but less than half."""
    linked = sum(len(_ANY_TAG.sub("", each).strip()) for each in _LINKED.findall(content))
    return 0 < linked < _TEXT_SHARE * sum(map(len, _ANY_TAG.sub(" ", content).split()))


def _lists(source: str) -> list[_List]:
    found: list[_List] = []
    still_open: list[_List] = []
    for tag in _LIST_TAG.finditer(source, source.find("<ol")):
        name, said = tag["name"], tag["said"] or ""
        if name == "li":
            if still_open and not tag["end"]:
                still_open[-1].items.append((tag.end(), said))
        elif name and not tag["end"]:
            still_open.append(_List(name, said))
            found.append(still_open[-1])
        elif name and any(each.name == name for each in still_open):
            while still_open.pop().name != name:
                pass
    return found


def _labels(each: _List) -> list[tuple[int, str]]:
    if each.name != "ol":
        return []
    kind, begin = _TYPE.search(each.said), _START.search(each.said)
    step = -1 if _REVERSED.search(each.said) else 1
    number = int(begin[1]) if begin else len(each.items) if step < 0 else 1
    labels = []
    for place, said in each.items:
        own = _START.search(said)
        number = int(own[1]) if own else number
        label = numeral(number, FORMS_OF_HTML[kind[1] if kind else "1"])
        labels.append((place, f"{NUMBER}{LETTER}{label}.{NUMBER_END}{LETTER} "))
        number += step
    return labels
