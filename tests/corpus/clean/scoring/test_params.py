"""What conf may say about the scorer."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from cpt_pipeline.corpus.clean.scoring.params import ScorerParams

LABELS = {"path": "labels.jsonl"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"enabled": True}, "name a file in labels"),
        ({"enabled": True, "kind": "encoder", "labels": LABELS}, "encoder.name must be a model folder"),
        ({"enabled": True, "kind": "language_model"}, "language_model.name must be"),
        ({"min_score": 0.5, "kept_share": 0.5}, "min_score or kept_share, not both"),
        ({"by_category": {"news": {"min_score": 0.5, "kept_share": 0.5}}}, "not both"),
        ({"language_model": {"en": {"prompt": "Is it good?"}}}, "write {text} once"),
    ],
)
def test_what_contradicts_itself_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ScorerParams.model_validate(given)


def test_a_category_has_its_own_threshold_and_null_removes_it() -> None:
    params = ScorerParams.model_validate({"min_score": 0.5, "by_category": {"news": {"kept_share": 0.1}, "web": None}})
    assert params.threshold("news").kept_share == 0.1
    assert [params.threshold(each).min_score for each in ("news", "web", None)] == [None, 0.5, 0.5]
