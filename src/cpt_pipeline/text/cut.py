"""Cut long texts into parts of at most a given size, at the coarsest border that the text offers.

Between paragraphs, else between lines, sentences, words; where a text has none of these (a table of numbers without
blanks, a key), between characters. A part knows what stood between it and the part before, so the parts of a text can
be joined to the text again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Generator, Iterable, Iterator
from typing import NamedTuple

PARAGRAPHS, LINES, _SENTENCES, _WORDS = range(4)
_BORDERS = (
    re.compile(r"(?P<separator>\n(?:[ \t]*\n)+)"),
    re.compile(r"(?P<separator>\n)"),
    re.compile(r"[.!?…][\"'”’)\]]*(?P<separator>\s+)|[。！？；…][”’」』）》\"]*(?P<none>)"),
    re.compile(r"(?P<separator>\s+)"),
)


class Part(NamedTuple):
    """A piece of a text, and what stands between it and the piece before ("" for the first)."""

    separator: str
    text: str


def cut_text(text: str, max_characters: int) -> Iterator[Part]:
    """Yield the parts of a text, none longer than `max_characters` nor blank; a blank text has none.

    Separators and texts together are the text, but for white space at its two ends.
    """
    if len(text) <= max_characters:
        if text.strip():
            yield Part("", text)
        return
    yield from pack([Part("", text)], max_characters, PARAGRAPHS)


def pack(pieces: Iterable[Part], max_characters: int, finer: int) -> Generator[Part, None, str]:
    """Join neighbours while they fit; a piece that is too long by itself is cut at borders of the level `finer`.

    A blank piece becomes part of the next separator; what is left of them at the end is returned.
    """
    separator, held, waiting = "", "", ""
    for before, piece in pieces:
        waiting += before
        if not piece.strip():
            waiting += piece
        elif held and len(held) + len(waiting) + len(piece) <= max_characters:
            held, waiting = held + waiting + piece, ""
        else:
            if held:
                yield Part(separator, held)
            separator, held, waiting = waiting, piece, ""
            if len(piece) > max_characters:
                held = ""
                waiting = yield from _cut_finer(Part(separator, piece), max_characters, finer)
    if held:
        yield Part(separator, held)
    return waiting


def _cut_finer(piece: Part, max_characters: int, level: int) -> Generator[Part, None, str]:
    if level < len(_BORDERS):
        (first, *others) = _split(piece.text, _BORDERS[level])
        return (yield from pack([Part(piece.separator, first.text), *others], max_characters, level + 1))
    yield from _between_characters(piece, max_characters)
    return ""


def _split(text: str, border: re.Pattern[str]) -> Iterator[Part]:
    separator, start = "", 0
    for found in border.finditer(text):
        name = "separator" if found.start("separator") >= 0 else "none"
        yield Part(separator, text[start : found.start(name)])
        separator, start = text[found.start(name) : found.end(name)], found.end(name)
    yield Part(separator, text[start:])


def _between_characters(piece: Part, max_characters: int) -> Iterator[Part]:
    """Cut a run without any border; a mark stays with its letter unless it has more marks than a part may hold."""
    separator, text = piece
    start = 0
    while start < len(text):
        end = start + max_characters
        while start + 1 < end < len(text) and unicodedata.category(text[end]) in ("Mn", "Mc", "Me", "Cf"):
            end -= 1
        if start + 1 >= end:
            end = start + max_characters
        yield Part(separator, text[start:end])
        separator, start = "", end
