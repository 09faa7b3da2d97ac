"""Parameters of tokenizer and tokenize."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cpt_pipeline.vocabulary.params import TokenizeParams, TokenizerParams


def test_what_is_not_built_cannot_be_switched_on() -> None:
    assert TokenizerParams().extend is False
    with pytest.raises(ValidationError, match=r"extend\n  Input should be False"):
        TokenizerParams.model_validate({"extend": True})


@pytest.mark.parametrize(
    ("kind", "key"), [(TokenizerParams, "sample_documents_per_channel"), (TokenizeParams, "documents_per_batch")]
)
def test_counts_are_at_least_one(kind: type[TokenizerParams] | type[TokenizeParams], key: str) -> None:
    assert kind.model_validate({key: 1}).model_dump()[key] == 1
    with pytest.raises(ValidationError, match=rf"{key}\n  Input should be greater than 0"):
        kind.model_validate({key: 0})
