"""The training log: one JSON object a line, appended while it trains, cut back to the checkpoint on resume."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from cpt_pipeline.core.artifact import flush


class TrainingLog:
    """`log.jsonl` of one stage. Only rank 0 writes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, row: dict[str, Any]) -> None:
        """Add a row and hand it to the operating system at once."""
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")

    def flush(self) -> None:
        """Bring the rows to the disk; a checkpoint must never be newer than the log that leads to it."""
        if self.path.is_file():
            flush(self.path)

    def cut(self, step: int) -> None:
        """Drop rows of steps after `step`: they will be written again."""
        kept = [row for row in self.rows() if row["step"] <= step]
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept), encoding="utf-8")
        os.replace(temporary, self.path)

    def rows(self) -> list[dict[str, Any]]:
        """Read all whole rows; a line cut by a kill is not one."""
        if not self.path.is_file():
            return []
        rows = []
        for line in self.path.read_bytes().split(b"\n")[:-1]:
            try:
                rows.append(json.loads(line))
            except ValueError:
                break
        return rows
