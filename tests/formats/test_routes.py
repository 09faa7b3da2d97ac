"""Where a text may be read, by its metadata."""

from __future__ import annotations

from typing import get_args

import pytest

from cpt_pipeline.corpus.collect.pdf_grade import Grade
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
        ('{"synthetic": "rewrite", "parent": "s/1"}', (None, "rewrite")),
        ('{"grade": "synthesis", "synthetic": "rewrite"}', (None, "rewrite")),
    ],
)
def test_a_text_that_a_model_wrote_has_not_the_grade_of_its_parent(
    metadata: str | None, route: tuple[str | None, str | None]
) -> None:
    assert read_route(metadata) == route


def test_every_grade_of_a_pdf_has_its_place() -> None:
    assert {*USES, "clean", "rejected"} == set(get_args(Grade))
