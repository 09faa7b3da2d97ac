"""What is watched while a stage trains: the gradient's norm, and numbers that are none."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from cpt_pipeline.training.log import TrainingLog
from cpt_pipeline.training.params import OptimizerParams, TrainParams
from tests.training.stages import Serve
from tests.training.tiny import TinyData


@pytest.mark.feature(84)
def test_a_step_gives_the_norm_before_clipping_and_never_takes_what_is_no_number() -> None:
    import torch

    from cpt_pipeline.training.backend import TorchBackend

    model = torch.nn.Linear(2, 1, bias=False)
    params = TrainParams(optimizer=OptimizerParams(peak_lr=0.1, max_gradient_norm=1.0))
    backend = TorchBackend(model, params, torch.device("cpu"))

    def step(gradient: list[float], *, finite: bool = True) -> tuple[float, bool]:
        before = model.weight.detach().clone()
        model.weight.grad = torch.tensor([gradient])
        norm = backend.step(0.1, finite=finite)
        return norm, torch.equal(model.weight, before)

    norm, unchanged = step([3.0, 4.0])
    assert (norm, unchanged) == (pytest.approx(5.0), False)
    for gradient, finite in (([math.nan, 1.0], True), ([math.inf, 1.0], True), ([3.0, 4.0], False)):
        norm, unchanged = step(gradient, finite=finite)
        assert not math.isfinite(norm)
        assert unchanged
    assert step([0.3, 0.4])[0] == pytest.approx(0.5), "nothing of the bad gradients is left"


@pytest.mark.feature(84)
def test_a_rate_that_breaks_the_weights_ends_as_unstable_and_publishes_nothing(
    tiny: TinyData, serve: Serve, tmp_path: Path
) -> None:
    job = tiny.job(tmp_path / "work", params={"optimizer": {"peak_lr": 1.0e30}, "max_skipped_steps": 3})
    assert serve(job)["code"] == 4
    norms = [row["gradient_norm"] for row in TrainingLog(job.work / "log.jsonl").rows() if row["kind"] == "train"]
    assert 0.0 < norms[0] < 100.0
    assert len(norms) == 4, "three steps are passed over, the fourth ends the run"
    assert all(math.isnan(norm) for norm in norms[1:])
    said = (job.work / "attempts.log").read_text(encoding="utf-8")
    assert "step 2: loss or gradient is not finite; its data is passed over" in said
    assert "training is unstable: 4 of the last 100 steps" in said
    assert not (job.out / "stage1_model").exists()
