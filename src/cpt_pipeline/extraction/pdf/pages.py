"""Pages of a PDF as its text layer has them, by PDFium: the part that runs in the sandbox.

A page is text lines in the order of the file, and what surrounds them: images, and whether the text is the invisible
layer that text recognition lays over a scan. Nothing is repaired here. PDFium has no model of tables or formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

_MAX_OBJECTS = 50_000
"""Of one page, drawings above this are not looked at; their count is unbounded and says nothing about text."""
_INVISIBLE = 3
"""Text render mode 3 of ISO 32000-1, table 106: neither filled nor stroked."""
_PASSWORD_ERRORS = (4, 5)
"""FPDF_ERR_PASSWORD and FPDF_ERR_SECURITY."""


@dataclass(frozen=True)
class Page:
    """One page: `text` has a line per line, U+FFFE where PDFium took out a hyphen at a line end."""

    text: str
    num_images: int
    is_recognised: bool
    """Most of its text is invisible: a layer that text recognition (OCR) made."""


@dataclass(frozen=True)
class Pages:
    """Some pages of a document; `pages` has None for a page that cannot be read."""

    num_pages: int
    title: str
    pages: tuple[Page | None, ...]


class PdfFault(Exception):
    """A file that PDFium does not open."""

    def __init__(self, reason: Literal["encrypted", "not_pdf"], detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def parse_pages(raw: bytes, first: int, last: int) -> Pages:
    """Give the pages from `first` up to, not including, `last`, counted from 0. Raises `PdfFault`."""
    document = _open(raw)
    try:
        num_pages = len(document)
        title = document.get_metadata_value("Title")
        pages = tuple(_parse_page(document, index) for index in range(first, min(last, num_pages)))
    finally:
        document.close()
    return Pages(num_pages, _readable(title).strip(), pages)


def _open(content: bytes) -> Any:
    """Open a document; `content` must outlive it.

    Not by `PdfDocument(content)`: for a document without pages it reports the error of an earlier document.
    """
    import pypdfium2
    from pypdfium2 import raw

    handle = raw.FPDF_LoadMemDocument64(content, len(content), None)
    if not handle:
        if raw.FPDF_GetLastError() in _PASSWORD_ERRORS:
            raise PdfFault("encrypted", "needs a password")
        raise PdfFault("not_pdf", "damaged, or no PDF at all")
    return pypdfium2.PdfDocument(handle)


def _parse_page(document: Any, index: int) -> Page | None:
    import pypdfium2

    try:
        page = document[index]
        layer = page.get_textpage()
        text = _readable(layer.get_text_range())
        num_images, is_recognised = _look_around(page)
        layer.close()
        page.close()
    except pypdfium2.PdfiumError:
        return None
    return Page(text, num_images, is_recognised)


def _look_around(page: Any) -> tuple[int, bool]:
    """Count images, and say whether more text objects are invisible than visible."""
    from pypdfium2 import raw

    num_images = num_texts = num_invisible = 0
    wanted = [raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_TEXT]
    for seen, drawn in enumerate(page.get_objects(filter=wanted, max_depth=4)):
        if seen == _MAX_OBJECTS:
            break
        if drawn.type == raw.FPDF_PAGEOBJ_IMAGE:
            num_images += 1
        else:
            num_texts += 1
            num_invisible += raw.FPDFTextObj_GetTextRenderMode(drawn.raw) == _INVISIBLE
    return num_images, num_invisible * 2 > num_texts


def _readable(text: str) -> str:
    """Give text without lone surrogates, which a broken font map can hold, and without NUL."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "")
