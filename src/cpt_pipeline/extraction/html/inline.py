"""What the parser loses of a line: lone characters, the height of scripts, dates and links in sentences.

All of it is written into the source before it is parsed. The parser takes a text of three bytes for the glyph of an
icon font and drops it: one character of Chinese, Japanese, mathematics or currency between two tags, or a letter
before an accented one. Such texts get a mark (`html_marks.LONE`). Glyphs of icon fonts, which are private characters,
and the sign of a menu become another one, to be counted.
"""

from __future__ import annotations

import html
import re

from cpt_pipeline.extraction.html.marks import ICON, LETTER, LONE
from cpt_pipeline.extraction.markup.scripts import is_mark_of_note, says_note, write_script

_LONE = re.compile(r">([ \t\r\n\f]*+(?:[!-%'-;=?-~]|&#?\w{1,31};?)?(?:[^\x00-\x7f]|&#?\w{1,31};?)[ \t\r\n\f]*)(?=<|\Z)")
_BLANK = " \t\r\n\f"
_UNSEEN = re.compile("[\u200b-\u200f\u2060\ufeff\ufe00-\ufe0f]")
_ICON = re.compile("[\u2630\ue000-\uf8ff]")
"""The sign of a menu, and private use."""

_SCRIPT_TAG = re.compile(r"<(/?)(su[bp])((?:\s[^<>]*)?)>")
_NEXT_SCRIPT = re.compile(r"</(su[bp])\s{0,9}><\1(?:\s[^<>]{0,200})?>")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_NO_STYLE = re.compile(
    r"<(?!/?(?:a|abbr|b|bdi|big|cite|code|data|dfn|em|font|i|ins|kbd|label|mark|nobr|q|s|samp|small|span|strike|strong|su[bp]"
    r"|time|tt|u|var|wbr)(?:\s[^<>]*)?/?>)"
)
_LINK = re.compile(r"<a((?:\s[^<>]*)?)>")
_MAX_SOURCE = 1_000
"""A script whose source is longer is none."""
_LINK_BEFORE = re.compile(r"<a(\s[^<>]*)>\s*(?:<(?:b|em|font|i|small|span|strong)(?:\s[^<>]*)?>\s*){0,3}\Z")
_TAG = re.compile(r"<[^<>]*>")
_STYLE = re.compile(
    r"</?(?:a|abbr|b|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|su[bp]|time|tt|u|var)(?:\s[^<>]*)?>"
)
_BEFORE = ",;:(“„«\"'—–，、；：（「『《〈【‘"
_SENTENCE_AFTER = re.compile(rf"""(?:\s|{_STYLE.pattern}|[,;:)”“»"'—–.(„«，、；：）」』》〉】’。（「『《])*+\w""")
_SENTENCE_END = re.compile(r"""[.!?…。！？][)\]"'”’»」』）]*\Z""")
_A_SENTENCE = re.compile(r".{20}[.!?](?:\W|\Z)|.{6}[。！？]|.{80}", re.DOTALL)
_TIME_TAG = re.compile(r"<(/?)time(?:\s[^<>]*)?>")
_MAX_TIME = 600
"""Characters of source."""
_AROUND = 600
_FEW_BYTES, _SOME_BYTES, _MANY_BYTES = 6, 20, 80
"""Of a text beside a date or a name: this much and more makes it a sentence."""
_DROPPING = (
    (" rel=", re.compile(r""" rel=["']?(?:[\w-]{1,20} ){0,2}(?:tag|author|next)\b""")),
    (" itemprop=", re.compile(r" itemprop=")),
    (" class=", re.compile(r""" class=["']?[^"'<>]{0,80}\b(?:author|byline|credits?|date|published)\b""")),
)
"""Attributes that the parser, or a rule by name, takes for those of a byline or a list of tags."""
_INLINE_TAG = re.compile(
    r"<(a|abbr|b|cite|em|font|i|q|small|span|strong|u)\s[^<>]*>(?:[^<]|</?(?:b|em|i|span|strong|u)(?:\s[^<>]*)?>){1,300}?</\1\s*>"
)

_SIGNS = {"sup": "^", "sub": "_"}


def shield_lone_characters(source: str) -> str:
    """Return the source with a mark behind each text that the parser would drop as an icon."""
    return source if source.isascii() and "&" not in source else _LONE.sub(_shielded, f">{source}")[1:]


def keep_sentences(source: str) -> str:
    """Return the source with nothing left in a sentence that the parser takes for a date or a byline."""
    if "<time" in source:
        source = _without_times(source)
    for name, attribute in _DROPPING:
        if name in source:
            source = attribute.sub(_renamed, source)
    return source


