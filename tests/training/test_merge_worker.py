"""Candidates are checked from disk whatever names their architecture has for its sizes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.model.load import load_causal_lm
from cpt_pipeline.training.merge import MergeJob, MergeParams, MergeSource
from cpt_pipeline.training.merge_worker import merge
from cpt_pipeline.training.probe import PROBE, answers
from tests.formats.tiny_models import save_gemma3, save_tiny


def write_answers(folder: Path) -> None:
    """Keep what the model answers beside its weights, as training does."""
    ids = torch.arange(32).reshape(2, 16)
    found = answers(load_causal_lm(folder), ids, torch.device("cpu"))
    (folder / PROBE).parent.mkdir()
    tensors = {"input_ids": ids, "exact.logits": found.logits, "exact.nats": found.nats}
    facts = json.dumps({"held": "float32", "autocast": False, "device": "cpu"})
    save_file(tensors, folder / PROBE, metadata={"facts": facts})


@pytest.mark.parametrize("model_type", ["gpt2", "gemma3"])
def test_a_candidate_is_compared_with_itself(tmp_path: Path, model_type: str) -> None:
    folder = tmp_path / "stage1_model"
    save_gemma3(folder) if model_type == "gemma3" else save_tiny(model_type, folder)
    write_answers(folder)
    seal(folder, "model")
    source = MergeSource(name="stage1", folder=folder, stage="stage1", step=1, tokens=64)
    report = merge(MergeJob(start_model=folder, sources=(source,), out=tmp_path / "out", params=MergeParams()))
    assert report.max_logit_difference == {"stage1": 0.0}
