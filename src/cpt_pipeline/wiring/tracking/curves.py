"""LiveCurves: the curves of a training reach the tracking server while it trains.

A thread follows the log of every workspace that this process opens. Only rows that a committed checkpoint covers
are sent, each once and with the time it was written, so a kill and a resume leave no trace in a curve.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from cpt_pipeline.core import workspace
from cpt_pipeline.training.log import TimedRow, covered_rows

logger = logging.getLogger(__name__)
_SECONDS_BETWEEN_LOOKS = 2.0

Send = Callable[[str, list[TimedRow]], None]
"""Records rows of a stage; sending the same rows twice must leave one of each."""


class LiveCurves:
    """Follow trainings from a thread. A server that does not answer costs one warning; the rows are sent later."""

    def __init__(self, send: Send, heartbeat: Callable[[], None]) -> None:
        self._send, self._heartbeat = send, heartbeat
        self._first = len(workspace.opened())
        self._sent: dict[Path, int] = {}
        self._warned = False
        self._looking, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._follow, name="live curves", daemon=True)
        self._thread.start()

    def look(self, stage: str | None = None) -> bool:
        """Send what is covered and was not sent; return whether a training of `stage` was among the followed ones."""
        with self._looking:
            found = False
            for name, work in workspace.opened()[self._first :]:
                before = self._sent.get(work, -1)
                if rows := covered_rows(work, before):
                    self._send(name, [each for each in rows if each[1]["step"] > before])
                    self._sent[work] = max(row["step"] for _, row in rows)
                found = found or (name == stage and work in self._sent)
            return found

    def stop(self) -> None:
        """End the thread; what it had not sent yet is left to `look`."""
        self._ended.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._ended.wait(_SECONDS_BETWEEN_LOOKS):
            self._heartbeat()
            try:
                self.look()
            except Exception as error:
                if not self._warned:
                    logger.warning(
                        "MLflow does not take the curves (%s: %s); the training continues and they are sent later.",
                        type(error).__name__,
                        error,
                    )
                self._warned = True
