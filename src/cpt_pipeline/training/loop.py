"""The loop of steps: rows of the mixture in order, steps counted from what is finished, observers asked after each.

Resuming is "go on at row n": the data order is in the mixture, the learning rate is a function of the step,
weights and optimizer state are in the checkpoint. Killed anywhere, it ends with the same weights.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import numpy as np
import torch

from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.model.packed import token_losses
from cpt_pipeline.training.backend import Backend
from cpt_pipeline.training.job import TrainJob
from cpt_pipeline.training.schedule import lr_share


class Next(Enum):
    """What an observer answers after a step."""

    GO_ON = auto()
    STEP_BACK = auto()
    """The step does not count: the backend left the weights as they were, and its data is passed over."""
    END_BLOCK = auto()
    """A block of steps ends here for this observer: its `end_block` is called once all have answered."""
    STOP = auto()
    """No further step in this start; the training resumes later."""


@dataclass
class TrainState:
    """Where training stands; all of it is in every checkpoint."""

    step: int = 0
    """Finished steps."""
    skipped: list[int] = field(default_factory=list)
    """Steps whose loss or gradient was not finite: their data was passed over."""
    resumed_from: list[int] = field(default_factory=list)


class Observer:
    """Watches the steps; all observers are asked in one order, on every rank alike."""

    def start(self, state: TrainState) -> Next:
        """Return what to do before the first step of this start."""
        del state
        return Next.GO_ON

    def after_step(self, state: TrainState, row: dict[str, Any]) -> Next:
        """Return what to do after a step; `row` is its row of the log."""
        del state, row
        return Next.GO_ON

    def end_block(self, state: TrainState) -> None:
        """Measure or save what is due at the end of a block."""
        del state


def run_steps(
    take: Callable[[int], dict[str, Any]], num_steps: int, state: TrainState, observers: Sequence[Observer]
) -> bool:
    """Take the steps that are left; return whether all are finished, False when an observer stopped them before."""
    answers = [observer.start(state) for observer in observers]
    while state.step < num_steps and Next.STOP not in answers:
        row = take(state.step)
        state.step += 1
        answers = [observer.after_step(state, row) for observer in observers]
        if Next.STEP_BACK in answers:
            state.skipped.append(state.step)
        for observer, answer in zip(observers, answers, strict=True):
            if answer is Next.END_BLOCK:
                observer.end_block(state)
    return state.step == num_steps


class Stepper:
    """Trains on one step of the mixture after another, on this rank."""

    def __init__(self, job: TrainJob, backend: Backend, mixture: Mixture) -> None:
        self.job, self.backend, self.mixture = job, backend, mixture

    def take(self, step: int) -> dict[str, Any]:
        """Train on the rows of a step, counted from 0; return its row of the log."""
        began = time.monotonic()
        params, backend = self.job.params, self.backend
        num_labels = self.mixture.num_labels(step)
        sums = torch.zeros(2, len(self.mixture.channels), dtype=torch.float64, device=backend.device)
        batches = self._micro_batches(step)
        for number, (channels, *batch) in enumerate(batches):
            last = number == len(batches) - 1
            with backend.exchanging(last=last):
                with torch.autocast(backend.device.type, torch.bfloat16, enabled=self.job.autocast):
                    losses = token_losses(backend.forward_module, *batch)
                backend.backward(losses.sum() / num_labels, last=last)
            sums[0].index_add_(0, channels, losses.detach().double().sum(1))
            sums[1].index_add_(0, channels, (batch[2][:, 1:] >= 0).double().sum(1))
        nats, counts = backend.sum(sums).tolist()
        loss = sum(nats) / num_labels
        learning_rate = params.optimizer.peak_lr * lr_share(step, self.mixture.num_steps, params.schedule)
        norm = backend.step(learning_rate, finite=math.isfinite(loss))
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

    def _micro_batches(self, step: int) -> list[tuple[torch.Tensor, ...]]:
        """Return this rank's rows of a step as (channels, input_ids, position_ids, labels)."""
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
