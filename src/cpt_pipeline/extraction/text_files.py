"""Plain text and Markdown: one document per file, or one between two separators.

Markup stays as it is. In Markdown tables, formulas and images are counted, and what a reader of the page does not see
goes: comments, and the front matter, whose title and date are noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from cpt_pipeline.extraction.encoding.decode import decode
from cpt_pipeline.extraction.encoding.recode import Utf8Stream, decode_utf8
from cpt_pipeline.extraction.reading import Reading, ReadingParams, read_whole, split, too_large
from cpt_pipeline.extraction.records import iso_date

_CODE_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_TABLE_RULE = re.compile(r"^ {0,3}\|?(?: *:?-+:? *\|)+(?: *:?-+:? *)?$")
_IMAGE = re.compile(r"!\[[^\[\]]*\]\([^()\s]|<img\s")
_FORMULA = re.compile(r"\$\$|(?<![\\$\w])\$(?=[^\s$\d])[^$\n]{1,200}(?<![\s\\])\$(?![\w$])|\\\(|\\\[")
_FRONT_MATTER = re.compile(r"\A(?P<fence>---|\+\+\+)[ \t]*\n(?P<lines>(?:.*\n){0,200}?)(?P=fence)[ \t]*(?:\n|\Z)")
_KEY = re.compile(r"^[A-Za-z_][\w .-]{0,60}[ \t]*[:=]", re.MULTILINE)
_ABOUT = {
    "title": re.compile(r"^title[ \t]*[:=][ \t]*(.+)$", re.MULTILINE),
    "published": re.compile(r"^date[ \t]*[:=][ \t]*(.+)$", re.MULTILINE),
}
_COMMENT_OR_CODE = re.compile(r"(?P<comment><!--)|^ {0,3}(?P<fence>`{3,}|~{3,})|(?P<ticks>`+)", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


def read_text(stream: BinaryIO, params: ReadingParams) -> Iterator[Reading]:
    """Read txt. Of a whole file that is cut, what came before the cut is kept."""
    if params.separator is None:
        raw, fault = read_whole(stream, params.max_record_bytes)
        if raw is None:
            yield too_large("")
        elif fault is None or (raw and fault.reason != "compression_bomb"):
            found = decode(raw, params.encoding)
            yield _judge(Reading("", found.text), found.encoding, found.num_bad_bytes, len(raw), params)
        if fault is not None:
            raise fault
        return
    text = Utf8Stream(stream, params.encoding)
    pieces = split(text, params.separator.encode(), params.max_record_bytes)
    for number, piece in enumerate(pieces, start=1):
        if piece is None:
            yield too_large(f"#{number}")
        else:
            kept, num_bad_bytes = decode_utf8(piece)
            yield _judge(Reading(f"#{number}", kept), text.encoding, num_bad_bytes, len(piece), params)


def read_markdown(stream: BinaryIO, params: ReadingParams) -> Iterator[Reading]:
    """Read md: as txt, without comments and front matter, with tables, formulas and images counted."""
    for reading in read_text(stream, params):
        text, about = take_front_matter(reading.text)
        text = strip_comments(text)
        fields = {**reading.fields, **about, **count_markdown(text)}
        yield replace(reading, text=text, fields=fields) if reading.text else reading


def take_front_matter(text: str) -> tuple[str, dict[str, str]]:
    """Return a Markdown text without its front matter (YAML or TOML), and the title and date that it names.

    It is one only where the first line is the fence and its lines name keys; a text between two rules stays.
    """
    found = _FRONT_MATTER.match(text)
    if found is None or _KEY.search(found["lines"]) is None:
        return text, {}
    about = {}
    for column, pattern in _ABOUT.items():
        if value := pattern.search(found["lines"]):
            about[column] = value[1].strip().strip("\"'").strip()
    if "published" in about and (date := iso_date(about["published"][:10])) is not None:
        about["published"] = date
    else:
        about.pop("published", None)
    return text[found.end() :].lstrip("\n"), {name: value for name, value in about.items() if value}


def strip_comments(text: str) -> str:
    """Return a Markdown text without its HTML comments; those in code stay, and one that never ends."""
    kept, start, at = [], 0, 0
    while (found := _COMMENT_OR_CODE.search(text, at)) is not None:
        if found["comment"]:
            end = text.find("-->", found.end())
            if end < 0:
                break
            kept.append(text[start : found.start()])
            start = at = end + 3
        elif found["fence"]:
            closing = re.compile(rf"^ {{0,3}}{found['fence']}+[ \t]*$", re.MULTILINE).search(text, found.end())
            if closing is None:
                break
            at = closing.end()
        else:
            line_end = text.find("\n", found.end())
            end = text.find(found["ticks"], found.end(), line_end if line_end >= 0 else len(text))
            at = end + len(found["ticks"]) if end >= 0 else found.end()
    if not kept:
        return text
    return _BLANK_LINES.sub("\n\n", "".join([*kept, text[start:]])).strip("\n")


def count_markdown(text: str) -> dict[str, int]:
    r"""Count tables (by the rule below their head), formulas (TeX between dollars or in `\(`, `\[`) and images.

    Fenced code counts for nothing, and `$5 and $6` are no formula.
    """
    counts = {"tables": 0, "formulas": 0, "images": 0}
    fence, num_dollars = "", 0
    for line in text.splitlines():
        match = _CODE_FENCE.match(line)
        if match and fence in ("", match[1]):
            fence = "" if fence else match[1]
        if fence or match:
            continue
        counts["tables"] += bool("|" in line and _TABLE_RULE.match(line))
        counts["images"] += len(_IMAGE.findall(line))
        found = _FORMULA.findall(line)
        num_dollars += found.count("$$")
        counts["formulas"] += len(found) - found.count("$$")
    counts["formulas"] += num_dollars // 2
    return counts


def _judge(reading: Reading, encoding: str, num_bad_bytes: int, num_bytes: int, params: ReadingParams) -> Reading:
    fields = {"encoding": encoding, "bad_bytes": num_bad_bytes}
    if num_bad_bytes <= params.max_bad_byte_share * num_bytes:
        return replace(reading, text=reading.text.removeprefix("\ufeff"), fields=fields)
    detail = f"{num_bad_bytes} of {num_bytes} bytes are not {encoding}"
    return Reading(reading.position, reason="undecodable", detail=detail, fields=fields)
