"""The loop: deterministic, resumable after any kill, stoppable, and never stepping on what is not finite."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.artifact import content_hash, find_damage
from cpt_pipeline.core.workspace import locked
from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.training import checkpoint
from cpt_pipeline.training.job import TrainJob
from cpt_pipeline.training.log import TrainingLog
from cpt_pipeline.training.supervisor import train
from tests.training.stages import Serve
from tests.training.tiny import TinyData


def _outcome(job: TrainJob) -> dict[str, Any]:
    """Everything that must not depend on where the run was killed."""
    rows = TrainingLog(job.work / "log.jsonl").rows()
    return {
        "model": content_hash(job.out / f"{job.stage}_model"),
        "candidates": content_hash(job.out / f"{job.stage}_candidates"),
        "optimizer": content_hash(job.out / f"{job.stage}_optimizer"),
        "log": [{name: value for name, value in row.items() if name != "seconds"} for row in rows],
    }


@pytest.fixture(scope="module")
def straight(tiny: TinyData, serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], float]:
    """An uninterrupted run and its duration."""
    job = tiny.job(tmp_path_factory.mktemp("straight") / "work")
    assert serve(job)["code"] == 0
    began = time.monotonic()
    again = tiny.job(tmp_path_factory.mktemp("again") / "work")
    assert serve(again)["code"] == 0
    assert _outcome(again) == _outcome(job)
    return _outcome(job), time.monotonic() - began


@pytest.mark.feature(81)
def test_every_step_reads_its_rows_once_and_learns(straight: tuple[dict[str, Any], float]) -> None:
    log = straight[0]["log"]
    steps = [row for row in log if row["kind"] == "train"]
    assert [row["rows"] for row in steps] == [[4 * step, 4 * step + 4] for step in range(24)]
    assert [row["step"] for row in log if row["kind"] == "heldout"] == [0, 8, 16, 24]
    assert steps[-1]["loss"] < steps[0]["loss"] - 0.2


def _kill(
    tiny: TinyData, serve: Serve, straight: tuple[dict[str, Any], float], folder: Path, kills: int
) -> tuple[int, int, int]:
    """Run jobs that are killed again and again, until so many kills hit.

    Give the hits, those within a save, and how often a job went on from a checkpoint.

    Every job must end as the uninterrupted run did. A job that finishes before its kills are spent is one lot.
    """
    hits = saves = resumed = 0
    for lot in range(kills):
        job = tiny.job(folder / f"work-{lot}")
        result = serve(job, seed=lot, kills=min(20, kills - hits), duration=1.2)
        assert result["code"] == 0, (job.work / "attempts.log").read_text()[-2000:]
        assert _outcome(job) == straight[0], f"lot {lot} differs"
        hits, saves = hits + result["kills"], saves + result["in_save"]
        resumed += len(checkpoint.read_state(job.work / "checkpoints" / "step-000024")["resumed_from"])
        if hits >= kills:
            break
    return hits, saves, resumed


@pytest.mark.feature(81)
def test_twenty_kills_end_with_the_same_bytes(
    tiny: TinyData, serve: Serve, straight: tuple[dict[str, Any], float], tmp_path: Path
) -> None:
    hits, saves, resumed = _kill(tiny, serve, straight, tmp_path, 20)
    assert hits == 20
    assert saves >= 1
    assert resumed >= 1
    assert [row["step"] for row in straight[0]["log"] if row["kind"] == "train"] == list(range(1, 25))


@pytest.mark.long
@pytest.mark.feature(81)
def test_two_hundred_kills_end_with_the_same_bytes(
    tiny: TinyData, serve: Serve, straight: tuple[dict[str, Any], float], tmp_path: Path
) -> None:
    hits, saves, resumed = _kill(tiny, serve, straight, tmp_path, 200)
    assert hits == 200
    assert saves >= 20
    assert resumed >= 20


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_a_damaged_checkpoint_is_passed_over(
    tiny: TinyData, serve: Serve, straight: tuple[dict[str, Any], float], tmp_path: Path, damage: str
) -> None:
    job = tiny.job(tmp_path / "work", run={"stop_after_steps": 12})
    assert serve(job)["code"] == 75
    newest = job.work / "checkpoints" / "step-000012" / "weights.safetensors"
    raw = newest.read_bytes()
    if damage == "remove":
        newest.unlink()
    else:
        newest.write_bytes(raw[:-1] if damage == "truncate" else raw[:-5] + bytes([raw[-5] ^ 1]) + raw[-4:])
    on = tiny.job(job.work)
    assert serve(on)["code"] == 0
    outcome = _outcome(on)
    assert "step-000012 is not used" in (job.work / "attempts.log").read_text()
    assert outcome["model"] == straight[0]["model"]
    assert checkpoint.read_state(job.work / "checkpoints" / "step-000024")["resumed_from"] == [9]


def test_no_whole_checkpoint_is_an_error_and_not_a_new_start(tiny: TinyData, serve: Serve, tmp_path: Path) -> None:
    job = tiny.job(tmp_path / "work", run={"stop_after_steps": 6})
    assert serve(job)["code"] == 75
    for path in (job.work / "checkpoints").glob("step-*/weights.safetensors"):
        path.write_bytes(b"")
    assert serve(tiny.job(job.work))["code"] == 2
    assert "no checkpoint in" in (job.work / "attempts.log").read_text()
    assert not (job.out / "stage1_model").exists()


@pytest.mark.feature(111)
def test_a_limit_stops_resumably_and_raising_it_goes_on(
    tiny: TinyData, serve: Serve, forked: None, straight: tuple[dict[str, Any], float], tmp_path: Path
) -> None:
    assert serve(tiny.job(tmp_path / "work", run={"stop_after_steps": 5}))["code"] == 75
    report, log = train(tiny.job(tmp_path / "work", run={"micro_batch_rows": 4}))
    assert report.resumed_from == (5,)
    assert report.steps == 24
    assert [row["step"] for row in log if row["kind"] == "train"] == list(range(1, 25))
    for mine, theirs in zip(log, straight[0]["log"], strict=True):
        if mine["kind"] == "train":
            assert mine["loss"] == pytest.approx(theirs["loss"], abs=1e-5)


def test_sigterm_saves_the_running_step_and_exits_75(tiny: TinyData, tmp_path: Path) -> None:
    job = tiny.job(tmp_path / "work", run={"checkpoint_every_steps": 1000})
    path = job.work / "job.json"
    path.write_text(job.model_dump_json())
    child = subprocess.Popen([sys.executable, "-m", "cpt_pipeline.training.worker", str(path)], stderr=subprocess.PIPE)
    log = TrainingLog(job.work / "log.jsonl")
    while not any(row["kind"] == "train" for row in log.rows()) and child.poll() is None:
        time.sleep(0.001)
    os.kill(child.pid, signal.SIGTERM)
    assert child.wait(60) == 75
    (step,) = checkpoint.steps_in(job.work / "checkpoints")
    assert step == max(row["step"] for row in log.rows())
    assert find_damage(job.work / "checkpoints" / checkpoint.name_of(step)) == []


def test_a_second_worker_in_the_same_place_is_refused(tiny: TinyData, serve: Serve, tmp_path: Path) -> None:
    job = tiny.job(tmp_path / "work")
    with locked(job.work / "run.lock"):
        assert serve(job)["code"] == 2
    assert "is in use by" in (job.work / "attempts.log").read_text()


def test_composition_of_every_step_is_as_planned(tiny: TinyData) -> None:
    mixture = Mixture(tiny.root / "mixture_stage1", tiny.tokens)
    domain = mixture.channels.index("domain")
    counts = [sum(mixture.spans(4 * step + row)[0] == domain for row in range(4)) for step in range(24)]
    assert set(counts) == {1, 2}
    assert sum(counts) == 28  # 0.3 of 96 rows is 28.8: within one row
