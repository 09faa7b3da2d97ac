"""One training stage of the pipeline: permission, job, worker, log."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cpt_pipeline.core.errors import NotPermittedError, ParameterError
from cpt_pipeline.core.workspace import Workspace
from cpt_pipeline.formats.models import resolve
from cpt_pipeline.training.job import TrainJob
from cpt_pipeline.training.params import TrainParams, TrainRunParams
from cpt_pipeline.training.supervisor import TrainReport, train


def train_stage(
    work: Workspace,
    start_model: Path,
    tokens: Path,
    mixture: Path,
    permit: Mapping[str, Any],
    params: TrainParams,
    run: TrainRunParams,
    *,
    before: tuple[Path, Path] | None = None,
) -> tuple[TrainReport, list[dict[str, Any]]]:
    """Train one stage into `work.out`; `before` is model and optimizer of the stage that came before.

    `NotPermittedError` when the plan is over budget, `ParameterError` when the stage wants moments that the stage
    before did not publish, else what `train` raises.
    """
    if not permit["stages"][work.stage]:
        reasons = "\n".join(f"  - {reason}" for reason in permit["reasons"])
        raise NotPermittedError(
            f"{work.stage} is over budget and does not start:\n{reasons}\nRaise the limit or make the run smaller."
        )
    model, adapter, optimizer = resolve(start_model), None, None
    if before is not None:
        has_adapter = (before[0] / "adapter_config.json").is_file()
        _check_mode(work.stage, params, has_adapter)
        model, adapter = (model, before[0].resolve()) if has_adapter else (before[0], None)
        optimizer = _moments(work.stage, before[1]) if params.optimizer.state == "anneal" else None
    elif params.optimizer.state == "anneal":
        raise ParameterError(
            f"{work.stage}.optimizer.state is anneal, but there is no stage before it; a base model's optimizer is never loaded"
        )
    job = TrainJob(
        stage=work.stage,
        digest=work.digest,
        model=model.resolve(),
        adapter=adapter,
        optimizer=optimizer,
        optimizer_artifact=before is None,
        tokens=tokens.resolve(),
        mixture=mixture.resolve(),
        work=work.path,
        out=work.out,
        params=params,
        run=run,
    )
    return train(job)


def _check_mode(stage: str, params: TrainParams, has_adapter: bool) -> None:
    if has_adapter != (params.mode == "lora"):
        before = "an adapter" if has_adapter else "whole weights"
        raise ParameterError(
            f"{stage}.mode is {params.mode}, but the stage before trained {before}; give both stages the same mode"
        )


def _moments(stage: str, optimizer: Path) -> Path:
    if not (optimizer / "optimizer.safetensors").is_file():
        raise ParameterError(
            f"{stage}.optimizer.state is anneal, but stage1 published no moments; set stage1.publish_optimizer: true"
        )
    return optimizer.resolve()
