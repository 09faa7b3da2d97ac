"""Nothing is left of a training whose parent was killed, however early, under the real launchers."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.test_process import is_running, wait_for
from tests.training.test_backend import TRAIN
from tests.training.tiny import TinyData

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel binds a child to its parent on Linux only")
LAUNCHERS: dict[str, dict[str, Any]] = {
    "torchrun": {"launcher": "torchrun", "num_ranks": 2},
    "deepspeed": {"launcher": "deepspeed", "num_ranks": 2, "backend": "deepspeed", "zero_stage": 1},
}


@pytest.fixture(params=[pytest.param("process 1", marks=pytest.mark.long), "a reaper"])
def reaper(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let orphans go to process 1, or to this process as under systemd --user or tini."""
    libc = ctypes.CDLL(None)
    assert libc.prctl(36, int(request.param == "a reaper"), 0, 0, 0) == 0  # PR_SET_CHILD_SUBREAPER
    yield
    libc.prctl(36, 0, 0, 0, 0)


def _processes(job: Path) -> dict[int, list[str]]:
    """Return the running processes that have the job on their command line, and their arguments."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if str(job) in arguments and is_running(int(folder.name)):
            found[int(folder.name)] = arguments
    return found


def _ranks(job: Path) -> list[int]:
    launching = ("torch.distributed.run", "deepspeed.launcher.launch", "-c")
    return [pid for pid, arguments in _processes(job).items() if not set(launching) & set(arguments)]


@pytest.mark.feature(81)
@pytest.mark.usefixtures("reaper")
@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize(
    "seconds",
    [0.0, *(pytest.param(seconds, marks=pytest.mark.long) for seconds in (0.05, 0.3, 1.0, 3.0, 6.0))],
)
def test_ranks_end_with_a_killed_parent_also_while_they_import(
    tiny: TinyData, tmp_path: Path, launcher: str, seconds: float
) -> None:
    """Killed so many seconds after the last rank was started."""
    job = tiny.job(tmp_path / "work", run=LAUNCHERS[launcher], params={"publish_optimizer": False})
    path = job.work / "job.json"
    start = job.work / "start.json"
    start.write_text(job.model_dump_json())
    parent = subprocess.Popen([sys.executable, "-c", TRAIN, str(start)], stderr=subprocess.DEVNULL)
    assert wait_for(lambda: len(_ranks(path)) == 2, 120)
    time.sleep(seconds)
    parent.kill()
    parent.wait()
    assert wait_for(lambda: not _processes(path), 10), _processes(path)
