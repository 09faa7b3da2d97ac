"""Node of train."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.workspace import workspace
from tiny.words import TrainParams, TrainRunParams, train_model


def train(clean_words: Path, params: TrainParams, run: TrainRunParams) -> tuple[list[Any], dict[str, Any], Path]:
    """Train the model."""
    with workspace("train", {"clean_words": clean_words}, params) as work:
        log = train_model(clean_words, work.path, work.out / "model", params, run)
        return log, work.provenance(), work.out / "model"
