"""The training worker: `python -m cpt_pipeline.training.worker job.json` on every rank.

Knows no Kedro, reads no conf, decides nothing. Exit codes: 0 done, 2 wrong input, 4 unstable training,
75 stopped at a signal or limit and resumable.
"""

from __future__ import annotations

from cpt_pipeline.core.process import die_with_launcher

if __name__ == "__main__":
    die_with_launcher()  # before torch is imported: that takes seconds, in which the launcher may die


import logging
import os
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from cpt_pipeline.core.errors import ParameterError, TrainingFailedError, find_fault
from cpt_pipeline.core.last_words import leave_code, leave_last_words
from cpt_pipeline.core.workspace import locked
from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.model.load import load_causal_lm, load_nf4_causal_lm, new_causal_lm
from cpt_pipeline.training.adapter import with_adapter
from cpt_pipeline.training.apart import require_apart
from cpt_pipeline.training.backend import Backend, DeepSpeedBackend, TorchBackend, UnstableError, start_processes
from cpt_pipeline.training.job import EXIT, TrainJob
from cpt_pipeline.training.log import TrainingLog
from cpt_pipeline.training.loop import Stepper, run_steps
from cpt_pipeline.training.observers import FiniteSteps, HeldoutLoss, Limits, ProgressLine, StepLog, StopRequest
from cpt_pipeline.training.publishing import Candidates, publish
from cpt_pipeline.training.saving import Checkpoints

DONE, RESUMABLE = 0, 75
logger = logging.getLogger(__name__)


def run(job: TrainJob) -> int:
    """Train one job on this rank and give the exit code."""
    stop = StopRequest()
    stop.listen()
    device = start_processes(job.run)
    torch.manual_seed(job.params.seed)
    try:
        backend = make_backend(job, device)
        if backend.rank == 0:
            with locked(job.work / "run.lock"):
                finished = train_rank(job, backend, stop)
        else:
            finished = train_rank(job, backend, stop)
    except UnstableError as error:
        unstable = TrainingFailedError(
            f"training is unstable: {error}. Halve the peak learning rate or look at the data of that step."
        )
        return leave_last_words(job.work / EXIT, unstable)
    except Exception as error:
        fault = find_fault(error)
        if fault is None:
            raise
        return leave_last_words(job.work / EXIT, fault)
    return DONE if finished else RESUMABLE


def train_rank(job: TrainJob, backend: Backend, stop: StopRequest) -> bool:
    """Train on this rank to the end and publish, or to a limit or signal; return whether it is finished."""
    mixture, log = Mixture(job.mixture, job.tokens), TrainingLog(job.work / "log.jsonl")
    heldout = HeldoutLoss(job, backend, mixture, log)
    limits = Limits(job, backend, stop)
    checkpoints = Checkpoints(job, backend, log, mixture.num_steps)
    require_apart(backend, mixture.sequence_length, job.run.micro_batch_rows, autocast=job.autocast)
    state = checkpoints.resume()
    if not state.resumed_from:
        heldout.end_block(state)
    line = ProgressLine(job, backend, mixture.num_steps, state)
    observers = [
        FiniteSteps(job.params.max_skipped_steps),
        StepLog(backend, log),
        line,
        heldout,
        Candidates(job, backend, mixture.num_steps),
        checkpoints,
        limits,
    ]
    with line.progress:
        finished = run_steps(Stepper(job, backend, mixture).take, mixture.num_steps, state, observers)
        if not finished:
            checkpoints.end_block(state)
    if finished:
        publish(job, backend, mixture)
    return finished


def make_backend(job: TrainJob, device: torch.device) -> Backend:
    """Load the model and put it behind the backend that the job asks for."""
    rows, ranks = Mixture(job.mixture, job.tokens).rows_per_step, dist.get_world_size() if dist.is_initialized() else 1
    if ranks != job.run.num_ranks:
        raise ParameterError(
            f"{ranks} processes were started and {job.stage}_run.num_ranks is {job.run.num_ranks}; make them equal"
        )
    if rows % ranks:
        raise ParameterError(f"mix.rows_per_step is {rows}, which {ranks} ranks cannot share equally; use a multiple")
    model = make_model(job, device)
    if job.run.backend == "deepspeed":
        num_micro_batches = -(-(rows // ranks) // job.run.micro_batch_rows)
        return DeepSpeedBackend(model, job.params, job.run, device, num_micro_batches)
    return TorchBackend(model, job.params, device)


def make_model(job: TrainJob, device: torch.device) -> nn.Module:
    """Load or initialise the model to be trained, with adapters in mode lora."""
    # Weights that bf16 steps change are fp32; a frozen base is only read, and DeepSpeed keeps its own in fp32.
    only_read = job.params.mode == "lora" or job.run.backend == "deepspeed"
    dtype = "bfloat16" if only_read and job.params.precision == "bf16" else "float32"
    model: Any
    if job.params.mode == "lora" and job.params.lora.quantization == "nf4":
        model = load_nf4_causal_lm(job.model, device)
    elif job.init == "random":
        model = new_causal_lm(job.model, seed=job.params.seed, dtype=dtype)
    else:
        model = load_causal_lm(job.model, dtype=dtype)
    if job.params.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if job.params.mode == "lora":
        model = with_adapter(model, job)
    trained: nn.Module = model.train()
    return trained


def main() -> int:
    """Run the job named on the command line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    path = Path(next(argument for argument in sys.argv[1:] if not argument.startswith("--")))
    job = TrainJob.model_validate_json(path.read_text(encoding="utf-8"))
    if job.run.launcher == "srun":
        _take_slurm_rank(os.environ)
    if os.environ.get("RANK", "0") != "0":
        logging.getLogger().setLevel(logging.ERROR)
    code = run(job)
    if int(os.environ.get("RANK", "0")) == 0:
        leave_code(job.work / EXIT, code)
    if code in (DONE, RESUMABLE) and dist.is_initialized():
        dist.barrier()  # a launcher that sees one rank end with 75 stops the rest, and rank 0 must have said why
    return code


def _take_slurm_rank(environment: MutableMapping[str, str]) -> None:
    """Set what torchrun would have set; rank 0 is looked for where srun was typed unless MASTER_ADDR is set."""
    environment["RANK"] = environment["SLURM_PROCID"]
    environment["LOCAL_RANK"] = environment["SLURM_LOCALID"]
    environment["WORLD_SIZE"] = environment["SLURM_NTASKS"]
    environment["LOCAL_WORLD_SIZE"] = environment["SLURM_STEP_TASKS_PER_NODE"].partition("(")[0].partition(",")[0]
    if "MASTER_ADDR" not in environment:
        environment["MASTER_ADDR"] = environment["SLURM_LAUNCH_NODE_IPADDR"]


if __name__ == "__main__":
    sys.exit(main())
