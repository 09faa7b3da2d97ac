"""Node of stage clean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.workspace import workspace
from cpt_pipeline.corpus.clean.params import CleanParams, CleanRunParams


def clean(
    raw_documents: Path, params: CleanParams, channels: ChannelsParams, run: CleanRunParams
) -> tuple[dict[str, Any], dict[str, Any], Path, Path]:
    """Keep the documents that pass the rules; the method is in corpus.clean.stage."""
    from cpt_pipeline.corpus.clean.stage import clean_documents

    settings = {"clean": params, "channels": channels}
    with workspace("clean", {"raw_documents": raw_documents}, settings) as work:
        report = clean_documents(raw_documents, work.out, params, channels, run)
        return report.as_metrics(), work.provenance(), work.out / "clean_excluded", work.out / "clean_documents"
