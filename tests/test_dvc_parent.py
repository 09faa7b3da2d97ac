"""A stage of a dvc that was killed does not go on, whoever takes the orphan."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.test_process import is_running, parent_of, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel binds a child to its parent on Linux only")
STAGE = """
import os, pathlib, time
pathlib.Path("started").write_text(str(os.getpid()))
while not pathlib.Path("go").exists():
    time.sleep(0.01)
from cpt_pipeline.wiring.dvc import bind_to_dvc
bind_to_dvc(pathlib.Path.cwd())
pathlib.Path("bound").touch()
while not pathlib.Path("finish").exists():
    time.sleep(0.01)
pathlib.Path("out").write_text("whole")
"""


@pytest.fixture
def reaper() -> Iterator[None]:
    """Let orphans go to this process, as systemd --user and tini do, and not to process 1."""
    libc = ctypes.CDLL(None)
    assert libc.prctl(36, 1, 0, 0, 0) == 0  # PR_SET_CHILD_SUBREAPER
    yield
    libc.prctl(36, 0, 0, 0, 0)


@pytest.fixture
def repro(tmp_path: Path, reaper: None) -> tuple[subprocess.Popen[bytes], int]:
    """A running `dvc repro` and the pid of its stage, which has not bound itself yet."""
    (tmp_path / "stage.py").write_text(STAGE)
    command = f"exec {sys.executable} stage.py"
    (tmp_path / "dvc.yaml").write_text(f"stages:\n  one:\n    cmd: {command}\n    deps: [stage.py]\n    outs: [out]\n")
    dvc = [sys.executable, "-m", "dvc"]
    subprocess.run([*dvc, "init", "--no-scm", "--quiet"], cwd=tmp_path, check=True)
    parent = subprocess.Popen([*dvc, "repro"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    started = tmp_path / "started"
    assert wait_for(lambda: started.exists() and started.read_text(), 120)
    return parent, int(started.read_text())


def test_a_stage_whose_dvc_was_killed_before_it_could_bind_itself_does_not_begin(
    tmp_path: Path, repro: tuple[subprocess.Popen[bytes], int]
) -> None:
    parent, stage = repro
    parent.kill()
    parent.wait()
    assert wait_for(lambda: parent_of(stage) == os.getpid())
    (tmp_path / "go").touch()
    assert wait_for(lambda: not is_running(stage), 60)
    assert not (tmp_path / "bound").exists()


def test_a_stage_goes_on_under_its_dvc_and_ends_with_it(
    tmp_path: Path, repro: tuple[subprocess.Popen[bytes], int]
) -> None:
    parent, stage = repro
    (tmp_path / "go").touch()
    assert wait_for((tmp_path / "bound").exists, 60)
    parent.kill()
    parent.wait()
    assert wait_for(lambda: not is_running(stage), 60)
    assert not (tmp_path / "out").exists()
