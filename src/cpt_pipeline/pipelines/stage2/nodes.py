"""Node of stage stage2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.workspace import workspace
from cpt_pipeline.training.params import TrainParams, TrainRunParams
from cpt_pipeline.training.stage import train_stage

Record = dict[str, Any]


def anneal(
    start_model: Path,
    stage1_model: Path,
    stage1_optimizer: Path,
    tokens: Path,
    mixture_stage2: Path,
    permit: Record,
    params: TrainParams,
    run: TrainRunParams,
) -> tuple[Record, Record, list[Record], Path, Path]:
    """Anneal on the high-quality mixture; the method is in training.stage."""
    before = {"stage1_model": stage1_model, "stage1_optimizer": stage1_optimizer}
    inputs = {"start_model": start_model, "tokens": tokens, "mixture_stage2": mixture_stage2, **before}
    with workspace("stage2", inputs, params, accepts_other_code=run.resume_other_code) as work:
        report, log = train_stage(work, inputs, permit, params, run)
        return report.as_metrics(), work.provenance(), log, work.out / "stage2_candidates", work.out / "stage2_model"
