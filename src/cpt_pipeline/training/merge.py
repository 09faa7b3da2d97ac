"""Make every candidate a whole model that plain `from_pretrained` loads, and prove it.

Full weights are hard-linked. Adapters are merged in fp32; the merged model is read back from disk and its
logits must equal those of base + adapter. Runs in a process of its own (`merge_worker`), so no torch here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import Field

from cpt_pipeline.core.artifact import read_manifest
from cpt_pipeline.core.errors import TrainingFailedError
from cpt_pipeline.core.params import Params, Report
from cpt_pipeline.core.process import run_module

WORKER = "cpt_pipeline.training.merge_worker"


class MergeParams(Params):
    """`merge:` in conf."""

    max_logit_difference: float = Field(default=1.0e-4, gt=0.0)
    """Largest difference allowed between adapter + base and the merged model, fp32."""


class MergeSource(Params):
    """One candidate to be made: a model or adapter folder."""

    name: str
    folder: Path
    stage: str
    step: int
    tokens: int


class MergeJob(Params):
    """What the worker is told."""

    start_model: Path
    sources: tuple[MergeSource, ...]
    out: Path
    params: MergeParams


class MergeReport(Report):
    """What stage merge made, by candidate."""

    candidates: tuple[str, ...]
    merged_adapters: int
    max_logit_difference: dict[str, float]


def merge_candidates(
    start_model: Path, stages: dict[str, tuple[Path, Path]], work: Path, out: Path, params: MergeParams
) -> MergeReport:
    """Write `candidates` into `out`; `stages` maps a stage to its model and its candidates artifacts.

    `TrainingFailedError` when a candidate does not load or a merged model answers otherwise than its adapter.
    """
    job = MergeJob(
        start_model=start_model.resolve(),
        sources=tuple(source for stage, (model, kept) in stages.items() for source in _sources(stage, model, kept)),
        out=out.resolve() / "candidates",
        params=params,
    )
    path = work / "merge.json"
    path.write_text(job.model_dump_json(indent=2), encoding="utf-8")
    code, tail = run_module(WORKER, path, log=work / "merge.log")
    if code:
        raise TrainingFailedError(f"merge: no candidate set (exit {code}). Last lines of {work / 'merge.log'}:\n{tail}")
    report: dict[str, Any] = json.loads((out / "candidates" / "merge.json").read_text(encoding="utf-8"))
    return MergeReport.model_validate(report)


def _sources(stage: str, model: Path, kept: Path) -> list[MergeSource]:
    manifest = read_manifest(kept)
    sources = [
        MergeSource(
            name=f"{stage}-step-{step:06}",
            folder=(kept / f"step-{step:06}").resolve(),
            stage=stage,
            step=step,
            tokens=step * manifest["tokens_per_step"],
        )
        for step in manifest["steps"]
    ]
    return [
        *sources,
        MergeSource(
            name=stage,
            folder=model.resolve(),
            stage=stage,
            step=manifest["last_step"],
            tokens=manifest["last_step"] * manifest["tokens_per_step"],
        ),
    ]
