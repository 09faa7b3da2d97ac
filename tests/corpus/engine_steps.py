"""Steps small enough to see what the engine does with them."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.corpus.engine.tasks import Tasks


class _Step(PipelineStep):  # type: ignore[misc]
    name, type = "test", "test"

    def __init__(self, tasks: Tasks) -> None:
        super().__init__()
        self.tasks = tasks


class Square(_Step):
    """Write the square of the task's number."""

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Any]:
        value = len(list(data or ())) + self.tasks.read(rank)
        self.tasks.file(rank, ".json").write_text(json.dumps(value**2))
        yield from ()


class DieOnce(_Step):
    """Be killed the first time a task is run."""

    def __init__(self, tasks: Tasks, *, rank: int) -> None:
        super().__init__(tasks)
        self.rank = rank

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Any]:
        mark = self.tasks.folder / "died"
        if rank == self.rank and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        yield from ()


class Sleep(_Step):
    """Say who works, and sleep."""

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Any]:
        (self.tasks.folder / f"{os.getpid()}.pid").touch()
        time.sleep(self.tasks.read(rank))
        yield from ()
