"""One worker and one job, whatever carries it: plain torch, two replicas, DeepSpeed ZeRO 1 to 3."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.artifact import content_hash
from cpt_pipeline.core.errors import TrainingInterruptedError
from cpt_pipeline.training import checkpoint
from cpt_pipeline.training.job import TrainJob
from cpt_pipeline.training.log import TrainingLog
from cpt_pipeline.training.supervisor import train
from tests.training.stages import Serve
from tests.training.tiny import TinyData

TWO_RANKS: dict[str, Any] = {"launcher": "torchrun", "num_ranks": 2, "max_restarts": 3}
BACKENDS: dict[str, dict[str, Any]] = {
    "replicas": {**TWO_RANKS},
    "zero2": {"launcher": "deepspeed", "num_ranks": 2, "backend": "deepspeed", "zero_stage": 2},
    "zero3": {**TWO_RANKS, "backend": "deepspeed", "zero_stage": 3},
}
SHARDS = {
    "replicas": [],
    "zero2": [f"zero_pp_rank_{rank}_mp_rank_00_optim_states.pt" for rank in (0, 1)],
    "zero3": [f"zero_pp_rank_{rank}_mp_rank_00_{part}_states.pt" for rank in (0, 1) for part in ("model", "optim")],
}
"""What each rank keeps for itself in a checkpoint: with ZeRO 2 its moments, with ZeRO 3 its weights as well."""


def _losses(rows: list[dict[str, Any]]) -> list[float]:
    return [row["loss"] for row in rows if row["kind"] == "train"]


@pytest.fixture(scope="module")
def single(tiny: TinyData, serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Logs of one process, by precision."""
    logs = {}
    for precision in ("fp32", "bf16"):
        job = tiny.job(tmp_path_factory.mktemp(precision) / "work", params={"precision": precision})
        assert serve(job)["code"] == 0
        logs[precision] = TrainingLog(job.work / "log.jsonl").rows()
    return logs


@pytest.fixture(scope="module")
def zero3(tiny: TinyData, tmp_path_factory: pytest.TempPathFactory) -> TrainJob:
    """An uninterrupted run on two ranks with ZeRO 3."""
    job = tiny.job(
        tmp_path_factory.mktemp("zero3") / "work", run=BACKENDS["zero3"], params={"publish_optimizer": False}
    )
    train(job)
    return job


@pytest.mark.feature(75)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if name == "zero2" else name for name in BACKENDS]
)
def test_two_ranks_give_the_losses_of_one_process(
    tiny: TinyData, single: dict[str, list[dict[str, Any]]], tmp_path: Path, request: pytest.FixtureRequest, name: str
) -> None:
    if name == "zero3":
        job = request.getfixturevalue("zero3")
    else:
        job = tiny.job(tmp_path / "work", run=BACKENDS[name], params={"publish_optimizer": name == "replicas"})
        train(job)
    log = TrainingLog(job.work / "log.jsonl").rows()
    assert sorted(path.name for path in job.work.rglob("step-000024/engine/*_pp_rank_*")) == SHARDS[name]
    mine, reference = _losses(log), _losses(single["fp32"])
    assert len(mine) == 24
    assert max(abs(a - b) for a, b in zip(mine, reference, strict=True)) < 1e-5
    heldout = [row["channels"]["domain"]["loss"] for row in log if row["kind"] == "heldout"]
    expected = [row["channels"]["domain"]["loss"] for row in single["fp32"] if row["kind"] == "heldout"]
    assert heldout == pytest.approx(expected, abs=1e-5)


