"""What the parser loses of a line: lone characters, the height of scripts, dates and links in sentences.

All of it is written into the source before it is parsed. The parser takes a text of three bytes for the glyph of an
icon font and drops it: one character of Chinese, Japanese, mathematics or currency between two tags, or a letter
before an accented one. Such texts get a mark (`html_marks.LONE`); the glyphs of icons do not.
"""

from __future__ import annotations

import html
import re

from cpt_pipeline.corpus.collect.html_marks import LETTER, LONE
from cpt_pipeline.corpus.collect.scripts import write_script

_LONE = re.compile(r">([ \t\r\n\f]*+(?:[!-%'-;=?-~]|&#?\w{1,31};?)?(?:[^\x00-\x7f]|&#?\w{1,31};?)[ \t\r\n\f]*)(?=<|\Z)")
_BLANK = " \t\r\n\f"
_ICON = re.compile(
    "[\u25b4-\u25bb\u25be-\u25c5\u2600-\u2604\u2607-\u263f\u2641\u2643-\u266c\u2670-\u26ff\u2700-\u27bf\u2b00-\u2bff\u200b-\u200f\u2060\ufeff\ue000-\uf8ff\ufe0e\ufe0f]+"
)
"""Pointers, pictures and private use; what text writes too (squares, circles, full triangles, stars) is left out."""

_SCRIPT = re.compile(r"<(su[bp])(\s[^<>]*)?>((?:[^<]|</?(?:i|em|b|strong|var|span)(?:\s[^<>]*)?>){1,300})</\1\s*>")
_LINK_BEFORE = re.compile(r"<a\s[^<>]*>\s*\Z")
_TAG = re.compile(r"<[^<>]*>")
_STYLE = re.compile(
    r"</?(?:a|abbr|b|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|su[bp]|time|tt|u|var)(?:\s[^<>]*)?>"
)
_BEFORE = ",;:(“„«\"'—–，、；：（「『《〈【‘"
_SENTENCE_AFTER = re.compile(rf"""(?:\s|{_STYLE.pattern}|[,;:)”“»"'—–.(„«，、；：）」』》〉】’。（「『《])*+\w""")
_TIMES_WITHIN = 4
_TIME = re.compile(r"<time(?:\s[^<>]*)?>((?:[^<]|<(?!/?time\b)[^<>]*>){1,300})</time\s*>")
_DROPPING = (
    (" rel=", re.compile(r""" rel=["']?(?:[\w-]{1,20} ){0,2}(?:tag|author|next)\b""")),
    (" itemprop=", re.compile(r" itemprop=")),
)
"""Attributes that the parser takes for those of a byline or a list of tags."""
_INLINE_TAG = re.compile(r"<(a|span)\s[^<>]*>(?:[^<]|</?(?:b|em|i|span|strong|u)(?:\s[^<>]*)?>){1,300}?</\1\s*>")

_SIGNS = {"sup": "^", "sub": "_"}


def shield_lone_characters(source: str) -> str:
    """Return the source with a mark behind each text that the parser would drop as an icon."""
    return source if source.isascii() and "&" not in source else _LONE.sub(_shielded, f">{source}")[1:]


def keep_sentences(source: str) -> str:
    """Return the source with nothing left in the middle of a sentence that the parser takes for a date or a byline."""
    before = source if "<time" in source else None
    for _ in range(_TIMES_WITHIN):  # the inner one of two goes first
        if before is None:
            break
        source = _TIME.sub(lambda tag: f"<span>{tag[1]}</span>" if _in_sentence(tag) else tag[0], before)
        before = source if source != before else None
    for name, attribute in _DROPPING:
        if name in source:
            source = attribute.sub(_renamed, source)
    return source


def write_scripts(source: str) -> str:
    """Return the source with `sup` and `sub` as `write_script` writes them; a link to a note stays as it is."""
    return _SCRIPT.sub(_scripted, source) if "<su" in source else source


def _shielded(match: re.Match[str]) -> str:
    text = html.unescape(match[1]).strip(_BLANK)
    if len(text.encode("utf-8", "replace")) != 3 or text.isascii() or text.isspace() or _ICON.fullmatch(text):
        return match[0]
    return f"{match[0]}{LONE}{LETTER}"


def _renamed(match: re.Match[str]) -> str:
    source, begin = match.string, match.string.rfind("<", max(0, match.start() - 1000), match.start())
    if begin < 0 or not _continues(source, begin):
        return match[0]
    tag = _INLINE_TAG.match(source, begin)
    return f" data-{match[0][1:]}" if tag and _SENTENCE_AFTER.match(source, tag.end(), tag.end() + 200) else match[0]


def _in_sentence(tag: re.Match[str]) -> bool:
    after = _SENTENCE_AFTER.match(tag.string, tag.end(), tag.end() + 200)
    return after is not None and _continues(tag.string, tag.start())


def _continues(source: str, place: int) -> bool:
    """Say whether a word stands before the place in the same line."""
    before = source[max(0, place - 200) : place].rstrip()
    while before.endswith(">") and (tag := _STYLE.match(before, before.rfind("<"))) and tag.end() == len(before):
        before = before[: tag.start()].rstrip()
    return before.rstrip(_BEFORE)[-1:].isalnum()


def _scripted(match: re.Match[str]) -> str:
    name, said, content = match.groups(default="")
    text = html.unescape(_TAG.sub("", content)).strip()
    written = write_script(_SIGNS[name], text)
    if written == text or _LINK_BEFORE.search(match.string, max(0, match.start() - 400), match.start()):
        return match[0]
    return f"<{name}{said}>{html.escape(written, quote=False)}</{name}>"
