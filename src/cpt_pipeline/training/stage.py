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
    work: Workspace, inputs: Mapping[str, Path], permit: Mapping[str, Any], params: TrainParams, run: TrainRunParams
) -> tuple[TrainReport, list[dict[str, Any]]]:
    """Train one stage into `work.out`.

    `inputs` are its artifacts by name: `start_model`, `tokens`, `mixture_<stage>`, and for a stage that goes on with
    another one also `stage1_model` and `stage1_optimizer`. `NotPermittedError` when the plan is over budget,
    `ParameterError` when the stage wants moments that the stage before did not publish, else what `train` raises.
    """
    stage = work.stage
    if not permit["stages"][stage]:
        reasons = "\n".join(f"  - {reason}" for reason in permit["reasons"])
        raise NotPermittedError(
            f"{stage} is over budget and does not start:\n{reasons}\nRaise the limit or make the run smaller."
        )
    if run.backend == "deepspeed" and (params.publish_optimizer or params.optimizer.state == "anneal"):
        raise ParameterError(
            f"{stage}: publishing or taking over moments (publish_optimizer, optimizer.state: anneal) needs "
            f"{stage}_run.backend: torch; DeepSpeed keeps them in shards"
        )
    job = TrainJob(
        stage=stage,
        digest=work.digest,
        **_start(stage, inputs, params),
        tokens=inputs["tokens"].resolve(),
        mixture=inputs[f"mixture_{stage}"].resolve(),
        work=work.path,
        out=work.out,
        params=params,
        run=run,
    )
    return train(job)


def _start(stage: str, inputs: Mapping[str, Path], params: TrainParams) -> dict[str, Any]:
    """Give what the stage starts from: model, adapter, moments; and whether it publishes its own moments."""
    model, before = resolve(inputs["start_model"]).resolve(), inputs.get("stage1_model")
    if before is None:
        if params.optimizer.state == "anneal":
            raise ParameterError(
                f"{stage}.optimizer.state is anneal, but there is no stage before it; "
                "a base model's optimizer is never loaded"
            )
        return {"model": model, "optimizer_artifact": True}
    has_adapter = (before / "adapter_config.json").is_file()
    _check_mode(stage, params, has_adapter)
    moments = _moments(stage, inputs["stage1_optimizer"]) if params.optimizer.state == "anneal" else None
    if has_adapter:
        return {"model": model, "adapter": before.resolve(), "optimizer": moments}
    return {"model": before.resolve(), "optimizer": moments}


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
