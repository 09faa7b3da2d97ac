"""Node of stage base."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.workspace import workspace
from cpt_pipeline.recipes.base import BaseParams, make_base
from cpt_pipeline.training.params import TrainRunParams

Record = dict[str, Any]


def make(
    unique_documents: Path, params: BaseParams, channels: ChannelsParams, run: TrainRunParams
) -> tuple[Record, Record, list[Record], Path]:
    """Find or train the base model; the method is in recipes.base."""
    inputs, given = {"unique_documents": unique_documents}, {"base": params, "channels": channels}
    with workspace("base", inputs, given, accepts_other_code=run.resume_other_code) as work:
        report, log = make_base(unique_documents, work, params, channels, run)
        return report.as_metrics(), work.provenance(), log, work.out / "base_model"
