"""Progress of a long step: one line that reads well in a terminal and in a log file."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TextIO

_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_REDRAWS = 0.2


class Progress:
    """`stage1  120/400 rows  30%  41.2 rows/s  0:06 left`.

    In a terminal the line is redrawn in place; elsewhere a new line appears at most every ten seconds.
    Use as a context manager; the last line is always written.
    """

    def __init__(self, stage: str, total: int, unit: str, *, done: int = 0, stream: TextIO | None = None) -> None:
        self.stage, self.total, self.unit = stage, total, unit
        self.done = done
        self._first = done
        self._stream = stream or sys.stderr
        self._started = self._shown = time.monotonic()
        self._note = ""

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._show(last=True)

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Count `amount` more units as done; `note` (a loss, a file) stands at the end of the line."""
        self.done += amount
        self._note = note or self._note
        interval = _SECONDS_BETWEEN_REDRAWS if self._stream.isatty() else _SECONDS_BETWEEN_LINES
        if time.monotonic() - self._shown >= interval:
            self._show(last=False)

    def _show(self, *, last: bool) -> None:
        self._shown = time.monotonic()
        start, end = ("\r", "\n" if last else "\x1b[K") if self._stream.isatty() else ("", "\n")
        self._stream.write(f"{start}{self.line()}{end}")
        self._stream.flush()

    def line(self) -> str:
        """Give the line for this moment."""
        elapsed = max(time.monotonic() - self._started, 1e-9)
        rate = (self.done - self._first) / elapsed
        share = f"{100 * self.done / self.total:.0f}%" if self.total else "100%"
        left = (
            f"{_clock((self.total - self.done) / rate)} left"
            if rate > 0 and self.done < self.total
            else _clock(elapsed)
        )
        parts = [
            f"{self.stage:<10}",
            f"{self.done:,}/{self.total:,} {self.unit}",
            share,
            f"{rate:,.1f} {self.unit}/s",
            left,
        ]
        return "  ".join([*parts, self._note] if self._note else parts)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
