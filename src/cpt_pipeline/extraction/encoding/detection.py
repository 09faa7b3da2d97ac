"""Which encoding a sample of bytes is in.

A byte order mark, strict UTF-8, ISO 2022 escapes and the structure of UTF-16 and UTF-32 prove an encoding. Where
nothing proves one, every codec in use decodes the sample and the most plausible text wins (`plausibility`), with a
bonus for the encoding that the text itself declares. An encoding Python has no codec of (EUC-TW), and HZ, are taken
for another one. Own code because of 120 files without their declarations it reads 117 as their true encoding does,
charset-normalizer 103 and chardet 104 (benchmarks/decoding.py).
"""

from __future__ import annotations

import codecs
import re
import unicodedata

from cpt_pipeline.extraction.encoding import plausibility

SAMPLE_BYTES = 1 << 16
"""As much as a caller needs to give."""
HEAD_BYTES = 1 << 12
"""Where a declaration is looked for."""
_SCORED_BYTES = 1 << 13
_SHORT_BYTES = 1 << 10
_CLEAR_LEAD = 200.0

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32", "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030", "gb18030"),
)
"""Byte order mark, the codec's name, the codec of what follows. The mark of UTF-32-LE begins with that of UTF-16-LE."""

_FAMILIES = {
    "ascii": ("ascii", "utf-8", "cp1252"),
    "big5": ("big5", "cp950", "big5hkscs"),
    "euc_jp": ("euc_jp", "euc_jis_2004"),
    "euc_kr": ("euc_kr", "cp949"),
    "gb2312": ("gbk", "gb18030"),
    "gbk": ("gbk", "gb18030"),
    "iso2022_jp": ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_ext", "iso2022_jp_2004"),
    "iso8859-1": ("cp1252", "iso8859-1"),
    "iso8859-9": ("cp1254", "iso8859-9"),
    "shift_jis": ("shift_jis", "cp932"),
    "tis-620": ("tis-620", "cp874"),
}
"""What a label stands for, narrowest first: supersets map some shared bytes to other characters (`〜` and `～`).

The label gb2312 means gbk, as in browsers (WHATWG Encoding): Python's codec of that name reads the dot `·` and the dash
`—` as U+30FB and U+2015."""

_RARE = 10.0
_WESTERN = ("en", "fr", "de", "es", "pt", "it", "sv", "da", "fi", "nl", "is")
_CENTRAL = ("pl", "cs", "sk", "hu", "hr", "ro", "de")
_CYRILLIC = ("ru", "uk", "bg", "sr", "mk")
_Candidate = tuple[str, tuple[str, ...], float]
_CANDIDATES: tuple[_Candidate, ...] = (
    ("utf-8", plausibility.LANGUAGES, 0.0),
    ("gb18030", ("zh_hans", "zh_hant"), 0.0),
    ("big5", ("zh_hant",), 0.0),
    ("shift_jis", ("ja",), 0.0),
    ("euc_jp", ("ja",), 0.0),
    ("euc_kr", ("ko",), 0.0),
    ("cp1252", _WESTERN, 0.0),
    ("cp1251", _CYRILLIC, 0.0),
    ("koi8-r", ("ru", "bg"), 0.0),
    ("cp1250", _CENTRAL, 0.0),
    ("iso8859-2", _CENTRAL, 2.0),
    ("cp1253", ("el",), 0.0),
    ("cp1254", ("tr",), 0.0),
    ("cp1255", ("he",), 0.0),
    ("cp1256", ("ar", "fa", "ur"), 0.0),
    ("cp1257", ("lt", "lv", "et"), 0.0),
    ("cp1258", ("vi",), 0.0),
    ("cp874", ("th",), 0.0),
    ("koi8-u", ("uk",), 2.0),
    ("iso8859-7", ("el",), 2.0),
    ("iso8859-5", _CYRILLIC, 5.0),
    ("iso8859-6", ("ar",), 5.0),
    ("cp866", ("ru", "uk", "bg"), 5.0),
    ("johab", ("ko",), 5.0),
    ("iso8859-15", _WESTERN, 5.0),
    ("iso8859-16", ("ro",), _RARE),
    ("iso8859-4", ("lt", "lv", "et"), _RARE),
    ("iso8859-13", ("lt", "lv", "et"), _RARE),
    ("mac-roman", _WESTERN, _RARE),
    ("mac-cyrillic", _CYRILLIC, _RARE),
    ("mac-latin2", _CENTRAL, _RARE),
    ("cp850", _WESTERN, _RARE),
    ("cp852", _CENTRAL, _RARE),
    ("cp437", _WESTERN, _RARE),
    ("kz1048", ("kk",), _RARE),
)
"""Label, languages written in it, what its rarity costs in nats. Of two equal texts the first label's wins."""

