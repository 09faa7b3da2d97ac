"""Learning-rate schedules: pure functions of the step, so resuming needs no state."""

from __future__ import annotations

import math

from cpt_pipeline.training.params import ScheduleParams


def lr_share(step: int, num_steps: int, params: ScheduleParams) -> float:
    """Give the learning rate of a step as a share of the peak.

    `step` counts from 0 to `num_steps` - 1. Warm-up is linear and its last step stands at the peak; the decay
    spans the steps after it and ends at `min_lr_share` on the last one.
    """
    if step < params.warmup_steps:
        return (step + 1) / params.warmup_steps
    start = params.warmup_steps
    if params.kind == "wsd":
        start = max(start, num_steps - max(1, round(params.decay_share * num_steps)))
    if step < start:
        return 1.0
    left = num_steps - 1 - start
    progress = (step - start) / left if left > 0 else 1.0
    return params.min_lr_share + (1.0 - params.min_lr_share) * _shape(params.kind, progress)


def _shape(kind: str, progress: float) -> float:
    if kind == "constant":
        return 1.0
    if kind == "cosine":
        return 0.5 * (1.0 + math.cos(math.pi * progress))
    if kind == "linear":
        return 1.0 - progress
    return 1.0 - math.sqrt(progress)
