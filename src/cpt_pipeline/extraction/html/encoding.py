"""The encoding of a page: given, declared in its head, or found, in this order; and when too much is lost in it."""

from __future__ import annotations

import re
from dataclasses import replace

from cpt_pipeline.extraction.encoding.decode import Decoded, decode
from cpt_pipeline.extraction.encoding.detection import family, find_codec
from cpt_pipeline.extraction.reading import Reading, ReadingParams

_HEAD_BYTES = 4096
_CHARSET = re.compile(rb"""charset\s{0,9}=\s{0,9}["']?([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
_WESTERN = frozenset(("iso-8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "us-ascii", "ascii"))
_HIGH_BYTES = re.compile(rb"[\x80-\xff]{3}")
_HIGH_BYTE = re.compile(rb"[\x80-\xff]")
_BAD_SHARE = 0.05
"""Of the bytes beyond ASCII: with fewer that are no UTF-8, a page that says it is UTF-8 is believed."""


def decode_page(raw: bytes, encoding: str | None) -> Decoded:
    """Read in `encoding`, if Python has it, else in the one that the page declares, else in the one that is found."""
    try:
        return decode(raw, encoding or _trusted_declaration(raw))
    except LookupError:
        return decode(raw)


def refuse_undecodable(reading: Reading, num_bytes: int, params: ReadingParams) -> Reading:
    """Give the reading, or why there is none if too large a share of its bytes was not in its encoding."""
    num_bad_bytes, encoding = reading.fields["bad_bytes"], reading.fields["encoding"]
    if num_bad_bytes <= params.max_bad_byte_share * num_bytes:
        return reading
    detail = f"{num_bad_bytes} of {num_bytes} bytes are not {encoding}"
    return replace(reading, text="", reason="undecodable", detail=detail)


def _trusted_declaration(raw: bytes) -> str | None:
    """Give the encoding that the page declares, if the page is no UTF-8 and nothing speaks against it.

    Finding an encoding costs a hundred times what reading a page does. A Western label is what a server says that
    knows nothing, and three high bytes in a row are no Western text.
    """
    declared = _CHARSET.search(raw[:_HEAD_BYTES])
    if declared is None or _decodes(raw, "utf-8"):
        return None
    label = declared[1].decode("ascii").lower()
    if label in _WESTERN:
        return None if _HIGH_BYTES.search(raw) else label
    if label in ("utf-8", "utf8"):
        num_bad = len(raw) - len(raw.decode("utf-8", "ignore").encode())
        return label if num_bad <= _BAD_SHARE * len(_HIGH_BYTE.findall(raw)) else None
    if label.startswith("big5") or (label.startswith("gb") and _decodes(raw, "big5hkscs")):
        return None  # what is right in one is as a rule right in the other
    try:
        return label if _decodes(raw, family(find_codec(label))[-1]) else None
    except LookupError:
        return None


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True
