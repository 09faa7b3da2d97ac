"""Node of stage evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.workspace import workspace
from cpt_pipeline.evaluation.evaluate import Material, evaluate_models
from cpt_pipeline.evaluation.params import EvaluateParams, EvaluateRunParams

Record = dict[str, Any]


def evaluate(
    base_model: Path,
    candidates: Path,
    heldout_documents: Path,
    benchmark_texts: Path,
    params: EvaluateParams,
    channels: ChannelsParams,
    run: EvaluateRunParams,
) -> tuple[Record, Record, Record, Path]:
    """Measure base and candidates on the same texts; the method is in evaluation.evaluate."""
    material = Material(base_model, candidates, heldout_documents, benchmark_texts)
    with workspace("evaluate", vars(material), {"evaluate": params, "channels": channels}) as work:
        found = evaluate_models(material, work.out, params, channels, run)
        return found.report.as_metrics(), work.provenance(), found.scores, work.out / "document_scores"
