"""Node of stage merge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.workspace import workspace
from cpt_pipeline.training.merge import MergeParams, merge_candidates

Record = dict[str, Any]


def merge(
    start_model: Path,
    stage1_model: Path,
    stage1_candidates: Path,
    stage2_model: Path,
    stage2_candidates: Path,
    params: MergeParams,
) -> tuple[Record, Record, Path]:
    """Make every candidate a whole model; the method is in training.merge."""
    stages = {"stage1": (stage1_model, stage1_candidates), "stage2": (stage2_model, stage2_candidates)}
    inputs = {"start_model": start_model, **{path.name: path for pair in stages.values() for path in pair}}
    with workspace("merge", inputs, params) as work:
        report = merge_candidates(start_model, stages, work.path, work.out, params)
        return report.as_metrics(), work.provenance(), work.out / "candidates"
