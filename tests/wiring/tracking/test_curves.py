"""Curves that are sent while a stage trains: what a checkpoint covers, once, with the time it was written."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cpt_pipeline.core import workspace
from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.params import Params
from cpt_pipeline.training.checkpoint import name_of
from cpt_pipeline.training.log import TimedRow, TrainingLog
from cpt_pipeline.wiring.tracking import curves
from cpt_pipeline.wiring.tracking.curves import LiveCurves

Sent = list[tuple[str, int, float]]


class Unset(Params):
    """No parameters."""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data root for workspaces, with a thread that looks all the time."""
    monkeypatch.setenv(workspace.ROOT_VARIABLE, str(tmp_path))
    monkeypatch.setattr(curves, "_SECONDS_BETWEEN_LOOKS", 0.01)
    return tmp_path


class Server:
    """Takes rows, or is down."""

    def __init__(self) -> None:
        self.rows: Sent = []
        self.down = False
        self.beats = self.refused = 0

    def take(self, stage: str, rows: list[TimedRow]) -> None:
        if self.down:
            self.refused += 1
            raise ConnectionError("no route to host")
        self.rows += [(stage, row["step"], written) for written, row in rows]

    def beat(self) -> None:
        self.beats += 1


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def live(server: Server, work: Path) -> Iterator[LiveCurves]:
    followed = LiveCurves(server.take, server.beat)
    yield followed
    followed.stop()


def train(work: Path, steps: range, every: int) -> None:
    """Write what the worker writes: a row per step, a checkpoint every so many."""
    log = TrainingLog(work / "log.jsonl")
    for step in steps:
        log.append({"kind": "train", "step": step, "loss": 1.0 / step})
        if step % every == 0:
            (work / "checkpoints" / name_of(step)).mkdir(parents=True)
            seal(work / "checkpoints" / name_of(step), "checkpoint", step=step)


def wait_until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.005)


@pytest.mark.feature(152)
def test_rows_are_sent_while_the_stage_trains_and_only_those_that_a_checkpoint_covers(
    server: Server, live: LiveCurves
) -> None:
    with workspace.workspace("stage1", {}, Unset()) as work:
        train(work.path, range(1, 6), every=2)
        wait_until(lambda: len(server.rows) == 4)
        beats = server.beats
        wait_until(lambda: server.beats > beats + 2)
        assert [step for _, step, _ in server.rows] == [1, 2, 3, 4], "step 5 is not covered"
        train(work.path, range(6, 7), every=2)
        wait_until(lambda: len(server.rows) == 6)
        written = [at for at, _ in TrainingLog(work.path / "log.jsonl").timed_rows()]
    assert server.rows == [("stage1", step, at) for step, at in zip(range(1, 7), written, strict=True)]


def test_steps_that_a_restart_trains_again_are_sent_once(server: Server, live: LiveCurves) -> None:
    with workspace.workspace("stage1", {}, Unset()) as work:
        train(work.path, range(1, 8), every=3)
        TrainingLog(work.path / "log.jsonl").cut(6)
        train(work.path, range(7, 10), every=3)
        assert live.look("stage1")
    assert [step for _, step, _ in server.rows] == list(range(1, 10))


def test_a_workspace_of_an_earlier_run_of_this_process_is_not_followed(server: Server, work: Path) -> None:
    with workspace.workspace("stage1", {}, Unset()) as before:
        train(before.path, range(1, 3), every=1)
        (before.out / "rest").mkdir()
    followed = LiveCurves(server.take, server.beat)
    followed.stop()
    assert not followed.look("stage1")
    assert server.rows == []


@pytest.mark.feature(152)
def test_a_server_that_is_down_is_told_once_and_gets_the_rows_later(
    server: Server, live: LiveCurves, caplog: pytest.LogCaptureFixture
) -> None:
    server.down = True
    with caplog.at_level(logging.WARNING), workspace.workspace("base", {}, Unset()) as work:
        train(work.path, range(1, 5), every=2)
        wait_until(lambda: server.refused > 3)
        server.down = False
        wait_until(lambda: len(server.rows) == 4)
    assert [record.message for record in caplog.records] == [
        "MLflow does not take the curves (ConnectionError: no route to host); "
        "the training continues and they are sent later."
    ]
