"""The cosine in force is that of the kind of vectors, unless conf says one."""

from __future__ import annotations

import pytest

from cpt_pipeline.corpus.dedup.semantic.params import SemanticParams

MODEL = {"kind": "encoder", "model": "./bge"}


@pytest.mark.parametrize(
    ("given", "cosine"), [({}, 0.75), ({"embedding": MODEL}, 0.95), ({"embedding": MODEL, "min_cosine": 0.9}, 0.9)]
)
def test_the_cosine_in_force(given: dict[str, object], cosine: float) -> None:
    assert SemanticParams.model_validate(given).threshold == cosine


def test_the_report_names_the_encoder() -> None:
    assert SemanticParams.model_validate({"embedding": MODEL}).embedding_name == "./bge"
    assert SemanticParams().embedding_name == "hashed"
