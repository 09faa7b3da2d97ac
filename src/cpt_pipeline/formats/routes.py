"""What the metadata of a document says of where its text may be read: its use, and how it was made."""

from __future__ import annotations

import json
from typing import Any, Literal, get_args

from cpt_pipeline.formats.documents import read_synthetic

Use = Literal["stage1_only", "synthesis", "sft_source"]
"""What a text with faults is fit for: the first stage alone, to be written anew, to make questions from. These are the
grades of PDFs (`extraction.pdf.grade`); `clean` and no grade mean any use."""
USES: tuple[Use, ...] = get_args(Use)


def read_route(row: dict[str, Any]) -> tuple[Use | None, str | None]:
    """Give the use of a document (None: any) and how clean made it from another (None: a source gave it).

    What a model wrote is a new text: the grade of the text it was asked about is not its own.
    """
    known = json.loads(row["metadata"]) if row["metadata"] else {}
    made = read_synthetic(row)
    grade = None if made and "model" in known else known.get("grade")
    return (grade if grade in USES else None), made.kind if made else None
