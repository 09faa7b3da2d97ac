"""Caps of office files other than Word's: OpenDocument, RTF, slides and spreadsheets."""

from __future__ import annotations

from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.extraction.office.zipped import ZipParams


class OfficeParams(Params):
    """Caps of .odt, .rtf, .pptx, .xlsx, .xls and .ods."""

    zip: ZipParams = ZipParams()
    max_chars: int = Field(32 << 20, ge=1)
    """A document with more text is excluded as `too_large`."""
