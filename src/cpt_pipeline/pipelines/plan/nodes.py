"""Node of stage plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.budget.plan import PlanParams, StageShape, estimate
from cpt_pipeline.core.workspace import workspace
from cpt_pipeline.formats.model_facts import read_facts
from cpt_pipeline.formats.models import resolve
from cpt_pipeline.recipes.training_check import check_training
from cpt_pipeline.training.params import TrainParams, TrainRunParams

Record = dict[str, Any]


def estimate_bill(
    start_model: Path,
    mix_metrics: Record,
    params: PlanParams,
    stage1: TrainParams,
    stage2: TrainParams,
    stage1_run: TrainRunParams,
    stage2_run: TrainRunParams,
) -> tuple[Record, Record, Record]:
    """Check that model and mixture fit the stages, estimate the bill and permit them; see recipes and budget.plan."""
    named = {"plan": params, "stage1": stage1, "stage2": stage2, "stage1_run": stage1_run, "stage2_run": stage2_run}
    with workspace("plan", {"start_model": start_model, "mix_metrics": mix_metrics}, named) as work:
        check_training(read_facts(resolve(start_model)), mix_metrics, {"stage1": stage1, "stage2": stage2})
        stages = {"stage1": _shape(stage1, stage1_run), "stage2": _shape(stage2, stage2_run)}
        plan, permit = estimate(start_model, mix_metrics, stages, params)
        return plan.as_metrics(), work.provenance(), permit


def _shape(params: TrainParams, run: TrainRunParams) -> StageShape:
    return StageShape(
        lora=params.mode == "lora",
        nf4=params.lora.quantization == "nf4",
        bf16=params.precision == "bf16",
        gradient_checkpointing=params.gradient_checkpointing,
        num_ranks=run.num_ranks,
        zero_stage=run.zero_stage,
        micro_batch_rows=run.micro_batch_rows,
        keep_checkpoints=run.keep_checkpoints,
        keep_candidates=params.keep_candidates,
    )
