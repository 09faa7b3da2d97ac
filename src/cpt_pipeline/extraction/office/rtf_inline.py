r"""What stands in the lines of RTF: scripts, footnotes and symbols travel through striprtf as marks in the source.

Scripts (`\super`, `\sub`) follow `scripts`, a footnote is a paragraph behind the one that it stands in, and characters
of fonts of symbols are those of Unicode. The marks are noncharacters, which no text holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from cpt_pipeline.extraction.markup.scripts import write_script
from cpt_pipeline.extraction.markup.symbols import symbol

_SUP, _SUB, _END, _NOTE, _NOTE_END, _BREAK = (chr(number) for number in range(0xFDE0, 0xFDE6))
_TOKEN = re.compile(
    r"(?P<note>(?:\\\*\s{0,5})?\\footnote(?![a-zA-Z0-9-]) ?)|\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?"
    r"|\\'(?P<hex>[0-9a-fA-F]{2})|\\(?P<sign>[^a-zA-Z'])|(?P<brace>[{}])",
    re.DOTALL,
)
_SCRIPTS = {"super": _SUP, "sub": _SUB, "nosupersub": "", "plain": ""}
_ENDS = frozenset(("par", "cell", "nestcell", "row"))
"""Behind them a script that goes on begins anew."""
_NO_TEXT = frozenset(("fonttbl", "colortbl", "stylesheet", "listtable", "listoverridetable", "info", "pict", "fldinst"))
_SYMBOL_FONT = re.compile(
    r"\\f(\d{1,6})(?!\w)[^;{}]{0,80}\\fcharset2(?!\d)(?:[^;{}]|\{[^{}]{0,80}\}){0,200}?(?<=[ }])([A-Za-z][\w ]*);"
)
_WITHIN = f"[^{_SUP}{_SUB}{_END}{_NOTE}]*"
_SCRIPT = re.compile(f"(?:{_SUP}{_WITHIN}{_END})+|(?:{_SUB}{_WITHIN}{_END})+")
_NOTES = re.compile(f"{_NOTE}([^{_NOTE}{_NOTE_END}]*){_NOTE_END}")
_MARKS = re.compile("[\ufdd0-\ufdef]")
_SIGNS = {_SUP: "^", _SUB: "_"}


def symbol_fonts(source: str) -> dict[str, str]:
    """Return the names of the fonts of symbols of a source by their numbers."""
    return dict(_SYMBOL_FONT.findall(source))


def mark_inline(source: str) -> str:
    """Return a source with marks around scripts and footnotes, and with the characters of fonts of symbols."""
    return _Marker(source).run()


def join_notes(text: str) -> str:
    """Return what striprtf gives for a marked source with each footnote in one line."""
    return _NOTES.sub(lambda note: _BREAK.join(note[0].splitlines()), text)


def read_lines(text: str) -> list[str]:
    """Return the lines of a marked text that hold anything, the notes of each behind it."""
    lines = (each for line in text.splitlines() for each in (_NOTES.sub("", line), *_notes(line)))
    return [each for line in lines if (each := _MARKS.sub("", _SCRIPT.sub(_scripted, line)).strip())]


def _notes(line: str) -> list[str]:
    return [each for note in _NOTES.findall(line) for each in note.split(_BREAK)]


def _scripted(match: re.Match[str]) -> str:
    return write_script(_SIGNS[match[0][0]], _MARKS.sub("", match[0]))


@dataclass(frozen=True)
class _Group:
    """What holds in a group of the source."""

    script: str = ""
    font: str = ""
    """Name of the font, if it is one of symbols."""
    is_note: bool = False
    is_text: bool = True


class _Marker:
    """Writes the marks into a source."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._fonts = symbol_fonts(source)
        self._now = _Group()
        self._outer: list[_Group] = []
        self._code_end = -1
        """End of the last `\\u`, behind which a character for old programs stands."""

    def run(self) -> str:
        pieces, last = [], 0
        for token in _TOKEN.finditer(self._source):
            pieces += [self._text(last, token.start()), self._token(token)]
            last = token.end()
        return "".join([*pieces, self._source[last:]])

    def _text(self, begin: int, end: int) -> str:
        text = self._source[begin:end]
        if not self._now.font or not self._now.is_text:
            return text
        kept = begin == self._code_end
        return text[:kept] + "".join(self._symbol(ord(each), each) for each in text[kept:])

    def _token(self, token: re.Match[str]) -> str:
        said, now = token[0], self._now
        if token["brace"]:
            return self._begin() if said == "{" else self._end()
        if token["note"]:
            self._now = replace(now, is_note=True, script="")
            return _mark(_NOTE)
        if token["word"] in _ENDS and now.script and now.is_text:
            return _mark(_END) + said + _mark(now.script)
        if token["sign"] == "*" or token["word"] in _NO_TEXT:
            self._now = replace(now, is_text=False)
        elif token["word"] in _SCRIPTS:
            script = "" if token["number"] == "0" else _SCRIPTS[token["word"]]
            self._now = replace(now, script=script, font="" if token["word"] == "plain" else now.font)
            return said + _change(now, self._now)
        elif token["word"] == "f" and token["number"]:
            self._now = replace(now, font=self._fonts.get(token["number"], ""))
        elif token["word"] == "u" and token["number"]:
            self._code_end = token.end()
            found = symbol(now.font, int(token["number"]) % 0x10000) if now.font else None
            return f"\\u{ord(found)} " if found else said
        elif token["hex"] and token.start() != self._code_end:
            return self._symbol(int(token["hex"], 16), said)
        return said

    def _begin(self) -> str:
        self._outer.append(self._now)
        self._now = replace(self._now, is_note=False)
        return "{"

    def _end(self) -> str:
        left, self._now = self._now, self._outer.pop() if self._outer else _Group()
        if left.is_note:
            return f"{_mark(_END)}{_mark(_NOTE_END)}}}"
        return "}" + _change(left, self._now)

    def _symbol(self, code: int, otherwise: str) -> str:
        found = symbol(self._now.font, code) if self._now.font and self._now.is_text and code > 0x20 else None
        return _mark(found) if found else otherwise


def _change(before: _Group, after: _Group) -> str:
    if before.script == after.script or not after.is_text:
        return ""
    return (_mark(_END) if before.script else "") + (_mark(after.script) if after.script else "")


def _mark(character: str) -> str:
    return f"{{\\uc1\\u{ord(character)}?}}"
