"""Every model that conf names is looked at for what its stage wants of it, all in one go."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from cpt_pipeline.recipes.named_models import find_named_models
from cpt_pipeline.recipes.role_check import find_miscast
from tests.formats.other_models import save_other
from tests.formats.tiny_models import save_tiny
from tests.recipes.run_settings import settings


def named(folder: Path) -> dict[str, Any]:
    """Settings that name a model wherever conf can: the base, a scorer, a finder of names and two encoders."""
    place = str(folder)
    return {
        "base.kind": "pretrained",
        "base.name": place,
        "clean.scorer": {"enabled": True, "kind": "language_model", "language_model": {"name": place}},
        "clean.personal_data.name_model": place,
        "dedup.semantic": {"enabled": True, "embedding": {"kind": "encoder", "model": place}},
        "dedup.diversity": {"enabled": True, "embedding": {"kind": "encoder", "model": place}},
    }


KEYS = {
    "base.name": "base",
    "clean.scorer.language_model.name": "clean",
    "clean.personal_data.name_model": "clean",
    "dedup.semantic.embedding.model": "dedup",
    "dedup.diversity.embedding.model": "dedup",
}


def test_every_model_is_named_with_its_stage(tmp_path: Path) -> None:
    assert {model.key: model.stage for model in find_named_models(settings(named(tmp_path)))} == KEYS
    encoder = {"encoder": {"name": "./e"}, "kind": "encoder", "enabled": True, "labels": {"path": "l.jsonl"}}
    (model,) = find_named_models(settings({"clean.scorer": encoder}))
    assert (model.key, model.role) == ("clean.scorer.encoder.name", "classifier")
    assert list(find_named_models(settings())) == []


def test_a_model_that_is_none_for_its_stage_is_told_by_key(tmp_path: Path) -> None:
    asked = settings(named(save_other("t5", tmp_path / "t5")))
    found = {problem.key: problem.words for problem in find_miscast(asked, {"collect"})}
    assert set(found) == set(KEYS)
    assert "is of type t5 (T5ForConditionalGeneration); transformers makes none" in found["base.name"]
    assert "read as T5ForTokenClassification, lacks" in found["clean.personal_data.name_model"]
    assert "an encoder and a decoder" in found["dedup.semantic.embedding.model"]
    assert {problem.key for problem in find_miscast(asked, {"dedup", "mix"})} == {
        "dedup.semantic.embedding.model",
        "dedup.diversity.embedding.model",
    }
    assert list(find_miscast(asked, {"tokenize"})) == []


def test_a_model_that_fits_has_no_problem_and_one_that_is_not_there_is_told_elsewhere(tmp_path: Path) -> None:
    base = {"base.kind": "pretrained", "base.name": str(save_tiny("llama", tmp_path / "m"))}
    assert list(find_miscast(settings(base), {"base"})) == []
    shutil.rmtree(tmp_path / "m")
    assert list(find_miscast(settings(base), {"base"})) == []
