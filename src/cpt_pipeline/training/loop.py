"""The training loop: rows of the mixture in order, steps counted from what is finished, nothing else.

Resuming is "go on at row n": the data order is in the mixture, the learning rate is a function of the step,
weights and moments are in the checkpoint. Killed anywhere, it ends with the same weights.
"""

from __future__ import annotations

import io
import logging
import math
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from cpt_pipeline.core.artifact import link_tree, require_space, seal, write_json
from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.core.process import SECONDS_OF_ONE_REQUEST
from cpt_pipeline.core.progress import Progress
from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.model.packed import token_losses
from cpt_pipeline.training import checkpoint
from cpt_pipeline.training.apart import require_apart
from cpt_pipeline.training.backend import Backend, UnstableError
from cpt_pipeline.training.export import write_model
from cpt_pipeline.training.heldout import load_heldout, measure
from cpt_pipeline.training.job import TrainJob
from cpt_pipeline.training.log import TrainingLog, describe_step
from cpt_pipeline.training.schedule import lr_share

logger = logging.getLogger(__name__)
_SKIP_WINDOW = 100


@dataclass
class StopRequest:
    """Set by a signal; read between steps."""

    wanted: bool = False
    since: float = 0.0

    def listen(self) -> None:
        """Stop after the running step at SIGTERM, SIGINT or SIGUSR1; a second signal ends the process at once."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            signal.signal(number, self._receive)

    def _receive(self, number: int, _frame: object) -> None:
        now = time.monotonic()
        if self.wanted and now - self.since > SECONDS_OF_ONE_REQUEST:
            raise SystemExit(128 + number)
        if self.wanted:
            return
        self.wanted, self.since = True, now
        logger.warning("signal %s: saving after this step", signal.Signals(number).name)


@dataclass
class Cursor:
    """Where training stands; all of it is in every checkpoint."""

    step: int = 0
    """Finished steps."""
    skipped: list[int] = field(default_factory=list)
    """Steps whose loss or gradient was not finite: their data was passed over."""
    resumed_from: list[int] = field(default_factory=list)


class Trainer:
    """One stage of training on one rank."""

    def __init__(self, job: TrainJob, backend: Backend) -> None:
        self.job, self.backend = job, backend
        self.mixture = Mixture(job.mixture, job.tokens)
        self.cursor = Cursor()
        self.log = TrainingLog(job.work / "log.jsonl")
        self.heldout = load_heldout(job.tokens, self.mixture.sequence_length, job.params.heldout_tokens_per_channel)
        self._checkpoints = job.work / "checkpoints"
        self._candidates = job.work / "candidates"
        self._started = time.monotonic()

    def run(self, stop: StopRequest) -> bool:
        """Train to the end and publish, or to a limit or signal; say whether it is finished."""
        rows = self.job.run.micro_batch_rows
        require_apart(self.backend, self.mixture.sequence_length, rows, autocast=self._autocast)
        self._resume()
        num_steps = self.mixture.num_steps
        with self._progress(num_steps) as progress:
            while self.cursor.step < num_steps:
                if self._should_stop(stop):
                    self._save_checkpoint()
                    return False
                row = self._train_step(self.cursor.step)
                self.cursor.step += 1
                self._after_step(row)
                progress.advance(note=describe_step(row))
        self._publish()
        return True

    def _progress(self, num_steps: int) -> Progress:
        silent = None if self.backend.rank == 0 else io.StringIO()
        return Progress(self.job.stage, num_steps, "steps", done=self.cursor.step, stream=silent)

    def _resume(self) -> None:
        folder = checkpoint.newest_valid(self._checkpoints, self.job.digest)
        if folder is None:
            if self.job.optimizer is not None:
                self.backend.load_moments(load_file(self.job.optimizer / "optimizer.safetensors"))
            step = -1
        else:
            state = checkpoint.read_state(folder)
            self._check_layout(state["layout"])
            self.backend.load(folder)
            self.backend.load_random_state(folder)
            step = int(state["step"])
            self.cursor = Cursor(step, list(state["skipped"]), [*state["resumed_from"], step])
            logger.info("%s goes on after step %d", self.job.stage, step)
        if self.backend.rank == 0:
            self.log.cut(step)
            checkpoint.drop_after(self._candidates, step)
            if folder is not None:
                checkpoint.drop_after(self._checkpoints, step)
        self.backend.barrier()
        if folder is None:
            self._measure_heldout()

    def _check_layout(self, saved: dict[str, Any]) -> None:
        """Refuse a checkpoint of another layout: sharded state is a file per rank; plain torch reads any of its own."""
        mine = self._layout()
        if saved != mine and (saved["backend"], mine["backend"]) != ("torch", "torch"):
            changed = [
                f"{self.job.stage}_run.{key}: {saved[key]} -> {mine[key]}" for key in mine if saved[key] != mine[key]
            ]
            raise ParameterError(
                f"the checkpoint was written with another layout ({', '.join(changed)}). Set it back, or remove "
                f"{self._checkpoints} to start the stage anew."
            )

    def _layout(self) -> dict[str, Any]:
        run = self.job.run
        return {"backend": run.backend, "zero_stage": run.zero_stage, "num_ranks": self.backend.world_size}

    def _train_step(self, step: int) -> dict[str, Any]:
        began = time.monotonic()
        params, backend = self.job.params, self.backend
        num_labels = self.mixture.num_labels(step)
        sums = torch.zeros(2, len(self.mixture.channels), dtype=torch.float64, device=backend.device)
        batches = self._micro_batches(step)
        for number, (channels, *batch) in enumerate(batches):
            last = number == len(batches) - 1
            with backend.exchanging(last=last):
                with torch.autocast(backend.device.type, torch.bfloat16, enabled=self._autocast):
                    losses = token_losses(backend.forward_module, *batch)
                backend.backward(losses.sum() / num_labels, last=last)
            sums[0].index_add_(0, channels, losses.detach().double().sum(1))
            sums[1].index_add_(0, channels, (batch[2][:, 1:] >= 0).double().sum(1))
        nats, counts = backend.sum(sums).tolist()
        loss = sum(nats) / num_labels
        learning_rate = params.optimizer.peak_lr * lr_share(step, self.mixture.num_steps, params.schedule)
        norm = backend.step(learning_rate, finite=math.isfinite(loss))
        if not math.isfinite(norm):
            self._count_skip(step)
        return {
            "kind": "train",
            "step": step + 1,
            "tokens": (step + 1) * self.mixture.tokens_per_step,
            "rows": [step * self.mixture.rows_per_step, (step + 1) * self.mixture.rows_per_step],
            "learning_rate": learning_rate,
            "loss": loss,
            "gradient_norm": norm,
            "channel_loss": {
                name: total / count
                for name, total, count in zip(self.mixture.channels, nats, counts, strict=True)
                if count
            },
            "seconds": round(time.monotonic() - began, 4),
            **({"memory_gb": torch.cuda.max_memory_allocated() / 1e9} if backend.device.type == "cuda" else {}),
        }

    @property
    def _autocast(self) -> bool:
        return self.job.params.precision == "bf16" and self.job.run.backend == "torch"

    def _micro_batches(self, step: int) -> list[tuple[torch.Tensor, ...]]:
        """Give this rank's rows of a step as (channels, input_ids, position_ids, labels)."""
        share = self.mixture.rows_per_step // self.backend.world_size
        first = step * self.mixture.rows_per_step + self.backend.rank * share
        rows = [self.mixture.row(row) for row in range(first, first + share)]
        size = self.job.run.micro_batch_rows
        batches = []
        for start in range(0, share, size):
            chunk = rows[start : start + size]
            columns = (
                np.asarray([row.channel for row in chunk]),
                np.stack([row.input_ids for row in chunk]),
                np.stack([row.position_ids for row in chunk]),
                np.stack([row.labels for row in chunk]),
            )
            batches.append(tuple(torch.from_numpy(column).to(self.backend.device) for column in columns))
        return batches

    def _count_skip(self, step: int) -> None:
        self.cursor.skipped.append(step + 1)
        logger.warning("step %d: loss or gradient is not finite; its data is passed over", step + 1)
        recent = [each for each in self.cursor.skipped if each > step + 1 - _SKIP_WINDOW]
        if len(recent) > self.job.params.max_skipped_steps:
            raise UnstableError(
                f"{len(recent)} of the last {_SKIP_WINDOW} steps had a loss or gradient that is not finite"
            )

    def _after_step(self, row: dict[str, Any]) -> None:
        params, step = self.job.params, self.cursor.step
        last = step == self.mixture.num_steps
        if self.backend.rank == 0:
            self.log.append(row)
        if step % params.heldout_every_steps == 0 or last:
            self._measure_heldout()
        if params.candidate_every_steps and step % params.candidate_every_steps == 0 and not last:
            self._save_candidate()
        if step % self.job.run.checkpoint_every_steps == 0 or last:
            self._save_checkpoint()

    def _measure_heldout(self) -> None:
        found = measure(self.backend, self.heldout, self.job.run.micro_batch_rows, self.job.params.precision)
        if self.backend.rank == 0:
            tokens = self.cursor.step * self.mixture.tokens_per_step
            self.log.append({"kind": "heldout", "step": self.cursor.step, "tokens": tokens, "channels": found})

    def _save_checkpoint(self) -> None:
        if self.cursor.step in checkpoint.steps_in(self._checkpoints):
            return
        self._checkpoints.mkdir(parents=True, exist_ok=True)
        if self.backend.rank == 0:
            self.log.flush()
        require_space(self._checkpoints, 3 * self._bytes_of_weights())  # and two moments of each
        checkpoint.commit(
            self._checkpoints,
            self.cursor.step,
            self._write_checkpoint,
            kind="checkpoint",
            rank=self.backend.rank,
            barrier=self.backend.barrier,
        )
        if self.backend.rank == 0:
            checkpoint.keep_newest(self._checkpoints, self.job.run.keep_checkpoints)

    def _write_checkpoint(self, folder: Path) -> None:
        self.backend.save(folder)
        self.backend.save_random_state(folder)
        if self.backend.rank == 0:
            state = {
                "digest": self.job.digest,
                "step": self.cursor.step,
                "num_steps": self.mixture.num_steps,
                "skipped": self.cursor.skipped,
                "resumed_from": self.cursor.resumed_from,
                "layout": self._layout(),
            }
            checkpoint.write_state(folder, state)

    def _bytes_of_weights(self) -> int:
        # ZeRO-3 leaves empty tensors behind and keeps the count in `ds_numel`.
        trained = [weight for weight in self.backend.module.parameters() if weight.requires_grad]
        return 4 * sum(getattr(weight, "ds_numel", weight.numel()) for weight in trained)

    def _save_candidate(self) -> None:
        self._candidates.mkdir(parents=True, exist_ok=True)
        require_space(self._candidates, self._bytes_of_weights())
        checkpoint.commit(
            self._candidates,
            self.cursor.step,
            lambda folder: write_model(self.job, self.backend, folder),
            kind="model",
            rank=self.backend.rank,
            barrier=self.backend.barrier,
        )
        if self.backend.rank == 0:
            checkpoint.keep_newest(self._candidates, self.job.params.keep_candidates)

    def _should_stop(self, stop: StopRequest) -> bool:
        run, step = self.job.run, self.cursor.step
        late = run.max_hours is not None and time.monotonic() - self._started > run.max_hours * 3600
        enough = run.stop_after_steps is not None and step >= run.stop_after_steps
        return self.backend.any(stop.wanted or late or enough)

    def _publish(self) -> None:
        stage, out = self.job.stage, self.job.out
        model = out / f"{stage}_model"
        moments = self.job.optimizer_artifact and self.job.params.publish_optimizer
        require_space(self.job.work, (3 if moments else 1) * self._bytes_of_weights())
        if self.backend.rank == 0:
            shutil.rmtree(model, ignore_errors=True)
            model.mkdir(parents=True)
        self.backend.barrier()
        write_model(self.job, self.backend, model)
        if self.backend.rank == 0:
            seal(model, "model")
            self._publish_candidates(out / f"{stage}_candidates")
            if self.job.optimizer_artifact:
                self._publish_optimizer(out / f"{stage}_optimizer")

    def _publish_candidates(self, target: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        for step in checkpoint.steps_in(self._candidates):
            kept = self._candidates / checkpoint.name_of(step)
            remedy = (
                f"Remove that folder, and {self.job.stage} publishes without it; the same command goes on from here."
            )
            link_tree(kept, target / kept.name, remedy=remedy)
        seal(
            target,
            "candidates",
            steps=checkpoint.steps_in(self._candidates),
            last_step=self.mixture.num_steps,
            tokens_per_step=self.mixture.tokens_per_step,
        )

    def _publish_optimizer(self, target: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        if self.job.params.publish_optimizer:
            save_file(self.backend.moments(), target / "optimizer.safetensors")
        write_json(target / "optimizer.json", {"published": self.job.params.publish_optimizer})
        seal(target, "optimizer")
