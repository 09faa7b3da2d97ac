"""Where a text may be read, by its metadata."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from cpt_pipeline.extraction.pdf.grade import Grade
from cpt_pipeline.formats.routes import USES, read_route


@pytest.mark.parametrize(
    ("metadata", "route"),
    [
        (None, (None, None)),
        ('{"file": "a.txt"}', (None, None)),
        ('{"grade": "clean"}', (None, None)),
        ('{"grade": "stage1_only"}', ("stage1_only", None)),
        ('{"grade": "sft_source"}', ("sft_source", None)),
        ('{"grade": ["A", 3]}', (None, None)),
        ('{"grade": "synthesis", "synthetic": "rewrite"}', ("synthesis", None)),
    ],
)
def test_the_use_of_a_document_is_the_grade_of_its_file(
    metadata: str | None, route: tuple[str | None, str | None]
) -> None:
    assert read_route({"id": "s/1", "metadata": metadata}) == route


@pytest.mark.parametrize(
    ("kind", "metadata", "route"),
    [
        ("rewrite", {"grade": "synthesis", "model": "big"}, (None, "rewrite")),
        ("shuffle_sentences", {"grade": "stage1_only"}, ("stage1_only", "shuffle_sentences")),
        ("synonyms", {}, (None, "synonyms")),
    ],
)
def test_what_a_model_wrote_has_not_the_grade_of_its_parent_and_other_made_text_has(
    kind: str, metadata: dict[str, str], route: tuple[str | None, str | None]
) -> None:
    known = {**metadata, "synthetic": kind, "parent": "s/1"}
    assert read_route({"id": f"s/1#{kind}", "metadata": json.dumps(known)}) == route


def test_every_grade_of_a_pdf_has_its_place() -> None:
    assert {*USES, "clean", "rejected"} == set(get_args(Grade))
