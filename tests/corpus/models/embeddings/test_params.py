"""A hub name needs a commit; a folder does not."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cpt_pipeline.corpus.models.embeddings.params import EncoderParams


def test_a_hub_name_needs_a_commit() -> None:
    with pytest.raises(ValidationError, match="is a hub name and needs `revision`"):
        EncoderParams(kind="encoder", model="BAAI/bge-m3")
    assert not EncoderParams(kind="encoder", model="BAAI/bge-m3", revision="a" * 40).is_folder
    assert EncoderParams(kind="encoder", model="./models/bge").is_folder
