r"""Rich Text Format: striprtf reads it; what it has no words for travels as marks in the source.

Scripts (`\super`, `\sub`) follow `scripts`, a footnote is a paragraph behind the one that it stands in, and characters
of fonts of symbols are those of Unicode. The marks are noncharacters, which no text holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from cpt_pipeline.corpus.collect.scripts import write_script
from cpt_pipeline.corpus.collect.symbols import symbol

_SUP, _SUB, _END, _NOTE, _NOTE_END = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3", "\ufdd4"
_TOKEN = re.compile(
    r"(?P<note>(?:\\\*\s{0,5})?\\footnote(?![a-zA-Z0-9-]) ?)|\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?"
    r"|\\'(?P<hex>[0-9a-fA-F]{2})|\\(?P<sign>[^a-zA-Z'])|(?P<brace>[{}])",
    re.DOTALL,
)
_SCRIPTS = {"super": _SUP, "sub": _SUB, "nosupersub": "", "plain": ""}
_NO_TEXT = frozenset(("fonttbl", "colortbl", "stylesheet", "listtable", "listoverridetable", "info", "pict", "fldinst"))
_SYMBOL_FONT = re.compile(
    r"\\f(\d{1,6})(?!\w)[^;{}]{0,80}\\fcharset2(?!\d)(?:[^;{}]|\{[^{}]{0,80}\}){0,200}?(?<=[ }])([A-Za-z][\w ]*);"
)
_WITHIN = f"[^{_SUP}{_SUB}{_END}{_NOTE}]*"
_SCRIPT = re.compile(f"(?:{_SUP}{_WITHIN}{_END})+|(?:{_SUB}{_WITHIN}{_END})+")
_NOTES = re.compile(f"{_NOTE}([^{_NOTE}{_NOTE_END}]*){_NOTE_END}")
_MARKS = re.compile("[\ufdd0-\ufdd4]")
_SIGNS = {_SUP: "^", _SUB: "_"}


def rtf_text(source: str) -> str:
    """Return the paragraphs of a source that was read as latin-1, blank lines between them.

    Raises ValueError, LookupError or TypeError for what is too broken to be read.
    """
    from striprtf.striprtf import remove_pict_groups, rtf_to_text

    marked = _Marker(remove_pict_groups(source)).run()
    text = rtf_to_text(marked, errors="replace").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    notes = iter(_NOTES.findall(text))
    paragraphs: list[str] = []
    for line in _NOTES.sub(_NOTE, text).splitlines():
        behind = [each for _ in range(line.count(_NOTE)) for each in next(notes, "").splitlines()]
        paragraphs += [_MARKS.sub("", _SCRIPT.sub(_scripted, each)).strip() for each in (line, *behind)]
    return "\n\n".join(filter(None, paragraphs))


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
        self._fonts: dict[str, str] = dict(_SYMBOL_FONT.findall(source))
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
