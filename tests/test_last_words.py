"""Every end has an exit code and a line that says what to do: full disks, read-only ones, and signals."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.project import Project

Mount = Callable[[str], Path]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mount a file system in memory with given options; skips where this user may not."""
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        place = tmp_path / f"disk-{len(mounted)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("this user may mount no file system")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", place], check=True)


def test_a_full_disk_ends_with_75_and_a_line(tiny: Project, mount: Mount) -> None:
    tiny.replace("conf/base/parameters_draw.yml", "num_words: 20", "num_words: 200000")
    done = tiny.run("kedro", "run", "--pipelines=draw", f"--data-root={mount('size=256k')}")
    assert done.returncode == 75, done.stderr
    assert "Traceback" not in done.stderr
    assert "DiskSpaceError: The disk is full or a quota is reached" in done.stderr
    assert "Free some space and run the same command again" in done.stderr


def test_a_read_only_data_root_ends_with_2_and_its_name(tiny: Project, mount: Mount) -> None:
    place = mount("ro")
    done = tiny.run("kedro", "run", "--pipelines=draw", f"--data-root={place}")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert f"FileAccessError: {place}/.work: Read-only file system" in done.stderr
    assert "--data-root" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGUSR1, marks=pytest.mark.long)])
def test_a_signal_ends_a_stage_with_75_and_a_line(tiny: Project, number: signal.Signals) -> None:
    tiny.succeed("kedro", "run", "--pipelines=draw,clean")
    child = tiny.start("sh", "-c", "exec kedro run --pipelines=train --params=train_run.pause_seconds=30 2> said.txt")
    said = tiny.path / "said.txt"
    while not said.is_file() or "train goes on" not in said.read_text():
        assert child.poll() is None
        time.sleep(0.05)
    child.send_signal(number)
    assert child.wait(60) == 75
    assert f"Interrupted by {number.name}. The same command goes on where this one stopped; " in said.read_text()
    assert "Traceback" not in said.read_text()
