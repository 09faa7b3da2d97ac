"""The command line that starts the workers, per launcher."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from cpt_pipeline.core.errors import UnfitModelError
from cpt_pipeline.training.params import TrainRunParams
from cpt_pipeline.training.supervisor import WORKER, train, worker_command
from tests.training.tiny import TinyData
from tests.weights import lose_weight

JOB = Path("/work space/job.json")


def command(**given: object) -> list[str]:
    return worker_command(JOB, TrainRunParams.model_validate(given))


NOTING = ["/bin/sh", "-c", 'CPT_LAUNCHER_PID=$$ exec "$0" "$@"']
"""The shell that becomes the launcher, so that its ranks know whom to end with."""


def without_port(arguments: list[str]) -> list[str]:
    return [re.sub(r"(port=)\d+", r"\1N", argument) for argument in arguments]


def test_one_process() -> None:
    assert command() == [sys.executable, "-m", "cpt_pipeline.training.worker", "/work space/job.json"]


@pytest.mark.feature(75)
def test_torchrun_starts_the_ranks_once() -> None:
    """Its own restarts hang on gloo after a kill, so it has none."""
    assert without_port(command(launcher="torchrun", num_ranks=2)) == [
        *NOTING,
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--nproc-per-node=2",
        "--max-restarts=0",
        "--master-port=N",
        "-m",
        WORKER,
        str(JOB),
    ]


@pytest.mark.feature(75)
def test_deepspeed_on_one_machine_and_on_several() -> None:
    """On one machine the runner would start its launcher unbound and pass no signal on."""
    one = without_port(command(launcher="deepspeed", backend="deepspeed", num_ranks=2, zero_stage=3))
    ranks = "eyJsb2NhbGhvc3QiOiBbMCwgMV19"  # {"localhost": [0, 1]}
    start = [sys.executable, "-m", "deepspeed.launcher.launch", f"--world_info={ranks}"]
    assert one == [*NOTING, *start, "--master_port=N", "--module", WORKER, str(JOB)]
    several = command(launcher="deepspeed", backend="deepspeed", num_ranks=16, hostfile="hosts.txt")
    start = [sys.executable, "-m", "deepspeed.launcher.runner", "--hostfile=hosts.txt"]
    assert without_port(several) == [*start, "--master_port=N", "--module", WORKER, str(JOB)]


def test_srun() -> None:
    tail = [sys.executable, "-m", WORKER, str(JOB)]
    assert command(launcher="srun", num_ranks=8) == ["srun", "--ntasks=8", "--kill-on-bad-exit=1", *tail]


def test_every_start_has_a_port_of_its_own() -> None:
    """A rank of the start before may still hold its port."""
    starts = [" ".join(command(launcher="torchrun", num_ranks=2)) for _ in range(8)]
    numbers = {int(port) for start in starts for port in re.findall(r"port=(\d+)", start)}
    assert len(numbers) > 1
    assert all(1024 <= number <= 65_535 for number in numbers)


def test_an_input_that_the_worker_refuses_ends_with_2_and_its_reason(tiny: TinyData, tmp_path: Path) -> None:
    """A launcher ends with a code of its own and prints pages of its own after the worker's last words."""
    from transformers import AutoConfig, AutoModelForCausalLM

    base = Path(shutil.copytree(tiny.model, tmp_path / "base"))
    AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(base)).save_pretrained(base)
    lose_weight(base, "model.norm.weight")
    run = {"launcher": "torchrun", "num_ranks": 2}
    job = tiny.job(tmp_path / "work", init="pretrained", model=base, run=run)
    with pytest.raises(
        UnfitModelError, match=r"stage1: .*base, read as LlamaForCausalLM, lacks model\.norm\.weight"
    ) as told:
        train(job)
    assert told.value.exit_code == 2
    assert "Traceback" not in str(told.value)
    assert str(job.work / "worker.log") in str(told.value)
