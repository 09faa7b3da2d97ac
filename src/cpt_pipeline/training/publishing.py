"""What a training publishes: the final weights, candidates on the way, and the optimizer state on demand."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from cpt_pipeline.core.artifact import link_tree, require_space, seal, write_json
from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.training import checkpoint
from cpt_pipeline.training.backend import Backend
from cpt_pipeline.training.export import write_model
from cpt_pipeline.training.job import TrainJob
from cpt_pipeline.training.loop import Next, Observer, TrainState


class Candidates(Observer):
    """Keeps the weights every so many steps, for the evaluation and a roll back."""

    def __init__(self, job: TrainJob, backend: Backend, num_steps: int) -> None:
        self._job, self._backend, self._num_steps = job, backend, num_steps
        self._folder = job.work / "candidates"

    def after_step(self, state: TrainState, row: dict[str, Any]) -> Next:
        """Return END_BLOCK where a candidate is due; the end is the model itself."""
        every, last = self._job.params.candidate_every_steps, state.step == self._num_steps
        return Next.END_BLOCK if every and state.step % every == 0 and not last else Next.GO_ON

    def end_block(self, state: TrainState) -> None:
        """Commit the weights as a candidate."""
        self._folder.mkdir(parents=True, exist_ok=True)
        require_space(self._folder, self._backend.bytes_of_weights())
        checkpoint.commit(
            self._folder,
            state.step,
            lambda folder: write_model(self._job, self._backend, folder),
            kind="model",
            rank=self._backend.rank,
            barrier=self._backend.barrier,
        )
        if self._backend.rank == 0:
            checkpoint.keep_newest(self._folder, self._job.params.keep_candidates)


def publish(job: TrainJob, backend: Backend, mixture: Mixture) -> None:
    """Write model, candidates and, where the job asks, optimizer state into `job.out`. Called on every rank."""
    model = job.out / f"{job.stage}_model"
    with_state = job.optimizer_artifact and job.params.publish_optimizer
    require_space(job.work, (3 if with_state else 1) * backend.bytes_of_weights())
    if backend.rank == 0:
        shutil.rmtree(model, ignore_errors=True)
        model.mkdir(parents=True)
    backend.barrier()
    write_model(job, backend, model)
    if backend.rank == 0:
        seal(model, "model")
        _publish_candidates(job, mixture, job.out / f"{job.stage}_candidates")
        if job.optimizer_artifact:
            _publish_optimizer_state(job, backend, job.out / f"{job.stage}_optimizer")


def _publish_candidates(job: TrainJob, mixture: Mixture, target: Path) -> None:
    folder = job.work / "candidates"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for step in checkpoint.steps_in(folder):
        kept = folder / checkpoint.name_of(step)
        remedy = f"Remove that folder, and {job.stage} publishes without it; the same command goes on from here."
        link_tree(kept, target / kept.name, remedy=remedy)
    seal(
        target,
        "candidates",
        steps=checkpoint.steps_in(folder),
        last_step=mixture.num_steps,
        tokens_per_step=mixture.tokens_per_step,
    )


def _publish_optimizer_state(job: TrainJob, backend: Backend, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    if job.params.publish_optimizer:
        save_file(backend.moments(), target / "optimizer.safetensors")
    write_json(target / "optimizer.json", {"published": job.params.publish_optimizer})
    seal(target, "optimizer")
