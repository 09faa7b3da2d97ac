"""Node of stage mix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.workspace import workspace
from cpt_pipeline.mixture.params import MixParams
from cpt_pipeline.mixture.plan import mix

Record = dict[str, Any]


def plan_order(
    tokens: Path, ratio: Record, params: MixParams, channels: ChannelsParams
) -> tuple[Record, Record, Path, Path, Path]:
    """Plan the order of training; the method is in mixture.plan."""
    with workspace("mix", {"tokens": tokens, "ratio": ratio}, {"mix": params, "channels": channels}) as work:
        report = mix(tokens, ratio, work.out, params, channels)
        exposures, stage1, stage2 = (work.out / name for name in ("exposures", "mixture_stage1", "mixture_stage2"))
        return report.as_metrics(), work.provenance(), exposures, stage1, stage2
