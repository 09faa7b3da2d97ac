"""Node of stage dedup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.workspace import workspace
from cpt_pipeline.corpus.dedup.params import DedupParams, DedupRunParams


def dedup(
    clean_documents: Path, benchmark_texts: Path, params: DedupParams, channels: ChannelsParams, run: DedupRunParams
) -> tuple[dict[str, Any], dict[str, Any], Path, Path, Path, Path]:
    """Remove copies and leaks and set held-out documents aside; the method is in corpus.dedup.stage."""
    from cpt_pipeline.corpus.dedup.stage import dedup_documents

    inputs = {"clean_documents": clean_documents, "benchmark_texts": benchmark_texts}
    with workspace("dedup", inputs, {"dedup": params, "channels": channels}) as work:
        report = dedup_documents(clean_documents, benchmark_texts, work.out, params, channels, run)
        names = ("dedup_excluded", "corpus_index", "heldout_documents", "unique_documents")
        excluded, index, heldout, unique = (work.out / name for name in names)
        return report.as_metrics(), work.provenance(), excluded, index, heldout, unique