def write_scripts(source: str) -> str:
    """Return the source with `sup` and `sub` as `write_script` writes them; the mark of a note stays as it is."""
    if "<su" not in source:
        return source
    source = _NEXT_SCRIPT.sub("", source)
    pieces, last = [], 0
    begun: list[tuple[int, re.Match[str]]] = []
    for tag in _SCRIPT_TAG.finditer(source):
        pieces.append(source[last : tag.start()])
        last = tag.end()
        if not tag[1]:
            begun.append((len(pieces), tag))
        elif begun and begun[-1][1][2] == tag[2]:
            place, begin = begun.pop()
            if tag.start() - begin.end() <= _MAX_SOURCE and len(pieces) - place <= _MAX_SOURCE:
                content = "".join(pieces[place + 1 :])
                written = _scripted(begin, content, "".join(pieces[max(0, place - 8) : place])[-400:])
                pieces[place:] = [begin[0], content if written is None else written]
        pieces.append(tag[0])
    return "".join([*pieces, source[last:]])


def _shielded(match: re.Match[str]) -> str:
    text = html.unescape(match[1]).strip(_BLANK)
    if len(text.encode("utf-8", "replace")) != 3 or text.isascii() or text.isspace() or _UNSEEN.fullmatch(text):
        return match[0]
    if _ICON.fullmatch(text):
        return f">{ICON}{LETTER}"
    return f"{match[0]}{LONE}{LETTER}"


def _without_times(source: str) -> str:
    """Return the source with each `time` of a sentence as a `span`, also one inside another."""
    begun: list[re.Match[str]] = []
    edits: list[tuple[int, int, str]] = []
    for tag in _TIME_TAG.finditer(source):
        if not tag[1]:
            begun.append(tag)
        elif begun:
            begin = begun.pop()
            if tag.end() - begin.start() <= _MAX_TIME and _in_sentence(source, begin.start(), tag.end()):
                edits += [(*begin.span(), "<span>"), (*tag.span(), "</span>")]
    pieces, last = [], 0
    for start, end, written in sorted(edits):
        pieces += [source[last:start], written]
        last = end
    return "".join([*pieces, source[last:]])


def _renamed(match: re.Match[str]) -> str:
    source, begin = match.string, match.string.rfind("<", max(0, match.start() - 1000), match.start())
    tag = _INLINE_TAG.match(source, begin) if begin >= 0 else None
    if tag is None or not _in_sentence(source, begin, tag.end()):
        return match[0]
    if match[0].startswith(" class") and not any(map(_A_SENTENCE.search, _around(source, begin, tag.end()))):
        return match[0]  # By Ann on 3 May
    return f" data-{match[0][1:]}"


def _in_sentence(source: str, begin: int, end: int) -> bool:
    """Return whether what stands between two places belongs to a sentence: in its middle, or at one of its ends."""
    if _continues(source, begin) and _SENTENCE_AFTER.match(source, end, end + 200):
        return True
    before, after = _around(source, begin, end)
    if not before:
        size = len(after.encode("utf-8", "replace"))
        is_text = size >= _MANY_BYTES or (size >= _SOME_BYTES and _SENTENCE_END.search(after) is not None)
        return is_text and after.lstrip(_BEFORE + " .")[:1].isalnum()
    is_end = _SENTENCE_END.fullmatch(after) is not None
    return is_end and len(before.encode("utf-8", "replace")) >= _FEW_BYTES and before.rstrip(_BEFORE)[-1:].isalnum()


def _around(source: str, begin: int, end: int) -> tuple[str, str]:
    """Return the text before and behind two places, as far as the paragraph goes."""
    before, after = source[max(0, begin - _AROUND) : begin], source[end : end + _AROUND]
    border = next((tag.start() for tag in _TAG.finditer(after) if _STYLE.fullmatch(tag[0]) is None), len(after))
    return html.unescape(_TAG.sub("", before[_begin_of_paragraph(before) :])).strip(), html.unescape(
        _TAG.sub("", after[:border])
    ).strip()


def _begin_of_paragraph(before: str) -> int:
    place = before.rfind("<")
    while place >= 0:
        tag = _TAG.match(before, place)
        if tag and _STYLE.fullmatch(tag[0]) is None:
            return tag.end()
        place = before.rfind("<", 0, place)
    return 0


def _continues(source: str, place: int) -> bool:
    """Say whether a word stands before the place in the same line."""
    before = source[max(0, place - 200) : place].rstrip()
    while before.endswith(">") and (tag := _STYLE.match(before, before.rfind("<"))) and tag.end() == len(before):
        before = before[: tag.start()].rstrip()
    return before.rstrip(_BEFORE)[-1:].isalnum()


def _scripted(begin: re.Match[str], content: str, before: str) -> str | None:
    """Return what a script is written as; None for one that stays as it stands in the source."""
    content = _COMMENT.sub("", content)
    if _NO_STYLE.search(content):
        return None
    text = " ".join(html.unescape(_TAG.sub("", content)).split())
    linked = _LINK.search(content) or _LINK_BEFORE.search(before)
    link = linked[1].strip() or "linked" if linked else begin[3] if says_note(begin[3]) else ""
    if begin[2] == "sup" and is_mark_of_note(text, html.unescape(_TAG.sub("", before)), link):
        return None
    written = write_script(_SIGNS[begin[2]], text)
    return None if written == text else html.escape(written, quote=False)
