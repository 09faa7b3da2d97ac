"""Which kind of file a name means: how it is packed, which reader it asks for, and what to do where none is.

A kind is a suffix (`.docx`) or, for source code of any language, `CODE`. Here stands all that is read and all that is
known not to be: the documentation and the messages take it from here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

from cpt_pipeline.extraction.code.languages import language_of
from cpt_pipeline.extraction.compressed import SUFFIXES as PACKED

CODE = "code"
ZIP, TAR = ".zip", ".tar"
ARCHIVES = frozenset((ZIP, TAR))
WEB_PAGES = frozenset((".html", ".htm", ".xhtml"))
CRAWLS = frozenset((".warc", ".wet"))
RECORDS = frozenset((".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".arrow"))
"""Tables and lists of records, which conf tells how to read."""
_TEXTS = frozenset((".txt", ".text", ".md", ".markdown", ".rst", ".tex", ".ltx", ".srt", ".vtt", ".ipynb"))
_MARKUP = frozenset((".xml", ".cnxml", ".nxml", ".tei"))
OF_TEXT = frozenset((CODE, *_TEXTS, *_MARKUP, *WEB_PAGES, *RECORDS)) - {".parquet", ".arrow"}
"""Kinds whose files are text all through."""
_OFFICE = frozenset((".pdf", ".epub", ".docx", ".odt", ".rtf", ".pptx", ".xlsx", ".xls", ".ods"))
SUPPORTED = frozenset((CODE, *ARCHIVES, *WEB_PAGES, *CRAWLS, *RECORDS, *_TEXTS, *_MARKUP, *_OFFICE))
"""Every kind that has a reader."""

_WORD = "save it as .docx (LibreOffice: soffice --convert-to docx)"
_PICTURE = "a picture: recognise its text (OCR) and give the text or a PDF with a text layer"
_SOUND = "sound or film: give its transcript as .txt or .srt"
_UNPACK = "unpack it, or pack it anew as .zip or .tar.gz"
_BOOK = "convert it to .epub (Calibre: ebook-convert)"
UNSUPPORTED: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys((".doc", ".dot", ".wps", ".wpd", ".docm", ".pages", ".hwp"), _WORD),
        **dict.fromkeys((".ppt", ".pps", ".key", ".odp"), "save it as .pptx (LibreOffice: soffice --convert-to pptx)"),
        **dict.fromkeys((".numbers", ".xlsb"), "save it as .xlsx or .csv"),
        **dict.fromkeys((".mobi", ".azw", ".azw3", ".fb2", ".lit", ".chm", ".umd"), _BOOK),
        **dict.fromkeys((".djvu", ".ps", ".caj", ".xps"), "convert it to a PDF with a text layer"),
        **dict.fromkeys((".rar", ".7z", ".lz4", ".lzma", ".z", ".cab", ".iso"), _UNPACK),
        **dict.fromkeys((".mht", ".mhtml", ".webarchive", ".maff"), "save the page as .html"),
        **dict.fromkeys((".eml", ".msg", ".mbox", ".pst"), "export the messages as .txt or .jsonl"),
        **dict.fromkeys((".jpg", ".jpeg", ".png", ".gif", ".tif", ".tiff", ".bmp", ".webp", ".heic"), _PICTURE),
        **dict.fromkeys((".mp3", ".wav", ".flac", ".m4a", ".mp4", ".mkv", ".avi", ".mov", ".webm"), _SOUND),
        **dict.fromkeys((".db", ".sqlite", ".sqlite3", ".mdb", ".accdb"), "export the table as .csv or .jsonl"),
        **dict.fromkeys((".pkl", ".pickle", ".npy", ".npz", ".pt", ".h5"), "export the records as .jsonl or .parquet"),
        **dict.fromkeys((".adoc", ".asciidoc", ".org", ".textile"), "convert it to .md (pandoc)"),
    }
)
"""Suffixes that are known and not read, with what to do."""

_SHORT = {
    ".tgz": (TAR, ".gz"),
    ".tbz": (TAR, ".bz2"),
    ".tbz2": (TAR, ".bz2"),
    ".txz": (TAR, ".xz"),
    ".tzst": (TAR, ".zst"),
}
_MAX_NAMED = 8


def kind_and_packing(name: str) -> tuple[str, str]:
    """Return the kind of a name and how it is packed; "" is none. `x.jsonl.gz` is (`.jsonl`, `.gz`)."""
    path = PurePosixPath(name.lower())
    if path.suffix in _SHORT:
        return _SHORT[path.suffix]
    packed = path.suffix if path.suffix in PACKED else ""
    unpacked = PurePosixPath(path.stem) if packed else path
    return CODE if language_of(unpacked.name) else unpacked.suffix, packed


def kind_of(name: str) -> str:
    """Return the kind of a name, however it is packed."""
    return kind_and_packing(name)[0]


def why_unsupported(kind: str) -> str:
    """Return what to say of a file that no reader is for."""
    remedy = UNSUPPORTED.get(kind)
    return f"suffix {kind or 'none'}" + (f": {remedy}" if remedy else "")


def name_unsupported(names: Iterable[str]) -> str:
    """Return the kinds among names that no reader is for, the most frequent first; "" where there is none."""
    counts = Counter(kind for kind in map(kind_of, names) if kind not in SUPPORTED)
    told = [f"{number} of {why_unsupported(kind)}" for kind, number in counts.most_common(_MAX_NAMED)]
    more = len(counts) - len(told)
    return "; ".join(told) + (f"; and {more} other suffixes" if more > 0 else "")
