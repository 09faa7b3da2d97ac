"""Checkpoints of a training: committed while it runs, and what it resumes from."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from cpt_pipeline.core.artifact import require_space
from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.training import checkpoint
from cpt_pipeline.training.backend import Backend
from cpt_pipeline.training.job import TrainJob
from cpt_pipeline.training.log import TrainingLog
from cpt_pipeline.training.loop import Next, Observer, TrainState

logger = logging.getLogger(__name__)


class Checkpoints(Observer):
    """Saves every so many steps and at the end."""

    def __init__(self, job: TrainJob, backend: Backend, log: TrainingLog, num_steps: int) -> None:
        self._job, self._backend, self._log, self._num_steps = job, backend, log, num_steps
        self._folder = job.work / "checkpoints"

    def resume(self) -> TrainState:
        """Load the newest whole checkpoint, if there is one, and drop what was written after it."""
        folder = checkpoint.newest_valid(self._folder, self._job.digest)
        if folder is None:
            state, step = TrainState(), -1
            if self._job.optimizer is not None:
                self._backend.load_moments(load_file(self._job.optimizer / "optimizer.safetensors"))
        else:
            saved = checkpoint.read_state(folder)
            self._check_layout(saved["layout"])
            self._backend.load(folder)
            self._backend.load_random_state(folder)
            step = int(saved["step"])
            state = TrainState(step, list(saved["skipped"]), [*saved["resumed_from"], step])
            logger.info("%s goes on after step %d", self._job.stage, step)
        if self._backend.rank == 0:
            self._log.cut(step)
            checkpoint.drop_after(self._job.work / "candidates", step)
            checkpoint.drop_after(self._folder, step)
        self._backend.barrier()
        return state

    def after_step(self, state: TrainState, row: dict[str, Any]) -> Next:
        """Return END_BLOCK where a checkpoint is due."""
        due = state.step % self._job.run.checkpoint_every_steps == 0 or state.step == self._num_steps
        return Next.END_BLOCK if due else Next.GO_ON

    def end_block(self, state: TrainState) -> None:
        """Commit a checkpoint, unless this step has one."""
        if state.step in checkpoint.steps_in(self._folder):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._backend.rank == 0:
            self._log.flush()
        require_space(self._folder, 3 * self._backend.bytes_of_weights())  # and two moments of each
        checkpoint.commit(
            self._folder,
            state.step,
            lambda folder: self._write(folder, state),
            kind="checkpoint",
            rank=self._backend.rank,
            barrier=self._backend.barrier,
        )
        if self._backend.rank == 0:
            checkpoint.keep_newest(self._folder, self._job.run.keep_checkpoints)

    def _write(self, folder: Path, state: TrainState) -> None:
        self._backend.save(folder)
        self._backend.save_random_state(folder)
        if self._backend.rank == 0:
            stored = {
                "digest": self._job.digest,
                "step": state.step,
                "num_steps": self._num_steps,
                "skipped": state.skipped,
                "resumed_from": state.resumed_from,
                "layout": self._layout(),
            }
            checkpoint.write_state(folder, stored)

    def _check_layout(self, saved: dict[str, Any]) -> None:
        """Refuse a checkpoint of another layout: sharded state is a file per rank; plain torch reads any of its own."""
        mine = self._layout()
        if saved != mine and (saved["backend"], mine["backend"]) != ("torch", "torch"):
            changed = [
                f"{self._job.stage}_run.{key}: {saved[key]} -> {mine[key]}" for key in mine if saved[key] != mine[key]
            ]
            raise ParameterError(
                f"the checkpoint was written with another layout ({', '.join(changed)}). Set it back, or remove "
                f"{self._folder} to start the stage anew."
            )

    def _layout(self) -> dict[str, Any]:
        run = self._job.run
        return {"backend": run.backend, "zero_stage": run.zero_stage, "num_ranks": self._backend.world_size}
