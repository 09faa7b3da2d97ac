"""The tiny run and the fork server that the training tests share."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.training import supervisor
from cpt_pipeline.training.job import TrainJob
from tests.training import tiny as tiny_run

Serve = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tiny_run.TinyData:
    return tiny_run.make(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Run a job to its end in a fork of a process that has torch loaded, after a number of kills."""
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("fork_server.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None

    def run(job: TrainJob, *, seed: int = 0, kills: int = 0, duration: float = 1.0) -> dict[str, Any]:
        path = job.work / "job.json"
        path.write_text(job.model_dump_json())
        request = {"job": str(path), "seed": seed, "kills": kills, "duration": duration}
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        result: dict[str, Any] = json.loads(server.stdout.readline())
        return result

    yield run
    server.stdin.close()
    server.wait(30)


@pytest.fixture
def forked(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start the workers of training stages as forks of the server, which saves each the seconds of loading torch."""

    def start(command: list[str], *, log: Path, **_: object) -> tuple[int, str]:
        job = TrainJob.model_validate_json(Path(command[-1]).read_text())
        code = serve(job)["code"]
        return code, (job.work / "attempts.log").read_text()[-2000:]

    monkeypatch.setattr(supervisor, "run_child", start)
