"""Candidates are checked from disk whatever names their architecture has for its sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.training.merge import MergeJob, MergeParams, MergeSource
from cpt_pipeline.training.merge_worker import merge
from tests.formats.tiny_models import save_gemma3, save_tiny


@pytest.mark.parametrize("model_type", ["gpt2", "gemma3"])
def test_a_candidate_is_compared_with_itself(tmp_path: Path, model_type: str) -> None:
    folder = tmp_path / "stage1_model"
    save_gemma3(folder) if model_type == "gemma3" else save_tiny(model_type, folder)
    seal(folder, "model")
    source = MergeSource(name="stage1", folder=folder, stage="stage1", step=1, tokens=64)
    report = merge(MergeJob(start_model=folder, sources=(source,), out=tmp_path / "out", params=MergeParams()))
    assert report.max_logit_difference == {"stage1": 0.0}