_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_USED_BY_TEXT = "\b\t\n\v\f\r\x1b\x1c\x1d\x1e\x1f"
_CONTROLS = bytes(code for code in (*range(0x20), 0x7F) if chr(code) not in _USED_BY_TEXT)
NUM_STRAY, MAX_CONTROL_SHARE = 2, 0.01
"""How many control characters a text may hold: so many, or this share of it."""
_NO_TEXT = frozenset(("Cc", "Cn", "Co", "Cs"))
_STOPS = " \n\r\u3000\u3001\u3002\uff0c\u0964"
_MIN_STOP_SHARE = 0.01
_MAX_ZEROS = 4
_NOT_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})
_NOT_DECLARED = frozenset({"ascii", "utf-7", "utf-8", "utf-8-sig"})
_ESCAPED = ("iso2022_jp", "iso2022_kr", "iso2022_jp_2", "iso2022_jp_ext", "iso2022_jp_2004")
_ESCAPE = re.compile(rb"\x1b\$[()]?[@A-DO-Q]")
_REPEATED_PAIR = re.compile(rb"([\x80-\xff][\x30-\xff])\1+")
_DECLARED = re.compile(rb"(?:encoding|charset|coding)\s{0,9}[:=]\s{0,9}[\"']?([\w.:-]{2,40})", re.IGNORECASE)


def detect(sample: bytes) -> str:
    """Name the codec of a text that begins with the sample, whose last character may be cut."""
    marked = find_mark(sample)
    if marked is not None:
        return marked[1]
    sample = _without_padding(sample)
    is_utf8 = _decodes(sample, "utf-8")
    if is_utf8 and _ESCAPE.search(sample):
        return next((codec for codec in _ESCAPED if _decodes(sample, codec)), "utf-8")
    if is_utf8 and b"\0" not in sample:
        return "utf-8"
    if (proven := find_wide(sample)) is not None:
        return proven
    wide = tuple((codec, plausibility.LANGUAGES, 0.0) for codec in _WIDE if _decodes(sample, codec))
    if is_utf8:
        return _most_plausible(sample[:_SCORED_BYTES], wide + _CANDIDATES[:1], None)
    lines = sample if wide else b"".join(line for line in sample.splitlines(keepends=True) if not line.isascii())
    # A drawn rule tells as much as one of its characters; left whole, it outvotes the text behind it.
    scored = _REPEATED_PAIR.sub(rb"\1", lines)[:_SCORED_BYTES]
    return _most_plausible(scored, wide + _CANDIDATES, _find_declared(sample))


def _without_padding(sample: bytes) -> bytes:
    """Return the sample without the zero bytes that fill a block up; up to four may belong to a wide character."""
    body = sample.rstrip(b"\0\x1a")
    return body if body and len(sample) - len(body) > _MAX_ZEROS else sample


def find_wide(sample: bytes) -> str | None:
    """Return the UTF-16 or UTF-32 without a mark in which bytes are a text, where one-byte codes give no text.

    A text has a blank, a line end or a full stop in a hundred characters, and no control characters.
    """
    if num_controls(sample) <= max(NUM_STRAY, MAX_CONTROL_SHARE * len(sample)):
        return None
    return next((codec for codec in reversed(_WIDE) if _is_wide_text(sample, codec)), None)


