"""Node of stage tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.workspace import workspace
from cpt_pipeline.vocabulary.params import TokenizerParams
from cpt_pipeline.vocabulary.tokenizer import prepare_tokenizer

Record = dict[str, Any]


def prepare(unique_documents: Path, base_model: Path, params: TokenizerParams) -> tuple[Record, Record, Path, Path]:
    """Give the run its tokenizer; the method is in vocabulary.tokenizer."""
    with workspace("tokenizer", {"unique_documents": unique_documents, "base_model": base_model}, params) as work:
        report = prepare_tokenizer(unique_documents, base_model, work.out, params)
        return report.as_metrics(), work.provenance(), work.out / "tokenizer", work.out / "start_model"