@pytest.mark.long
@pytest.mark.feature(75)
def test_zero1_in_bf16_stays_near_one_process_in_bf16(
    tiny: TinyData, single: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    params = {"publish_optimizer": False, "precision": "bf16"}
    run = {**TWO_RANKS, "backend": "deepspeed", "zero_stage": 1}
    _, log = train(tiny.job(tmp_path / "work", run=run, params=params))
    mine, reference = _losses(log), _losses(single["bf16"])
    assert max(abs(a - b) for a, b in zip(mine, reference, strict=True)) < 5e-3
    assert mine != _losses(single["fp32"])


@pytest.mark.long
@pytest.mark.feature(75)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("launcher", ["torchrun", "deepspeed"])
@pytest.mark.parametrize("zero_stage", [1, 2, 3])
def test_every_zero_stage_under_every_launcher_and_precision(
    tiny: TinyData,
    single: dict[str, list[dict[str, Any]]],
    tmp_path: Path,
    zero_stage: int,
    launcher: str,
    precision: str,
) -> None:
    run = {"backend": "deepspeed", "zero_stage": zero_stage, "launcher": launcher, "num_ranks": 2}
    params = {"publish_optimizer": False, "precision": precision}
    _, log = train(tiny.job(tmp_path / "work", run=run, params=params))
    worst = max(abs(a - b) for a, b in zip(_losses(log), _losses(single[precision]), strict=True))
    assert worst < {"fp32": 1e-5, "bf16": 5e-3}[precision]


SRUN = """#!{python}
import os, subprocess, sys
count = int(sys.argv[1].removeprefix("--ntasks="))
common = {{**os.environ, "SLURM_NTASKS": str(count), "SLURM_STEP_TASKS_PER_NODE": f"{{count}}(x1)"}}
common["SLURM_LAUNCH_NODE_IPADDR"] = "127.0.0.1"
ranks = [
    subprocess.Popen(sys.argv[3:], env={{**common, "SLURM_PROCID": str(rank), "SLURM_LOCALID": str(rank)}})
    for rank in range(count)
]
sys.exit(max(rank.wait() for rank in ranks))
"""


@pytest.mark.long
@pytest.mark.feature(111)
def test_a_limit_on_two_ranks_under_srun_stops_resumably(
    tiny: TinyData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for srun sets the variables that Slurm would; the two ranks and their exchange are real."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "srun").write_text(SRUN.format(python=sys.executable))
    (tmp_path / "bin" / "srun").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    run = {"launcher": "srun", "num_ranks": 2, "stop_after_steps": 6}
    with pytest.raises(TrainingInterruptedError, match="stopped after 6 steps"):
        train(tiny.job(tmp_path / "work", run=run))


@pytest.mark.long
@pytest.mark.feature(111)
def test_torchrun_does_not_hide_why_a_worker_stopped(tiny: TinyData, serve: Serve, tmp_path: Path) -> None:
    with pytest.raises(TrainingInterruptedError, match="stopped after 6 steps"):
        train(tiny.job(tmp_path / "work", run={**TWO_RANKS, "stop_after_steps": 6}))
    zero = {"backend": "deepspeed", "zero_stage": 1}
    assert serve(tiny.job(tmp_path / "work", run=zero))["code"] == 2
    said = (tmp_path / "work" / "attempts.log").read_text()
    assert "stage1_run.backend: torch -> deepspeed" in said
    assert "stage1_run.num_ranks: 2 -> 1" in said


TRAIN = """
import sys
from pathlib import Path
from cpt_pipeline.training.job import TrainJob
from cpt_pipeline.training.supervisor import train
train(TrainJob.model_validate_json(Path(sys.argv[1]).read_text()))
"""


@pytest.mark.feature(81)
@pytest.mark.parametrize("launcher", ["deepspeed", pytest.param("torchrun", marks=pytest.mark.long)])
def test_a_signal_to_the_parent_reaches_the_ranks_of_a_launcher(tiny: TinyData, tmp_path: Path, launcher: str) -> None:
    run = {**BACKENDS["zero2"], "launcher": launcher, "checkpoint_every_steps": 1000}
    params = {"publish_optimizer": False, "heldout_every_steps": 1}
    job = tiny.job(tmp_path / "work", run=run, params=params)
    path = job.work / "start.json"
    path.write_text(job.model_dump_json())
    parent = subprocess.Popen([sys.executable, "-c", TRAIN, str(path)], stderr=subprocess.PIPE, text=True)
    log = TrainingLog(job.work / "log.jsonl")
    while not _losses(log.rows()) and parent.poll() is None:
        time.sleep(0.005)
    parent.send_signal(signal.SIGTERM)
    _, said = parent.communicate(timeout=120)
    assert "TrainingInterruptedError: stage1 stopped after" in said, said
    assert subprocess.run(["pgrep", "-f", f"worker .*{job.work}"], check=False).returncode == 1
    (step,) = checkpoint.steps_in(job.work / "checkpoints")
    assert step == len(_losses(log.rows()))
    assert step < 24


def _kill_one_rank(job: TrainJob, after_step: int, killed: list[int]) -> None:
    """Kill a worker process of this job once a checkpoint of `after_step` is there."""
    while not [step for step in checkpoint.steps_in(job.work / "checkpoints") if step >= after_step]:
        time.sleep(0.005)
    listed = subprocess.run(
        ["pgrep", "-f", f"worker {job.work / 'job.json'}"], capture_output=True, text=True, check=True
    )
    for pid in map(int, listed.stdout.split()):
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"torch.distributed.run" not in command:
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
            return


@pytest.mark.long
@pytest.mark.feature(81)
def test_a_killed_rank_of_zero3_is_started_again_and_ends_with_the_same_bytes(
    tiny: TinyData, zero3: TrainJob, tmp_path: Path
) -> None:
    job = tiny.job(tmp_path / "killed", run=BACKENDS["zero3"], params={"publish_optimizer": False})
    killed: list[int] = []
    killer = threading.Thread(target=_kill_one_rank, args=(job, 6, killed))
    killer.start()
    report, _ = train(job)
    killer.join(60)
    assert len(killed) == 1
    assert len(report.resumed_from) == 1
    assert report.resumed_from[0] >= 6
    assert content_hash(job.out / "stage1_model") == content_hash(zero3.out / "stage1_model")