def num_controls(sample: bytes) -> int:
    """Count the bytes that stand for control characters which no text uses."""
    return len(sample) - len(sample.translate(None, _CONTROLS))


def share_of_no_text(text: str) -> float:
    """Return the share of control characters, and of characters that are none or in no standard."""
    bad = (each == "\ufffd" or (unicodedata.category(each) in _NO_TEXT and each not in _USED_BY_TEXT) for each in text)
    return sum(bad) / max(len(text), 1)


def _is_wide_text(sample: bytes, codec: str) -> bool:
    if not _decodes(sample, codec):
        return False
    text = codecs.getincrementaldecoder(codec)().decode(sample).rstrip("\0")
    num_stops = sum(map(text.count, _STOPS))
    return num_stops > 0 and num_stops >= _MIN_STOP_SHARE * len(text) and share_of_no_text(text) <= MAX_CONTROL_SHARE


def find_codec(label: str) -> str:
    """Give Python's name of an encoding; LookupError when it has no codec of it that decodes bytes to text."""
    name = codecs.lookup(label).name
    if name in _NOT_CHARSETS:
        raise LookupError(f"{label} is not a character encoding")
    b"a".decode(name, "ignore")  # a LookupError for hex, rot13 and their like
    return name


def family(codec: str) -> tuple[str, ...]:
    """Give the codecs a label stands for, narrowest first; most stand for themselves."""
    return _FAMILIES.get(codec, (codec,))


def find_mark(head: bytes) -> tuple[bytes, str, str] | None:
    """Give a byte order mark, the name of its codec and the codec of the bytes after it."""
    return next((each for each in _MARKS if head.startswith(each[0])), None)


def is_suspect(head: bytes) -> bool:
    """Say whether bytes that pass as UTF-8 may be something else."""
    return b"\0" in head or b"\x1b$" in head or find_mark(head) is not None


def _most_plausible(scored: bytes, candidates: tuple[_Candidate, ...], declared: str | None) -> str:
    """Give the candidate of the least cost; those that a short sample does not rule out are compared on all of it."""
    if declared is not None and declared not in {label for label, _, _ in candidates}:
        widest = family(declared)[-1]
        known = (languages for label, languages, _ in candidates if label == widest)
        candidates += ((declared, next(known, plausibility.LANGUAGES), 0.0),)
    costs = {each: _cost(scored[:_SHORT_BYTES], each, declared) for each in candidates}
    close = [each for each in candidates if costs[each] < min(costs.values()) + _CLEAR_LEAD]
    if len(close) > 1 and len(scored) > _SHORT_BYTES:
        costs = {each: _cost(scored, each, declared) for each in close}
    label, _, _ = min(close, key=costs.__getitem__)
    members = family(label)
    return next((codec for codec in members if _decodes(scored, codec)), members[-1])


def _cost(scored: bytes, candidate: _Candidate, declared: str | None) -> float:
    """Give the cost of what the candidate reads; a declaration outweighs a close call, not an unreadable text."""
    label, languages, rarity = candidate
    text = codecs.getincrementaldecoder(family(label)[-1])("replace").decode(scored)
    bonus = 15.0 + sum(byte > 0x7F for byte in scored) if label == declared else 0.0
    return plausibility.cost(text, languages) + rarity - bonus


def _find_declared(sample: bytes) -> str | None:
    """Give the codec that the head of an XML, HTML, CSS or source file declares, if it can be true of that very line.

    UTF-8 is left out, because strict UTF-8 has failed by then.
    """
    for found in _DECLARED.finditer(sample[:HEAD_BYTES]):
        try:
            codec = find_codec(found[1].decode("ascii").lower().removeprefix("x-"))
            if codec not in _NOT_DECLARED and found[0].decode(codec).isascii():
                return "cp1252" if codec == "iso8859-1" else codec
        except (LookupError, UnicodeDecodeError):
            continue
    return None


def _decodes(sample: bytes, codec: str) -> bool:
    try:
        codecs.getincrementaldecoder(codec)().decode(sample)
    except UnicodeDecodeError:
        return False
    return True
