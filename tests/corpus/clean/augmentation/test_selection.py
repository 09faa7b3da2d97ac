from __future__ import annotations

import json
from typing import Any

import pytest

from cpt_pipeline.corpus.clean.augmentation.params import RewriteParams, SelectionParams
from cpt_pipeline.corpus.clean.augmentation.selection import Choice


def row(number: int, **changes: Any) -> dict[str, Any]:
    given = {"channel": "en", "source": "s", "category": "essay", "language": "en", "metadata": None}
    return {"id": f"s/{number}", **given, **changes}


def choice(**params: Any) -> Choice:
    return Choice("rewrite", SelectionParams(**params), frozenset({"code"}), frozenset({"en", "zh"}))


@pytest.mark.parametrize(
    ("params", "changes", "taken"),
    [
        ({}, {}, True),
        ({}, {"category": "code"}, False),
        ({}, {"category": None}, True),
        ({}, {"language": "zh"}, True),
        ({}, {"language": "fr"}, False),
        ({}, {"language": None}, False),
        ({"channels": ("en",)}, {}, True),
        ({"channels": ("domain",)}, {}, False),
        ({"sources": ("s",), "categories": ("news",)}, {}, False),
        ({"grades": ("synthesis", "sft_source")}, {"metadata": json.dumps({"grade": "synthesis"})}, True),
        ({"grades": ("synthesis", "sft_source")}, {"metadata": json.dumps({"grade": "clean"})}, False),
        ({"grades": ("synthesis",)}, {}, False),
    ],
)
def test_documents_are_taken_by_what_they_are(params: dict[str, Any], changes: dict[str, Any], taken: bool) -> None:
    assert choice(**params).takes(row(1, **changes)) is taken


def test_a_share_is_drawn_by_id_and_a_larger_one_holds_the_smaller() -> None:
    few, many = ({number for number in range(2_000) if choice(share=share).takes(row(number))} for share in (0.1, 0.5))
    assert 150 < len(few) < 250 and 900 < len(many) < 1_100
    assert few < many
    others = {number for number in range(2_000) if choice(share=0.1, seed=2).takes(row(number))}
    assert len(few & others) < 60


def test_prompts_are_found_by_any_spelling_of_their_language() -> None:
    given = {"prompts": {"Chinese": "{text}?", "eng_Latn": "{text}!", "zh": None}}
    assert RewriteParams.model_validate(given).prompts == {"zh": "{text}?", "en": "{text}!"}
