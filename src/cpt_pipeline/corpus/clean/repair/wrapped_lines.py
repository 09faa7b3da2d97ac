"""Lines broken at a fixed width, joined to the sentences they were.

The document decides: its lines must reach one width again and again, and most of those that reach it must stop in the
middle of a sentence. Verse, lists and tables do not: their lines end where they have an end. Widths are columns of a
terminal, in which a Chinese character takes two.
"""

from __future__ import annotations

import re

_MIN_LINES = 10
_WIDTHS = range(40, 133)
_FULL_FROM, _FULL_TO = 0.85, 1.15
"""Of the document's width. Digitised books break up to six characters early, to keep a name or a bracket whole."""
_MIN_FULL_LINES = 5
_MIN_FULL_SHARE = 0.15
_MIN_BROKEN_SHARE = 0.5

_WIDE = re.compile(
    "[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\U00020000-\U0003fffd]"
)
_ENDS_SENTENCE = re.compile("[.!?:。！？；：…][\"'”’」』)）】〕]*$|[”」』】〕]$")
_STARTS_ANEW = re.compile(r"[\s<#*•·●○■□◆\-–—|【〔(（\[]|\d+[.、)）]|[A-Z]|第[一二三四五六七八九十百\d]+[章节回卷篇]")
_TABULAR = re.compile(r"[|\t]|\S\s{3,}\S|[-=`]{3,}$")
_FIRST_WORD = re.compile(r"[^\s]+")
_LAST_PART = re.compile(r"[A-Za-z]+-$")
_FIRST_PART = re.compile(r"[a-z]+")
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")


def rejoin_wrapped_lines(text: str) -> str:
    """Join the lines of a hard-wrapped document; any other document comes back as it is.

    A line is joined to the next when it is full and stops in mid-sentence; in Latin script also after a full stop when
    the next word had no room. A hyphen at the line end goes, unless the document spells the word with it elsewhere.
    """
    lines = [line.rstrip(" \t\u3000\xa0") for line in text.split("\n")]
    widths = [len(line) + len(_WIDE.findall(line)) for line in lines]
    width = _wrap_width(lines, widths)
    if width is None:
        return text
    words = set(_WORD.findall(text))
    parts = [lines[0]]
    for before, line, wide in zip(lines, lines[1:], widths, strict=False):
        if not _is_soft(before, wide, line, width):
            parts += "\n", line
        elif _is_split_word(before, line, words):
            parts[-1] = parts[-1][:-1]
            parts.append(line)
        else:
            parts += _between(before, line), line
    return "".join(parts)


def _wrap_width(lines: list[str], widths: list[int]) -> int | None:
    """Give the width at which the document was wrapped, if it was."""
    solid = sorted(width for width in widths if width)
    if len(solid) < _MIN_LINES:
        return None
    width = solid[int(0.98 * (len(solid) - 1))]
    pairs = zip(lines, lines[1:], widths, strict=False)
    full = [(before, after) for before, after, wide in pairs if after and _is_full(wide, width)]
    broken = sum(_is_broken(before, after) for before, after in full)
    enough = len(full) >= max(_MIN_FULL_LINES, _MIN_FULL_SHARE * len(solid)) and broken >= _MIN_BROKEN_SHARE * len(full)
    return width if width in _WIDTHS and enough else None


def _is_full(line_width: int, width: int) -> bool:
    return _FULL_FROM * width <= line_width <= _FULL_TO * width


def _is_broken(line: str, after: str) -> bool:
    return not _ENDS_SENTENCE.search(line) and not _STARTS_ANEW.match(after) and not _TABULAR.search(line)


def _is_soft(line: str, line_width: int, after: str, width: int) -> bool:
    if not after or not _is_full(line_width, width) or after[0] in " \t\u3000":
        return False
    if _is_broken(line, after):
        return True
    first = _FIRST_WORD.match(after)
    latin = line[-1].isascii() and after[0].isascii() and after[0].isalpha()
    return latin and first is not None and line_width + 1 + len(first.group()) > width


def _is_split_word(line: str, after: str, words: set[str]) -> bool:
    start, rest = _LAST_PART.search(line), _FIRST_PART.match(after)
    return start is not None and rest is not None and start.group() + rest.group() not in words


def _between(line: str, after: str) -> str:
    """Chinese needs no space, and neither does a hyphen."""
    return "" if line.endswith("-") or _WIDE.match(line[-1]) or _WIDE.match(after[0]) else " "
