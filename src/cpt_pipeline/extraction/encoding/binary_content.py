"""Binary content under the name of a text: told by its first bytes, else by its share of control characters.

A format that begins as no text does is named by its signature. Anything else is binary where control characters that
no text uses are more than one in a hundred, in the bytes and in what a wide encoding (UTF-16, UTF-32) makes of them.
Form feeds, backspaces, escapes (ANSI colours, ISO 2022), separators of records and a stray zero byte are text.
"""

from __future__ import annotations

import codecs
import re
import zlib
from dataclasses import dataclass

from cpt_pipeline.extraction.encoding.detection import (
    MAX_CONTROL_SHARE,
    NUM_STRAY,
    find_codec,
    find_mark,
    find_wide,
    num_controls,
    share_of_no_text,
)
from cpt_pipeline.extraction.kinds import SUPPORTED, UNSUPPORTED

BINARY = "binary_file"
"""The reason of a file of text whose content is none."""
SAMPLE_BYTES = 1 << 16
"""How much of the begin of a file is looked at."""

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"%PDF-1.", ".pdf"),
    (b"%PDF-2.", ".pdf"),
    (b"{\\rtf1", ".rtf"),
    (b"PK\x03\x04", ".zip"),
    (b"PK\x05\x06", ".zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".doc"),
    (b"SQLite format 3\0", ".sqlite"),
    (b"7z\xbc\xaf\x27\x1c", ".7z"),
    (b"Rar!\x1a\x07", ".rar"),
    (b"\x89HDF\r\n\x1a\n", ".h5"),
    (b"\x93NUMPY", ".npy"),
    (b"ARROW1\0\0", ".arrow"),
)
"""First bytes that no text has, and the suffix of the kind they show."""
_WEAK_SIGNATURES = (
    (b"PAR1", ".parquet"),
    (b"GIF87a", ".gif"),
    (b"GIF89a", ".gif"),
    (b"ID3", ".mp3"),
    (b"RIFF", ".wav"),
    (b"OggS", ".mp3"),
    (b"fLaC", ".flac"),
    (b"\x80\x02", ".pkl"),
    (b"\x80\x03", ".pkl"),
    (b"\x80\x04", ".pkl"),
    (b"\x80\x05", ".pkl"),
)
"""First bytes that a text may have: they name what the control characters have shown to be binary."""
_PROGRAMS = (b"\x7fELF", b"\0asm", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"MZ")
_OFFICE = ((b"word/", ".docx"), (b"xl/", ".xlsx"), (b"ppt/", ".pptx"))
_MEDIA_TYPES = (
    (b"application/epub+zip", ".epub"),
    (b"application/vnd.oasis.opendocument.text", ".odt"),
    (b"application/vnd.oasis.opendocument.spreadsheet", ".ods"),
)
_MEDIA_TYPE = slice(30, 128)
"""Where the first member of an EPUB or ODT, `mimetype`, says what it is."""
_TAR_MARK = slice(257, 262)
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")

_ISO_2022 = (b"\x0e", b"\x0f")
_PADDING = b"\0\x1a"
"""What old systems fill the last block of a text up with."""


@dataclass(frozen=True)
class Binary:
    """Content that is no text."""

    detail: str
    """What it is, where that is known, and what to do."""


def find_binary(sample: bytes, encoding: str | None = None) -> Binary | None:
    """Return what shows that a file which begins with the sample is binary; None for a text.

    `encoding` is that of conf; without one it is found. A byte order mark is stronger than both.
    """
    if shown := next((suffix for magic, suffix in _SIGNATURES if sample.startswith(magic)), None):
        return Binary(_told(_within_zip(sample) if shown == ".zip" else shown))
    if sample[_TAR_MARK] == b"ustar":
        return Binary(_told(".tar"))
    if _is_zlib(sample):
        return Binary("compressed bytes (zlib): unpack them")
    body = sample.rstrip(_PADDING) if len(sample) < SAMPLE_BYTES else sample
    if not _has_many_controls(body) or _is_encoded_text(sample, encoding):
        return Binary("nothing but zero bytes") if b"\0" in sample and not body.strip() else None
    if shown := next((suffix for magic, suffix in _WEAK_SIGNATURES if sample.startswith(magic)), None):
        return Binary(_told(shown))
    if sample.startswith(_PROGRAMS):
        return Binary("a program for a machine, or a library")
    return Binary(f"{num_controls(sample)} of its first {len(sample)} bytes are control characters")


def _told(suffix: str) -> str:
    if suffix in SUPPORTED:
        return f"its content is that of {suffix}: rename it so, and it is read"
    return f"its content is that of {suffix}: {UNSUPPORTED[suffix]}"


def _within_zip(sample: bytes) -> str:
    media_type = sample[_MEDIA_TYPE]
    if found := next((suffix for name, suffix in _MEDIA_TYPES if name in media_type), None):
        return found
    if b"[Content_Types].xml" in sample:
        return next((suffix for folder, suffix in _OFFICE if folder in sample), ".zip")
    return ".zip"


def _is_zlib(sample: bytes) -> bool:
    """Return whether the sample unpacks as zlib to its end, which no text does by chance."""
    if not _ZLIB.match(sample):
        return False
    stream = zlib.decompressobj()
    try:
        stream.decompress(sample, SAMPLE_BYTES << 4)
    except zlib.error:
        return False
    return stream.eof or len(sample) >= SAMPLE_BYTES


def _has_many_controls(sample: bytes) -> bool:
    number = num_controls(sample)
    if number > NUM_STRAY and b"\x1b$" in sample:  # ISO-2022-KR and -CN shift by control characters
        number -= sum(map(sample.count, _ISO_2022))
    return number > max(NUM_STRAY, MAX_CONTROL_SHARE * len(sample))


def _is_encoded_text(sample: bytes, encoding: str | None) -> bool:
    """Return whether an encoding whose bytes look like control characters makes a text of the sample."""
    marked = find_mark(sample)
    codec = marked[1] if marked else find_codec(encoding) if encoding else find_wide(sample)
    if codec is None:
        return False
    text = codecs.getincrementaldecoder(codec)("replace").decode(sample).rstrip(_PADDING.decode())
    return share_of_no_text(text) <= max(MAX_CONTROL_SHARE, NUM_STRAY / max(len(text), 20))
