"""Node of stage mix_law."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.workspace import workspace
from cpt_pipeline.mixture.law import choose_ratio
from cpt_pipeline.mixture.params import MixLawParams

Record = dict[str, Any]


def choose(
    tokens: Path, start_model: Path, params: MixLawParams, channels: ChannelsParams
) -> tuple[Record, Record, Record]:
    """Choose the ratio of domain to general text; the method is in mixture.law."""
    inputs = {"tokens": tokens, "start_model": start_model}
    with workspace("mix_law", inputs, {"mix_law": params, "channels": channels}) as work:
        ratio = choose_ratio(params)
        return {"enabled": params.enabled}, work.provenance(), ratio
