"""Node of stage tokenize."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.workspace import workspace
from cpt_pipeline.vocabulary.params import TokenizeParams
from cpt_pipeline.vocabulary.tokenize import tokenize_documents

Record = dict[str, Any]


def tokenize(
    unique_documents: Path, heldout_documents: Path, tokenizer: Path, params: TokenizeParams
) -> tuple[Record, Record, Path]:
    """Turn documents into token ids; the method is in vocabulary.tokenize."""
    inputs = {"unique_documents": unique_documents, "heldout_documents": heldout_documents, "tokenizer": tokenizer}
    with workspace("tokenize", inputs, params) as work:
        report = tokenize_documents(unique_documents, heldout_documents, tokenizer, work.out, params)
        return report.as_metrics(), work.provenance(), work.out / "tokens"
