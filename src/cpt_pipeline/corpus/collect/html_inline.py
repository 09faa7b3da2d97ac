"""What the parser loses of a line: lone characters, the height of scripts, and the numbers of lists.

All of it is written into the source before it is parsed. The parser takes a text of three bytes for the glyph of an
icon font and drops it: one character of Chinese, Japanese, mathematics or currency between two tags, or a letter
before an accented one. Such texts get a mark (`html_marks.LONE`); the glyphs of icons do not.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from cpt_pipeline.corpus.collect.html_marks import LETTER, LONE, NUMBER, NUMBER_END
from cpt_pipeline.corpus.collect.scripts import write_script

_LONE = re.compile(r">([ \t\r\n\f]*+(?:[!-%'-;=?-~]|&#?\w{1,31};?)?(?:[^\x00-\x7f]|&#?\w{1,31};?)[ \t\r\n\f]*)(?=<|\Z)")
_BLANK = " \t\r\n\f"
_ICON = re.compile(
    "[\u25b4-\u25bb\u25be-\u25c5\u2600-\u2604\u2607-\u26ff\u2700-\u27bf\u2b00-\u2bff\u200b-\u200f\u2060\ufeff\ue000-\uf8ff\ufe0e\ufe0f]+"
)
"""Pointers, pictures and private use; what text writes too (squares, circles, full triangles, stars) is left out."""

_SCRIPT = re.compile(r"<(su[bp])(\s[^<>]*)?>((?:[^<]|</?(?:i|em|b|strong|var|span)(?:\s[^<>]*)?>){1,300})</\1\s*>")
_LINK_BEFORE = re.compile(r"<a\s[^<>]*>\s*\Z")
_TAG = re.compile(r"<[^<>]*>")
_STYLE = re.compile(
    r"</?(?:a|abbr|b|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|su[bp]|time|tt|u|var)(?:\s[^<>]*)?>"
)
_BEFORE = ",;:(“„«\"'—–"
_SENTENCE_AFTER = re.compile(rf"""(?:\s|{_STYLE.pattern}|[,;:)”“»"'—–.(„«])*+\w""")
_TIME = re.compile(r"<time(?:\s[^<>]*)?>((?:[^<]|<(?!/?time\b)[^<>]*>){1,300})</time\s*>")
_DROPPING = (
    re.compile(r""" rel=["']?(?:[\w-]{1,20} ){0,2}(?:tag|author|next)\b"""),
    re.compile(r" itemprop="),
)
"""Attributes that the parser takes for those of a byline or a list of tags."""
_INLINE_TAG = re.compile(r"<(a|span)\s[^<>]*>(?:[^<]|</?(?:b|em|i|span|strong|u)(?:\s[^<>]*)?>){1,300}?</\1\s*>")

_SIGNS = {"sup": "^", "sub": "_"}

_LIST_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<script\b.*?(?:</script|\Z)|<(?P<end>/?)(?P<name>[ou]l|menu|dir|li)(?P<said>\s[^<>]*)?>",
    re.DOTALL,
)
_START = re.compile(r"""\s(?:start|value)\s*=\s*["']?\s*(-?\d{1,6})\b""")
_TYPE = re.compile(r"""\stype\s*=\s*["']?([aAiI])\b""")
_REVERSED = re.compile(r"\sreversed\b")
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
          (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


@dataclass
class _List:
    name: str
    said: str
    items: list[tuple[int, str]] = field(default_factory=list)
    """Where the text of each item begins, and the attributes of its tag."""


def shield_lone_characters(source: str) -> str:
    """Return the source with a mark behind each text that the parser would drop as an icon."""
    return source if source.isascii() and "&" not in source else _LONE.sub(_shielded, f">{source}")[1:]


def keep_sentences(source: str) -> str:
    """Return the source with nothing left in the middle of a sentence that the parser takes for a date or a byline."""
    if "<time" in source:
        source = _TIME.sub(lambda tag: f"<span>{tag[1]}</span>" if _in_sentence(tag) else tag[0], source)
    for attribute in _DROPPING:
        source = attribute.sub(_renamed, source)
    return source


def write_scripts(source: str) -> str:
    """Return the source with `sup` and `sub` as `write_script` writes them; a link to a note stays as it is."""
    return _SCRIPT.sub(_scripted, source) if "<su" in source else source


def number_items(source: str) -> str:
    """Return the source with the number that a browser shows at the begin of each item of an `ol`, between marks."""
    if "<ol" not in source:
        return source
    labels = sorted(label for each in _lists(source) if each.name == "ol" for label in _labels(each))
    pieces, last = [], 0
    for place, label in labels:
        pieces += [source[last:place], f"{NUMBER}{LETTER}{label}.{NUMBER_END}{LETTER} "]
        last = place
    return "".join([*pieces, source[last:]])


def _shielded(match: re.Match[str]) -> str:
    text = html.unescape(match[1]).strip(_BLANK)
    if len(text.encode("utf-8", "replace")) != 3 or text.isascii() or text.isspace() or _ICON.fullmatch(text):
        return match[0]
    return f"{match[0]}{LONE}{LETTER}"


def _renamed(match: re.Match[str]) -> str:
    tag = _INLINE_TAG.match(match.string, match.string.rfind("<", max(0, match.start() - 1000), match.start()))
    return f" data-{match[0][1:]}" if tag and _in_sentence(tag) else match[0]


def _in_sentence(match: re.Match[str]) -> bool:
    source, begin, end = match.string, match.start(), match.end()
    before = source[max(0, begin - 200) : begin].rstrip()
    while (tag := _STYLE.match(before, before.rfind("<"))) and tag.end() == len(before):
        before = before[: tag.start()].rstrip()
    is_word = before.rstrip(_BEFORE)[-1:].isalnum()
    return is_word and _SENTENCE_AFTER.match(source, end, end + 200) is not None


def _scripted(match: re.Match[str]) -> str:
    name, said, content = match.groups(default="")
    text = html.unescape(_TAG.sub("", content)).strip()
    written = write_script(_SIGNS[name], text)
    if written == text or _LINK_BEFORE.search(match.string, max(0, match.start() - 400), match.start()):
        return match[0]
    return f"<{name}{said}>{html.escape(written, quote=False)}</{name}>"


def _lists(source: str) -> list[_List]:
    found: list[_List] = []
    still_open: list[_List] = []
    for tag in _LIST_TAG.finditer(source):
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
    kind, begin = _TYPE.search(each.said), _START.search(each.said)
    step = -1 if _REVERSED.search(each.said) else 1
    number = int(begin[1]) if begin else len(each.items) if step < 0 else 1
    labels = []
    for place, said in each.items:
        own = _START.search(said)
        number = int(own[1]) if own else number
        labels.append((place, _numeral(number, kind[1] if kind else "1")))
        number += step
    return labels


def _numeral(number: int, kind: str) -> str:
    """Return a number as HTML's types 1, a, A, i and I write it; one that letters cannot say in digits."""
    if kind == "1" or number < 1 or (kind in "iI" and number > 3999):
        return str(number)
    written = ""
    if kind in "iI":
        for value, numeral in _ROMAN:
            count, number = divmod(number, value)
            written += numeral * count
    else:
        while number:
            number, rest = divmod(number - 1, 26)
            written = chr(ord("a") + rest) + written
    return written.upper() if kind in "AI" else written
