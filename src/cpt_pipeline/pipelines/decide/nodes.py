"""Node of stage decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.workspace import Input, workspace
from cpt_pipeline.mixture.params import MixParams
from cpt_pipeline.release.decide import decide as judge
from cpt_pipeline.release.decide import describe_release, summarise
from cpt_pipeline.release.params import DecideParams
from cpt_pipeline.training.params import TrainParams

Record = dict[str, Any]


def decide(
    scores: Record,
    base_model: Path,
    candidates: Path,
    params: DecideParams,
    channels: ChannelsParams,
    mix: MixParams,
    stage1: TrainParams,
) -> tuple[Record, Record, Record, Record]:
    """Promote, hold or roll back by the scores; the method is in release.decide."""
    settings = {"stage1.optimizer.peak_lr": stage1.optimizer.peak_lr, "mix.domain_share": mix.domain_share}
    inputs: dict[str, Input] = {"scores": scores, "base_model": base_model, "candidates": candidates}
    used = {"decide": params, "channels": channels, "mix": mix, "stage1": stage1}
    with workspace("decide", inputs, used) as work:
        decision = judge(scores, params, channels, settings)
        release = describe_release(decision, scores, base_model, candidates)
        return summarise(decision).as_metrics(), work.provenance(), decision.as_metrics(), release
