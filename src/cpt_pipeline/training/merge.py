"""Make every candidate a whole model that plain `from_pretrained` loads, and prove it.

Adapters are merged in fp32; what is published has the base model's number format. Each candidate is read back from disk
and must answer as the trained model did at the end of its training (`training.probe`). Runs in a process of its own
(`merge_worker`), so no torch here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from cpt_pipeline.core.artifact import read_manifest
from cpt_pipeline.core.errors import TrainingFailedError
from cpt_pipeline.core.json_reading import UNFINISHED, read_json
from cpt_pipeline.core.last_words import await_last_words, read_last_words
from cpt_pipeline.core.params import Params, Report
from cpt_pipeline.core.process import run_module
from cpt_pipeline.training.job import EXIT

WORKER = "cpt_pipeline.training.merge_worker"


class MergeParams(Params):
    """`merge:` in conf."""

    max_logit_difference: float = Field(default=1.0e-4, gt=0.0)
    """Largest difference allowed between a published model and what was trained, both in fp32."""
    max_logit_share: float = Field(default=1.0 / 32.0, gt=0.0, lt=1.0)
    """The same as a share of the largest logit, where 16- or 4-bit numbers stand on one side (bf16 keeps 8 bits)."""
    dtype: Literal["base", "float32"] = "base"
    """What candidates and releases are written in: as the base model is stored, or in fp32."""


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


class Gap(Report):
    """How far a published model is from the one that was trained, in the training's own arithmetic."""

    trained_in: str
    """What the weights were held in, and the arithmetic: float32, bfloat16 or nf4."""
    max_logit: float
    """Largest difference of a logit on the probe tokens."""
    mean_logit: float
    """Mean absolute difference."""
    nats: float
    """Loss of the published model less that of the trained one, per probe token."""


class MergeReport(Report):
    """What stage merge made, by candidate."""

    candidates: tuple[str, ...]
    merged_adapters: int
    dtype: str
    """What the candidates are written in: float32, bfloat16 or float16."""
    max_logit_difference: dict[str, float]
    allowed_logit_difference: dict[str, float]
    gap: dict[str, Gap]


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
    await_last_words(work / EXIT)
    code, tail = run_module(WORKER, path, log=work / "merge.log")
    if code and (error := read_last_words(work / EXIT)) is not None:
        raise error
    if code:
        raise TrainingFailedError(f"merge: no candidate set (exit {code}). Last lines of {work / 'merge.log'}:\n{tail}")
    report: dict[str, Any] = read_json(out / "candidates" / "merge.json", remedy=UNFINISHED)
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
