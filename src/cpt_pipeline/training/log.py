"""The training log: one JSON object a line, appended while it trains, cut back to the checkpoint on resume.

Each line also holds the time it was written, which never leaves the workspace: `rows` are what is published.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from cpt_pipeline.core.artifact import flush
from cpt_pipeline.training import checkpoint

_TIME = "time"
TimedRow = tuple[float, dict[str, Any]]
"""When a row was written (Unix time, seconds), and the row."""


class TrainingLog:
    """`log.jsonl` of one stage. Only rank 0 writes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, row: dict[str, Any]) -> None:
        """Add a row and hand it to the operating system at once."""
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(_as_line({**row, _TIME: round(time.time(), 3)}))

    def flush(self) -> None:
        """Bring the rows to the disk; a checkpoint must never be newer than the log that leads to it."""
        if self.path.is_file():
            flush(self.path)

    def cut(self, step: int) -> None:
        """Drop rows of steps after `step`: they will be written again."""
        kept = [line for line in self._lines() if line["step"] <= step]
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text("".join(map(_as_line, kept)), encoding="utf-8")
        os.replace(temporary, self.path)

    def rows(self) -> list[dict[str, Any]]:
        """Return all whole rows; a line cut by a kill is not one."""
        return [row for _, row in self.timed_rows()]

    def timed_rows(self) -> list[TimedRow]:
        """Return all whole rows with the time each was written."""
        lines = self._lines()
        # a log that an earlier release of this package began has no times
        began = self.path.stat().st_mtime if lines else 0.0
        return [(line.pop(_TIME, began), line) for line in lines]

    def _lines(self) -> list[dict[str, Any]]:
        if not self.path.is_file():
            return []
        lines = []
        for line in self.path.read_bytes().split(b"\n")[:-1]:
            try:
                lines.append(json.loads(line))
            except ValueError:
                break
        return lines


def covered_rows(work: Path, after: int = -1) -> list[TimedRow]:
    """Return the rows of the training in `work` that a committed checkpoint covers, if it has one after step `after`.

    A resumed training starts behind its checkpoint, so it writes none of these rows again.
    """
    newest = max(checkpoint.steps_in(work / "checkpoints"), default=-1)
    if newest <= after:
        return []
    return [(written, row) for written, row in TrainingLog(work / "log.jsonl").timed_rows() if row["step"] <= newest]


def describe_step(row: dict[str, Any]) -> str:
    """Return a training row as the end of a progress line: loss, learning rate, gradient norm, speed, peak memory.

    The memory is that of the first GPU, else what this process holds of the host's.
    """
    speed = row["tokens"] / row["step"] / max(row["seconds"], 1e-9)
    memory = row.get("memory_gb", _host_gb())
    values = f"loss {row['loss']:.3f}  lr {row['learning_rate']:.2e}  norm {row['gradient_norm']:.2f}"
    return f"{values}  {speed:,.0f} tokens/s  {memory:.1f} GB"


def _host_gb() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def _as_line(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False) + "\n"
