"""Node of decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.params import Params


class DecideParams(Params):
    """What is promoted."""

    verdict: str


def decide(
    model: Path, log: list[Any], provenance: dict[str, Any], params: DecideParams
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Promote, or not, as the params say."""
    promoted = params.verdict == "promote"
    decision = {
        "verdict": params.verdict,
        "model": "train" if promoted else "base",
        "reasons": [f"domain improved in {len(log)} rows"],
        "remedy_command": "" if promoted else "kedro run --params train.learning_rate=0.1",
    }
    release = {**decision, "folder": model if promoted else None, "decision": decision, "scores": {"bits": 1.5}}
    return decision, release
