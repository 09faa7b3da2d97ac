"""PDF files: the text layer as paragraphs, with a grade that says what the text is fit for.

PDFium reads the pages in a sandbox, a few hundred at a time, so that the time limit is one of pages and not of books.
Tables and formulas are counted and kept on their own lines by the rules of `pdf_lines`; images are counted. A PDF
without a text layer is excluded, for text recognition is another tool's work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.extraction.pdf.grade import (
    Grade,
    GradeParams,
    Measures,
    fragment_share,
    garbage_share,
    grade,
    running_share,
    word_counts,
)
from cpt_pipeline.extraction.pdf.lines import body_lines, join_lines, mend_cut_words
from cpt_pipeline.extraction.pdf.pages import Page, Pages, PdfFault, parse_pages
from cpt_pipeline.extraction.reading import Reading
from cpt_pipeline.extraction.sandbox import Sandbox, SandboxError

_PAGES_AT_ONCE = 200
_MAGIC = b"%PDF-"
_MAGIC_WITHIN = 1024
"""Readers take the mark anywhere in the first 1024 bytes (ISO 32000-1, implementation note 13 of PDF 1.7)."""


class PdfParams(Params):
    """Limits of PDF files and the bounds of their grades."""

    max_pages: int = Field(10_000, ge=1)
    """A longer document is excluded as `too_large`."""
    max_chars: int = Field(50_000_000, ge=1)
    """A document with a longer text layer is excluded as `too_large`."""
    grades: GradeParams = GradeParams()


@dataclass(frozen=True)
class PdfText:
    """The text of a PDF and what is known about it."""

    text: str
    grade: Grade
    reasons: tuple[str, ...]
    """What kept it from the next better grade, as measured numbers."""
    measures: Measures
    num_pages: int
    num_textless_pages: int
    num_images: int
    num_tables: int
    num_formulas: int
    num_running_heads: int
    num_mended_words: int


def read_pdf(raw: bytes, params: PdfParams, sandbox: Sandbox) -> Iterator[Reading]:
    """Give one reading, of the whole file.

    Reasons: `not_pdf`, `encrypted`, `too_large`, `no_text_layer`, `pdf_rejected` (the grade), and those of the
    sandbox. `fields` has `grade` with `grade_reasons` and `grade_measures`, and counters.
    """
    if _MAGIC not in raw[:_MAGIC_WITHIN]:
        yield Reading("", reason="not_pdf", detail="no %PDF- mark at the begin")
        return
    try:
        title, pages = _parse(raw, params, sandbox)
    except (PdfFault, SandboxError) as fault:
        yield Reading("", reason=fault.reason, detail=fault.detail)
        return
    except OverflowError as error:
        yield Reading("", reason="too_large", detail=str(error))
        return
    yield _reading(title, assemble(pages, params.grades))


def _parse(raw: bytes, params: PdfParams, sandbox: Sandbox) -> tuple[str, list[Page | None]]:
    pages: list[Page | None] = []
    num_chars = 0
    while True:
        part: Pages = sandbox.call(parse_pages, raw, len(pages), len(pages) + _PAGES_AT_ONCE)
        if part.num_pages > params.max_pages:
            raise OverflowError(f"{part.num_pages} pages, more than max_pages {params.max_pages}")
        num_chars += sum(len(page.text) for page in part.pages if page is not None)
        if num_chars > params.max_chars:
            raise OverflowError(f"more than max_chars {params.max_chars} characters")
        pages.extend(part.pages)
        if not part.pages or len(pages) >= part.num_pages:
            return part.title, pages


def assemble(pages: Sequence[Page | None], params: GradeParams) -> PdfText:
    """Make one text of pages (None: unreadable) and grade it."""
    body, num_heads = body_lines([page.text if page else "" for page in pages])
    mended, num_mended = mend_cut_words([line for lines in body for line in lines])
    lines = mended.split("\n")
    paragraphs, num_tables, num_formulas = join_lines(lines)
    text = "\n\n".join(paragraphs)
    num_textless = sum(page is None or not page.text.strip() for page in pages)
    num_units, num_right = word_counts(text)
    measures = Measures(
        num_chars=len("".join(text.split())),
        word_share=num_right / num_units if num_units else 0.0,
        garbage_share=garbage_share(text),
        fragment_share=fragment_share([line for line in lines if line.strip()]),
        running_share=running_share(paragraphs),
        recognised_share=sum(page is not None and page.is_recognised for page in pages) / max(len(pages), 1),
        textless_share=num_textless / max(len(pages), 1),
        running_head_share=num_heads / max(num_heads + len(lines), 1),
    )
    given, reasons = grade(measures, params)
    return PdfText(
        text=text,
        grade=given,
        reasons=reasons,
        measures=measures,
        num_pages=len(pages),
        num_textless_pages=num_textless,
        num_images=sum(page.num_images for page in pages if page),
        num_tables=num_tables,
        num_formulas=num_formulas,
        num_running_heads=num_heads,
        num_mended_words=num_mended,
    )


def _reading(title: str, pdf: PdfText) -> Reading:
    if pdf.num_textless_pages == pdf.num_pages:
        return Reading("", reason="no_text_layer", detail=f"{pdf.num_pages} pages, {pdf.num_images} images")
    if pdf.grade == "rejected":
        return Reading("", reason="pdf_rejected", detail="; ".join(pdf.reasons))
    fields = {
        "grade": pdf.grade,
        "grade_reasons": list(pdf.reasons),
        "grade_measures": pdf.measures.as_dict(),
        "pages": pdf.num_pages,
        "pages_without_text": pdf.num_textless_pages,
        "tables": pdf.num_tables,
        "formulas": pdf.num_formulas,
        "images": pdf.num_images,
        "running_heads": pdf.num_running_heads,
        "mended_words": pdf.num_mended_words,
    }
    return Reading("", text=pdf.text, fields={**fields, **({"title": title} if title else {})})
