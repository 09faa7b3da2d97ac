"""What the metadata of a document says of where its text may be read: its use, and whether a model wrote it."""

from __future__ import annotations

import json
from typing import Literal, get_args

Use = Literal["stage1_only", "synthesis", "sft_source"]
"""What a text with faults is fit for: the first stage alone, to be written anew, to make questions from. These are the
grades of PDFs (`corpus.collect.pdf_grade`); `clean` and no grade mean any use."""
USES: tuple[Use, ...] = get_args(Use)


def read_route(metadata: str | None) -> tuple[Use | None, str | None]:
    """Give the use of a document (None: any) and the kind of its synthesis (None: no model wrote it).

    A synthetic document is a new text: the grade of the text it was made from is not its own.
    """
    known = json.loads(metadata) if metadata else {}
    if synthetic := known.get("synthetic"):
        return None, str(synthetic)
    grade = known.get("grade")
    return (grade if grade in USES else None), None
