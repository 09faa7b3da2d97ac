"""Replicas exchange gradients once a step, whatever the number of micro-batches."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.stages import Serve
from tests.training.tiny import TinyData


@pytest.mark.feature(75)
def test_two_replicas_exchange_gradients_once_a_step_and_end_with_the_weights_of_one_process(
    tiny: TinyData, serve: Serve, tmp_path: Path
) -> None:
    """Each rank has two rows a step and takes them one by one."""
    from safetensors.torch import load_file

    one = tiny.job(tmp_path / "one", run={"micro_batch_rows": 4})
    assert serve(one)["code"] == 0
    job = tiny.job(tmp_path / "two", run={"launcher": "torchrun", "num_ranks": 2, "micro_batch_rows": 1})
    path = job.work / "job.json"
    path.write_text(job.model_dump_json())
    script = str(Path(__file__).with_name("count_exchanges.py"))
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone"]
    subprocess.run([*launcher, script, str(path)], check=True, timeout=300)
    assert [(job.work / f"exchanges-{rank}").read_text() for rank in (0, 1)] == ["24", "24"]
    mine, expected = (load_file(each.out / "stage1_model" / "model.safetensors") for each in (job, one))
    assert all(float((mine[name] - weight).abs().max()) < 1e-5 for name, weight in expected.items())
