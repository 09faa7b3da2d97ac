"""Node of stage stage1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.workspace import workspace
from cpt_pipeline.training.params import TrainParams, TrainRunParams
from cpt_pipeline.training.stage import train_stage

Record = dict[str, Any]


def train(
    start_model: Path, tokens: Path, mixture_stage1: Path, permit: Record, params: TrainParams, run: TrainRunParams
) -> tuple[Record, Record, list[Record], Path, Path, Path]:
    """Continue pre-training on the mixture; the method is in training.stage."""
    inputs = {"start_model": start_model, "tokens": tokens, "mixture_stage1": mixture_stage1}
    with workspace("stage1", inputs, params, accepts_other_code=run.resume_other_code) as work:
        report, log = train_stage(work, inputs, permit, params, run)
        optimizer, candidates, model = (work.out / f"stage1_{name}" for name in ("optimizer", "candidates", "model"))
        return report.as_metrics(), work.provenance(), log, optimizer, candidates, model
