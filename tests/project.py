"""A project folder that tests drive by commands, as a user would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Project:
    """A project folder and its commands, each run as a user would."""

    path: Path

    def run(self, *command: str, timeout: float = 600, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment that runs the tests."""
        return subprocess.run(
            [_program(command[0]), *command[1:]],
            cwd=self.path,
            env={**_environment(), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a command in the background, in a process group of its own."""
        return subprocess.Popen(
            [_program(command[0]), *command[1:]],
            cwd=self.path,
            env={**_environment(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait_for(self, pattern: str, *, seconds: float = 60) -> Path:
        """Wait until a file of this pattern has something in it."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            for found in self.path.glob(pattern):
                if found.stat().st_size:
                    return found
            time.sleep(0.05)
        raise AssertionError(f"{pattern} never appeared in {self.path}")

    def succeed(self, *command: str, **environment: str) -> str:
        """Run a command that must succeed and give all it printed."""
        done = self.run(*command, **environment)
        assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def repro(self, *arguments: str) -> list[str]:
        """Run `dvc repro` and give the stages that it ran, in order."""
        lines = [
            line for line in self.succeed("dvc", "repro", *arguments).splitlines() if line.startswith("Running stage")
        ]
        return [line.split("'")[1].rpartition(":")[2] for line in lines]

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str, *, count: int = -1) -> None:
        """Change a piece of a file that must be there."""
        text = (self.path / name).read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r}"
        self.write(name, text.replace(old, new, count))

    def commit(self, message: str) -> None:
        """Commit everything to the project's Git."""
        self.succeed("git", "add", "-A")
        self.succeed("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", message)


def _program(name: str) -> str:
    found = shutil.which(name, path=_environment()["PATH"])
    assert found is not None, f"{name} is not installed"
    return found


def _environment() -> dict[str, str]:
    """Give this environment without what a test run leaves in it, the interpreter's commands first."""
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "CPT_DATA_ROOT"}}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}", "COLUMNS": "200"}
