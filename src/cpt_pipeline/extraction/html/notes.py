"""Footnotes in the source of a page: kept from the rules for footers, and out of the sentence that they stand in.

A note is told by role, `epub:type`, class or id. Such an element loses the names by which rules take it for the foot of
the page; one inside a paragraph, an item or a cell is put behind its text, as in all other formats. Marks and ways back
are no notes.
"""

from __future__ import annotations

import re

_NOTE = re.compile(
    r"""<(aside|div|li|ol|p|section|small|span|ul)(?=\s[^<>]{0,400}?\b(?:class|id|role|epub:type)=["']?[^"'<>]{0,80}?"""
    r"""(?<!\w)(?:foot|end|rear)notes?(?!\w|[-_]*(?:ref|back|call|anchor|link|mark)))[^<>]*>"""
)
_WAY_BACK = re.compile(r"<a\s(?=[^<>]{0,400}?(?:doc-backlink|footnote-?back))[^<>]*>[^<\w]{0,20}</a>")
_NAMES = re.compile(r"\s(class|id|role)=")
_LIKE_TEXT = frozenset(("aside", "div", "small", "span"))
_PARAGRAPH = re.compile(r"<(?:p|li|dd|t[dh])[\s>]")
_BEHIND = re.compile(
    r"</p\s*>|(?=<(?:p|li|d[dt]|[uod]l|t[dhr]|table)[\s>]|"
    r"</(?:article|blockquote|body|dd|div|li|section|t[dhr]|[uod]l|table|main)\b)"
)
_BORDERS = ("</p", "</div", "</section", "</li", "</td", "</article", "</blockquote", "</h")
_WINDOW = 4_000
_MAX_NOTE = 20_000
"""Characters of source."""


def place_notes(source: str) -> str:
    """Return the source with its notes as `div` without names, those inside a paragraph behind it."""
    if not any(name in source for name in ("footnote", "endnote", "rearnote")):
        return source
    source = _WAY_BACK.sub("", source)
    edits: list[tuple[int, int, str]] = []
    moved_to = 0
    for note in _NOTE.finditer(source):
        end = _end(source, note[1], note.end())
        if note.start() < moved_to or end is None:
            continue
        begin_tag = _NAMES.sub(r" data-\1=", note[0])
        if note[1] in _LIKE_TEXT and (place := _behind(source, note.start(), end[1])) is not None:
            edits += [(note.start(), end[1], ""), (place, place, f"<div>{source[note.end() : end[0]]}</div>")]
            moved_to = end[1]
        elif note[1] == "aside":
            edits += [(*note.span(), begin_tag.replace("<aside", "<div", 1)), (*end, "</div>")]
        else:
            edits.append((*note.span(), begin_tag))
    pieces, last = [], 0
    for start, stop, written in sorted(edits):
        pieces += [source[last:start], written]
        last = stop
    return "".join([*pieces, source[last:]])


def _end(source: str, name: str, place: int) -> tuple[int, int] | None:
    """Return where the end tag of an element stands; None where it is too far."""
    depth = 1
    for tag in re.compile(rf"<(/?){name}(?:\s[^<>]*)?>").finditer(source, place, place + _MAX_NOTE):
        depth += -1 if tag[1] else 1
        if not depth:
            return tag.span()
    return None


def _behind(source: str, begin: int, end: int) -> int | None:
    """Return the place behind the paragraph in which an element stands; None for one that stands in none."""
    before = source[max(0, begin - _WINDOW) : begin]
    starts = [tag.end() for tag in _PARAGRAPH.finditer(before)]
    if not starts or any(before.rfind(border) > starts[-1] for border in _BORDERS):
        return None
    behind = _BEHIND.search(source, end, end + _WINDOW)
    return None if behind is None else behind.end()
