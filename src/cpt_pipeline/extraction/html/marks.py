"""Marks put into the source of a page before it is parsed, and read in the text that the parser gives.

The tree of the fast parser costs 0.3 ms per element from Python; a mark is a character of the private use area that
goes with the text, so rows, cells, images and kept regions can be told apart afterwards at no cost. Marks that the
page itself holds are removed first. In the source a letter follows each mark, since the parser's main-content rules
drop what has neither letter nor digit.
"""

from __future__ import annotations

import re

ROW, CELL, TABLE, TABLE_END = "\ue001", "\ue002", "\ue003", "\ue004"
IMAGE = "\ue006"
NUMBER, NUMBER_END = "\ue007", "\ue008"
LONE = "\ue009"
ICON = "\ue00a"
REGION, REGION_END = "\ue010", "\ue011"
SPAN, GROUP = "\ue012", "\ue013"
DIGITS = "\ue014\ue015\ue016\ue017\ue018\ue019\ue01a\ue01b\ue01c\ue01d"
"""Numbers in marks: text like other marks, but seen by nobody where a mark is torn off."""
ALL_MARKS = re.compile("[\ue000-\ue01f]")
CODED_MARKS = re.compile(r"&#(?:[xX]0{0,4}[eE]0[01][0-9a-fA-F]|0{0,4}573(?:4[4-9]|[56]\d|7[0-5]))(?![0-9a-fA-F]);?")
"""Marks that the page itself holds, written as numbers."""
LETTER = "m"
_WITH_LETTER = re.compile(f"([\ue000-\ue01f]){LETTER}")

_UPPER_TAG = re.compile(r"</?[A-Z][A-Za-z0-9]*")
_UPPER_TAG_OR_TEX = re.compile(rf"<script\b[^<>]*math/tex[^<]*(?:<(?!/)[^<]*)*|{_UPPER_TAG.pattern}")
"""A formula of MathJax, in which `a<B` may stand, is matched as a whole."""
_BODY = re.compile(r"</head>\s{0,200}<body\b")
_DOCTYPE = re.compile(r"\s{0,200}<!doctype[^<>]{0,300}>", re.IGNORECASE)
"""It stays, for where it is missing or old a table may stand in a paragraph."""
_UNSEEN = tuple(
    (f"<{name}", re.compile(rf"<{name}\b.*?</{name}\s*>", re.DOTALL)) for name in ("script", "style", "noscript")
)
_IMAGE_TAG = re.compile(r"<img\b[^<>]*>")
_TEXT_BEGIN = (
    re.compile(r"(<body(?:\s[^<>]*)?>)"),
    re.compile(r"(</head>)"),
    re.compile(r"(?=<(?:p|h[1-3]|div|[uod]l|table|main|article|section|pre)[\s>])"),
)


def without_unseen(source: str) -> str:
    """Return the source without head, scripts, styles and what a browser that runs scripts never parses.

    They are half of a page, and an element begun in a `noscript` and ended behind it, as counters write it, would hold
    the rest. Formulas of MathJax stay, and so does a script that holds the border of a comment, whose end is not clear.
    """
    for name, pattern in _UNSEEN:
        if name in source:
            end = source.rfind(f"</{name[1:]}")  # behind it each begin would be looked at to the end of the page
            end = source.find(">", end) + 1 if end >= 0 else 0
            source = pattern.sub(_unless_needed, source[:end]) + source[end:]
    body, kind = _BODY.search(source), _DOCTYPE.match(source)
    return (kind[0] if kind else "") + source[body.start() + len("</head>") :] if body else source


def _unless_needed(match: re.Match[str]) -> str:
    text = match[0]
    return text if "<!--" in text or "-->" in text or "math/tex" in text[:300] else ""


def lower_tags(source: str) -> str:
    """Return the source with the names of tags in lower case, for patterns that ignore case are ten times slower."""
    if "math/tex" in source:
        return _UPPER_TAG_OR_TEX.sub(lambda tag: tag[0] if "math/tex" in tag[0] else tag[0].lower(), source)
    return _UPPER_TAG.sub(lambda tag: tag[0].lower(), source)


def mark_images(source: str) -> str:
    """Return the source with a mark in the place of each image."""
    return _IMAGE_TAG.sub(IMAGE + LETTER, source)


def deepen(source: str) -> str:
    """Put three elements around the text: the parser's main-content rules take a list that is not deep for a menu."""
    for begin in _TEXT_BEGIN:
        deeper, number = begin.subn(lambda match: f"{match[0]}<div><div><div>", source, count=1)
        if number:
            return deeper
    return source


def bare_marks(text: str) -> str:
    """Give the parser's output with the letters behind the marks taken away."""
    return _WITH_LETTER.sub(r"\1", text)
