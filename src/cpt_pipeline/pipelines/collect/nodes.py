"""Node of stage collect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.workspace import workspace
from cpt_pipeline.corpus.collect.admission.license_policy import LicensePolicyParams
from cpt_pipeline.corpus.collect.params import CollectParams
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.formats.benchmarks import SuiteParams


def collect(
    params: CollectParams, channels: ChannelsParams, suite: SuiteParams, policy: LicensePolicyParams, run: EngineParams
) -> tuple[dict[str, Any], dict[str, Any], Path, Path, Path]:
    """Read all sources and the benchmarks; the method is in corpus.collect.stage."""
    from cpt_pipeline.corpus.collect.stage import collect_documents

    given = {"collect": params, "channels": channels, "suite": suite, "license_policy": policy}
    with workspace("collect", {}, given) as work:
        report = collect_documents(work.out, params, channels, suite, policy, run)
        directories = (work.out / "collect_excluded", work.out / "benchmark_texts", work.out / "raw_documents")
        return report.as_metrics(), work.provenance(), *directories
