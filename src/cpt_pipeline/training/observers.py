"""What watches the steps of a training: finite numbers, the log, progress, held-out loss, limits."""

from __future__ import annotations

import io
import logging
import math
import signal
import time
from dataclasses import dataclass
from typing import Any

from cpt_pipeline.core.process import SECONDS_OF_ONE_REQUEST
from cpt_pipeline.core.progress import Progress
from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.training.backend import Backend, UnstableError
from cpt_pipeline.training.heldout import load_heldout, measure
from cpt_pipeline.training.job import TrainJob
from cpt_pipeline.training.log import TrainingLog, describe_step
from cpt_pipeline.training.loop import Next, Observer, TrainState

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


class FiniteSteps(Observer):
    """Passes over steps whose loss or gradient is not finite; `UnstableError` when there are too many."""

    def __init__(self, max_skipped_steps: int) -> None:
        self._max_skipped_steps = max_skipped_steps

    def after_step(self, state: TrainState, row: dict[str, Any]) -> Next:
        """Return STEP_BACK after a step that changed no weight."""
        if math.isfinite(row["gradient_norm"]):
            return Next.GO_ON
        logger.warning("step %d: loss or gradient is not finite; its data is passed over", state.step)
        recent = [step for step in (*state.skipped, state.step) if step > state.step - _SKIP_WINDOW]
        if len(recent) > self._max_skipped_steps:
            raise UnstableError(
                f"{len(recent)} of the last {_SKIP_WINDOW} steps had a loss or gradient that is not finite"
            )
        return Next.STEP_BACK


class StepLog(Observer):
    """Writes every step to the log, on rank 0."""

    def __init__(self, backend: Backend, log: TrainingLog) -> None:
        self._backend, self._log = backend, log

    def after_step(self, state: TrainState, row: dict[str, Any]) -> Next:
        """Append the row."""
        if self._backend.rank == 0:
            self._log.append(row)
        return Next.GO_ON


class ProgressLine(Observer):
    """Shows the progress, on rank 0."""

    def __init__(self, job: TrainJob, backend: Backend, num_steps: int, state: TrainState) -> None:
        silent = None if backend.rank == 0 else io.StringIO()
        self.progress = Progress(job.stage, num_steps, "steps", done=state.step, stream=silent)

    def after_step(self, state: TrainState, row: dict[str, Any]) -> Next:
        """Count the step."""
        self.progress.advance(note=describe_step(row))
        return Next.GO_ON


class HeldoutLoss(Observer):
    """Measures the held-out loss every so many steps and at the end."""

    def __init__(self, job: TrainJob, backend: Backend, mixture: Mixture, log: TrainingLog) -> None:
        self._job, self._backend, self._mixture, self._log = job, backend, mixture, log
        self._sets = load_heldout(job.tokens, mixture.sequence_length, job.params.heldout_tokens_per_channel)

    def after_step(self, state: TrainState, row: dict[str, Any]) -> Next:
        """Return END_BLOCK where a measurement is due."""
        last = state.step == self._mixture.num_steps
        if state.step % self._job.params.heldout_every_steps == 0 or last:
            return Next.END_BLOCK
        return Next.GO_ON

    def end_block(self, state: TrainState) -> None:
        """Measure, and write the figures to the log."""
        job = self._job
        channels = measure(self._backend, self._sets, job.run.micro_batch_rows, job.params.precision)
        if self._backend.rank == 0:
            tokens = state.step * self._mixture.tokens_per_step
            self._log.append({"kind": "heldout", "step": state.step, "tokens": tokens, "channels": channels})


class Limits(Observer):
    """Stops at a signal, after a number of steps or after a time, on all ranks at once."""

    def __init__(self, job: TrainJob, backend: Backend, stop: StopRequest) -> None:
        self._run, self._backend, self._stop = job.run, backend, stop
        self._started = time.monotonic()

    def start(self, state: TrainState) -> Next:
        """Return STOP when a limit is reached before the first step."""
        run, step = self._run, state.step
        late = run.max_hours is not None and time.monotonic() - self._started > run.max_hours * 3600
        enough = run.stop_after_steps is not None and step >= run.stop_after_steps
        return Next.STOP if self._backend.any(self._stop.wanted or late or enough) else Next.GO_ON

    def after_step(self, state: TrainState, row: dict[str, Any]) -> Next:
        """Return STOP when a limit is reached."""
        del row
        return self.start(state)
