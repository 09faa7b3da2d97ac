"""Node of stage dedup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.workspace import workspace
from cpt_pipeline.corpus.dedup.stage import DedupParams, dedup_documents


def dedup(
    clean_documents: Path, benchmark_texts: Path, params: DedupParams
) -> tuple[dict[str, Any], dict[str, Any], Path, Path, Path]:
    """Remove copies and leaks and set held-out documents aside; the method is in corpus.dedup.stage."""
    with workspace("dedup", {"clean_documents": clean_documents, "benchmark_texts": benchmark_texts}, params) as work:
        report = dedup_documents(clean_documents, benchmark_texts, work.out, params)
        directories = (work.out / "dedup_excluded", work.out / "heldout_documents", work.out / "unique_documents")
        return report.as_metrics(), work.provenance(), *directories
