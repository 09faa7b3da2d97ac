"""Runs of MLflow as a user sees them: their names, which belong together, and how each one ended."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from cpt_pipeline.core.errors import DiskSpaceError, ParameterError, TrainingFailedError, TrainingInterruptedError
from cpt_pipeline.wiring.tracking.runs import dvc_group, status_of
from tests.project import Project

SLOW = "--params=train_run.pause_seconds=0.2,train.num_steps=400"


def runs(project: Project) -> list[Run]:
    """Give the runs of a project, the oldest first."""
    client = MlflowClient(f"sqlite:///{project.path / 'mlflow.db'}")
    experiments = [each.experiment_id for each in client.search_experiments()]
    return list(client.search_runs(experiments, order_by=["attributes.start_time"]))


def start_training(project: Project) -> subprocess.Popen[bytes]:
    """Start a training that takes long, and give it when it trains."""
    steps = [path.stat().st_size for path in project.path.glob("data/.work/train-*/steps")]
    started = project.start("kedro", "run", "--pipelines=train", "--force", SLOW)
    while [path.stat().st_size for path in project.path.glob("data/.work/train-*/steps")] == steps:
        assert started.poll() is None
        time.sleep(0.05)
    return started


@pytest.mark.feature(3)
def test_a_run_that_was_killed_is_closed_by_the_next_start_and_one_that_lives_is_not(recorded: Project) -> None:
    killed = start_training(recorded)
    killed.kill()
    killed.wait()
    assert [run.info.status for run in runs(recorded)] == ["FINISHED", "RUNNING"]

    def status() -> list[str]:
        return [run.info.status for run in runs(recorded)]

    live = start_training(recorded)
    try:
        assert status() == ["FINISHED", "KILLED", "RUNNING"]
        recorded.succeed("kedro", "run", "--pipelines=draw", "--force")
        assert status() == ["FINISHED", "KILLED", "RUNNING", "FINISHED"]
    finally:
        live.send_signal(signal.SIGINT)
        live.wait(60)
    assert live.returncode == 75
    assert status() == ["FINISHED", "KILLED", "KILLED", "FINISHED"], "Ctrl-C is no failure"
    _, first, second, _ = runs(recorded)
    assert first.info.end_time <= second.info.start_time, "a killed run ended when it was last alive"
    assert not list((recorded.path / "data/.work").glob("*.run"))


def test_names_tell_runs_apart(recorded: Project) -> None:
    recorded.succeed("kedro", "run", "--env=other", "--pipelines=draw")
    first, second = runs(recorded)
    assert first.info.run_name == f"cpt base {first.info.run_id[:6]}"
    assert second.info.run_name == f"draw other {second.info.run_id[:6]}"


@pytest.mark.feature(3)
def test_the_stages_of_one_repro_lie_below_one_run(tiny: Project) -> None:
    assert tiny.repro("clean") == ["code", "draw", "clean"]
    tiny.replace("conf/base/parameters_clean.yml", "min_chars: 3", "min_chars: 4")
    assert tiny.repro("clean") == ["clean"]
    found = [(run.info.run_id, run.info.run_name, run.info.status, run.data.tags) for run in runs(tiny)]
    groups = {id_: name for id_, name, _, tags in found if tags["stage"] == "group"}
    assert [name.split()[:3] for name in groups.values()] == [["dvc", "repro", "base"]] * 2
    assert {status for _, _, status, _ in found} == {"FINISHED"}
    below: dict[str, list[str]] = {group: [] for group in groups}
    for id_, _, _, tags in found:
        if id_ not in groups:
            below[tags["mlflow.parentRunId"]].append(tags["dvc_stage"])
    assert list(below.values()) == [["draw", "clean"], ["clean"]]


def test_what_resumes_is_killed_and_what_does_not_has_failed() -> None:
    wrapped = RuntimeError("in a node")
    wrapped.__cause__ = DiskSpaceError("full")
    assert [status_of(error) for error in (TrainingInterruptedError("limit"), wrapped, KeyboardInterrupt())] == [
        "KILLED"
    ] * 3
    assert [status_of(error) for error in (TrainingFailedError("nan"), ParameterError("x"), ValueError("y"))] == [
        "FAILED"
    ] * 3


def test_only_dvc_makes_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DVC_STAGE", raising=False)
    assert dvc_group() is None
    monkeypatch.setenv("DVC_STAGE", "clean")
    assert dvc_group() == dvc_group()
