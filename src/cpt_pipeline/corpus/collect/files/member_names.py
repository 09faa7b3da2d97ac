"""Names of members of archives: zip and tar keep bytes, and old programs wrote them in the encoding of their system.

One encoding is found for all names of an archive together. Names that are marked as UTF-8, or that are UTF-8, are so.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable

from cpt_pipeline.extraction.encoding.detection import HEAD_BYTES, detect

_UTF8_FLAG = 0x800
_LETTER_IN_A_WORD = re.compile(rb"[A-Za-z][\x80-\xff]{1,2}(?![\x80-\xff])|(?<![\x80-\xff])[\x80-\xff]{1,2}[A-Za-z]")
"""One or two bytes beyond ASCII at a Latin letter: an accented letter of the code pages of DOS."""
_RUN = re.compile(rb"[\x80-\xff]+")
_BOX = re.compile("[\u2500-\u259f]")
_DOS, _DOS_LATIN = "cp437", "cp850"


def zip_names(infos: Iterable[zipfile.ZipInfo]) -> dict[int, str]:
    """Return the name of each member of a zip that is not marked as UTF-8, by where it begins."""
    raws = {
        info.header_offset: info.orig_filename.partition("\0")[0].encode(_DOS)
        for info in infos
        if not info.flag_bits & _UTF8_FLAG
    }
    encoding = find_encoding(raws.values())
    return {place: _decode(raw, encoding) for place, raw in raws.items()}


def tar_name(name: str, encoding: str) -> str:
    """Return the name that a tar gives in bytes which are not UTF-8, read in the encoding of its names."""
    return _decode(name.encode("utf-8", "surrogateescape"), encoding)


def find_encoding(raws: Iterable[bytes]) -> str:
    """Return the encoding of the names that are not UTF-8; that of DOS where nothing tells another one."""
    old = [raw for raw in raws if not _is_utf8(raw)]
    sample = b"\n".join(dict.fromkeys(old))[:HEAD_BYTES]
    runs, in_words = _RUN.findall(sample), _LETTER_IN_A_WORD.findall(sample)
    if not sample or len(in_words) >= len(runs) > 0:
        return _DOS_LATIN if _BOX.search(sample.decode(_DOS)) else _DOS
    return detect(sample)


def _decode(raw: bytes, encoding: str) -> str:
    for codec in ("utf-8", encoding):
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "surrogateescape")


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
