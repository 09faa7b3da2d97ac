"""The tiny run and the fork server that the training tests share."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.training.job import TrainJob
from tests.training import tiny as tiny_run
from tests.training.stages import Serve, forking


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
    server.kill()  # it has nothing to close, and taking down what it has loaded takes seconds
    server.communicate()


@pytest.fixture
def forked(serve: Serve) -> Iterator[None]:
    """Start the workers of training stages as forks of the server, which saves each the seconds of loading torch."""
    with forking(serve):
        yield


@pytest.fixture(scope="session")
def untrained(tiny: tiny_run.TinyData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with random weights, as a base model of a stage."""
    from cpt_pipeline.model.load import new_causal_lm, save_model

    folder = tmp_path_factory.mktemp("untrained") / "model"
    shutil.copytree(tiny.model, folder)
    save_model(new_causal_lm(folder, seed=0), folder)
    (folder / "manifest.json").unlink()
    seal(folder, "model")
    return folder
