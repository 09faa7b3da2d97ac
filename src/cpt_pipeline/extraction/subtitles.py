"""Subtitles (.srt, .vtt): what is spoken as running text; numbers, times and marks of layout go.

Cues that follow one another at once are joined; a pause of more than `_PAUSE_SECONDS` begins a paragraph. A cue that
repeats the one before it, as captions that roll do, counts once. Only tags of the formats are marks of layout: `<` and
`>` are text otherwise. Of a ruby the base stays; comments and styles of WebVTT are left out.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from cpt_pipeline.extraction.reading import Reading, ReadingParams
from cpt_pipeline.extraction.text_files import read_text

_TIME = r"(?:(\d+):)?(\d\d?):(\d\d?)[.,](\d{1,3})"
_CUE = re.compile(rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}.*$", re.MULTILINE)
_ATTRIBUTES = r"""(?:\s+[\w-]{1,30}\s*=\s*(?:"[^"<>\n]{0,100}"|'[^'<>\n]{0,100}'|[^\s"'<>]{1,100}))"""
_LAYOUT = re.compile(
    rf"<rt\b[^<>\n]{{0,100}}>[^<>\n]{{0,100}}</rt>"
    rf"|</?(?:[bisu]|c|v|lang|ruby|rt|font|span|em|strong|small|big|p|div)(?:\.[\w.-]{{1,100}})?{_ATTRIBUTES}{{0,5}}\s*/?>"
    r"|<(?:v|lang)(?:\.[\w.-]{1,100})?\s[^<>\n]{1,100}>|<(?:\d{1,4}:)?\d\d:\d\d\.\d{3}>|\{\\[^{}\n]{0,200}\}",
    re.IGNORECASE,
)
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_NO_CUES = re.compile(r"(?<=\n\n)(?:NOTE|STYLE|REGION)(?:[ \t][^\n]*)?(?:\n[^\n]+)*(?:\n|\Z)")
_NUMBER_BEFORE = re.compile(r"\n[ \t]*\n[^\n]*\n?\Z")
"""The blank line behind a cue, and the number or name of the next one."""
_PAUSE_SECONDS = 4.0
_WIDE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]\Z")


def read_subtitles(stream: BinaryIO, params: ReadingParams) -> Iterator[Reading]:
    """Read srt and vtt. A file without cues is excluded as `not_subtitles`."""
    for reading in read_text(stream, params.model_copy(update={"separator": None})):
        if not reading.text:
            yield reading
        elif not _CUE.search(reading.text):
            yield replace(reading, text="", reason="not_subtitles", detail="no line with times (00:00:01,000 --> ...)")
        else:
            yield replace(reading, text=spoken(reading.text))


def spoken(source: str) -> str:
    """Return what the cues say."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    if source.startswith(("WEBVTT", "\ufeffWEBVTT")):
        source = _NO_CUES.sub("", source)
    cues = list(_CUE.finditer(source))
    paragraphs: list[str] = []
    before, ended = "", float("-inf")
    for number, cue in enumerate(cues):
        last = number + 1 == len(cues)
        said = source[cue.end() : len(source) if last else cues[number + 1].start()]
        said = said.rstrip() if last else _NUMBER_BEFORE.sub("", said)
        text = " ".join(html.unescape(_LAYOUT.sub("", _LINE_BREAK.sub(" ", said))).split())
        if text and text != before:
            if paragraphs and _seconds(cue, 1) - ended <= _PAUSE_SECONDS:
                paragraphs[-1] += ("" if _WIDE.search(paragraphs[-1]) else " ") + text
            else:
                paragraphs.append(text)
            before = text
        ended = _seconds(cue, 5)
    return "\n\n".join(paragraphs)


def _seconds(cue: re.Match[str], first: int) -> float:
    hours, minutes, seconds, parts = (int(cue[first + index] or 0) for index in range(4))
    return hours * 3600 + minutes * 60 + seconds + parts / float(10 ** len(cue[first + 3]))
