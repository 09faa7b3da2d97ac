"""Start the training workers, watch them, start them again after a death; torch is never loaded here.

torchrun's own restarts hang on gloo after a kill, so each start is a fresh one with a fresh port, and goes on
only while starts make progress.
"""

from __future__ import annotations

import base64
import json
import logging
import sys
from pathlib import Path
from typing import Any

from pydantic import Field

from cpt_pipeline.core.errors import GOES_ON, StoppedBySignalError, TrainingFailedError, TrainingInterruptedError
from cpt_pipeline.core.last_words import await_last_words, read_code, read_last_words
from cpt_pipeline.core.params import Report
from cpt_pipeline.core.process import free_port, noting_itself, run_child
from cpt_pipeline.training import checkpoint
from cpt_pipeline.training.job import EXIT, TrainJob
from cpt_pipeline.training.log import TrainingLog
from cpt_pipeline.training.params import TrainRunParams

logger = logging.getLogger(__name__)
WORKER = "cpt_pipeline.training.worker"
_SECONDS_TO_SAVE = "1800"
"""How long torchrun waits for its ranks after a signal: they finish the step and save."""
_DONE, _RESUMABLE = 0, 75


class TrainReport(Report):
    """What a training stage did. Speed is a measurement and differs from run to run."""

    steps: int
    tokens: int
    seconds: float
    """Sum over the optimizer steps, without start-up, checkpoints and held-out measurements."""
    tokens_per_second: float
    loss_first: float
    loss_last: float
    """Mean loss of the last ten steps, nats per token."""
    skipped_steps: tuple[int, ...] = ()
    resumed_from: tuple[int, ...] = ()
    heldout: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Held-out figures of every channel at the end."""
    memory_gb: float | None = None
    """Peak of the first device's allocations; None on a CPU."""


def train(job: TrainJob) -> tuple[TrainReport, list[dict[str, Any]]]:
    """Train a job to its end; give the report and the rows of the log.

    `TrainingFailedError` with the worker's last lines, `TrainingInterruptedError` when it stopped at a signal or
    limit and the same command goes on from the checkpoint.
    """
    path = job.work / "job.json"
    path.write_text(job.model_dump_json(indent=2), encoding="utf-8")
    restarts = 0
    while True:
        before = _progress(job)
        await_last_words(job.work / EXIT)
        command = worker_command(path, job.run)
        try:
            code, tail = run_child(command, log=job.work / "worker.log", environment=_environment(job.run))
        except StoppedBySignalError as error:
            raise TrainingInterruptedError(f"{job.stage} stopped after {_progress(job)} steps: {error}") from error
        if code == _DONE:
            rows = TrainingLog(job.work / "log.jsonl").rows()
            return _report(job, rows), rows
        code = _worker_code(job, code)
        _raise_if_final(code, tail, job)
        if restarts >= job.run.max_restarts or _progress(job) <= before:
            raise TrainingFailedError(
                f"{job.stage}: the worker died (exit {code}) after {_progress(job)} finished steps. "
                f"Its last lines:\n{tail}"
                f"The whole log is {job.work / 'worker.log'}. {GOES_ON}"
            )
        restarts += 1
        logger.warning(
            "%s: the worker died (exit %d); start %d of %d", job.stage, code, restarts + 1, job.run.max_restarts + 1
        )


def worker_command(job: Path, run: TrainRunParams) -> list[str]:
    """Give the command line that starts the workers of a job."""
    if run.launcher == "single":
        return [sys.executable, "-m", WORKER, str(job)]
    if run.launcher == "srun":
        return ["srun", f"--ntasks={run.num_ranks}", "--kill-on-bad-exit=1", sys.executable, "-m", WORKER, str(job)]
    port = str(free_port())
    if run.launcher == "torchrun":
        launcher = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={run.num_ranks}"]
        return noting_itself([*launcher, "--max-restarts=0", f"--master-port={port}", "-m", WORKER, str(job)])
    arguments = [f"--master_port={port}", "--module", WORKER, str(job)]
    if run.hostfile:
        return [sys.executable, "-m", "deepspeed.launcher.runner", f"--hostfile={run.hostfile}", *arguments]
    # The launcher of one machine: on one machine the runner starts it unbound and passes no signal on.
    ranks = base64.urlsafe_b64encode(json.dumps({"localhost": list(range(run.num_ranks))}).encode()).decode()
    return noting_itself([sys.executable, "-m", "deepspeed.launcher.launch", f"--world_info={ranks}", *arguments])


def _environment(run: TrainRunParams) -> dict[str, str]:
    environment = {"TOKENIZERS_PARALLELISM": "false", "TORCH_ELASTIC_SHUTDOWN_TIMEOUT": _SECONDS_TO_SAVE}
    if run.device == "cpu":
        environment["DS_ACCELERATOR"] = "cpu"
    if run.launcher == "srun":
        environment["MASTER_PORT"] = str(free_port())
    return environment


def _worker_code(job: TrainJob, launcher_code: int) -> int:
    """Give what rank 0 ended with when it said so; a launcher that failed ends with 1 whatever the worker said."""
    return read_code(job.work / EXIT) or launcher_code


def _raise_if_final(code: int, tail: str, job: TrainJob) -> None:
    words = read_last_words(job.work / EXIT)
    if words is not None:
        told = str(words).removeprefix(f"{job.stage}: ")
        error = type(words)(
            f"{job.stage}: {told} (after {_progress(job)} steps; all output: {job.work / 'worker.log'})"
        )
        error.exit_code = words.exit_code
        raise error
    if code == _RESUMABLE:
        raise TrainingInterruptedError(
            f"{job.stage} stopped after {_progress(job)} steps: a signal or a limit of {job.stage}_run "
            f"(stop_after_steps, max_hours). Last lines:\n{tail}{GOES_ON}"
        )


def _progress(job: TrainJob) -> int:
    return max(checkpoint.steps_in(job.work / "checkpoints"), default=0)


def _report(job: TrainJob, rows: list[dict[str, Any]]) -> TrainReport:
    steps = [row for row in rows if row["kind"] == "train"]
    heldout = [row for row in rows if row["kind"] == "heldout"]
    seconds = sum(row["seconds"] for row in steps)
    last = [row["loss"] for row in steps[-10:]]
    state = checkpoint.read_state(job.work / "checkpoints" / checkpoint.name_of(_progress(job)))
    return TrainReport(
        steps=len(steps),
        tokens=steps[-1]["tokens"],
        seconds=round(seconds, 2),
        tokens_per_second=round(steps[-1]["tokens"] / max(seconds, 1e-9), 1),
        loss_first=steps[0]["loss"],
        loss_last=sum(last) / len(last),
        skipped_steps=tuple(state["skipped"]),
        resumed_from=tuple(state["resumed_from"]),
        heldout=heldout[-1]["channels"] if heldout else {},
        memory_gb=steps[-1].get("memory_gb"),
    )
