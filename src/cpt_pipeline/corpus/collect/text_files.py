"""Plain text and Markdown: one document per file, or one between two separators.

Markup stays as it is; in Markdown, tables, formulas and images are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from cpt_pipeline.corpus.collect.decode import decode
from cpt_pipeline.corpus.collect.reading import Reading, ReadingParams, read_whole, split, too_large
from cpt_pipeline.corpus.collect.recode import Utf8Stream, decode_utf8

_CODE_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_TABLE_RULE = re.compile(r"^ {0,3}\|?(?: *:?-+:? *\|)+(?: *:?-+:? *)?$")
_IMAGE = re.compile(r"!\[[^\[\]]*\]\([^()\s]|<img\s")
_FORMULA = re.compile(r"\$\$|(?<![\\$\w])\$(?=[^\s$\d])[^$\n]{1,200}(?<![\s\\])\$(?![\w$])|\\\(|\\\[")


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
    """Read md: as txt, with tables, formulas and images counted."""
    for reading in read_text(stream, params):
        yield replace(reading, fields={**reading.fields, **count_markdown(reading.text)}) if reading.text else reading


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
