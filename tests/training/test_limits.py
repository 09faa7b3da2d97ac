"""Limits of a run: the bill that stage plan makes keeps training from starting, those of the run stop it resumably."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.budget.plan import PlanParams
from cpt_pipeline.core.errors import NotPermittedError, TrainingInterruptedError
from cpt_pipeline.core.workspace import ROOT_VARIABLE
from cpt_pipeline.pipelines.plan.nodes import estimate_bill
from cpt_pipeline.training.params import TrainParams, TrainRunParams
from tests.training.stages import Serve, run_stage
from tests.training.tiny import TinyData

MIX = {
    "sequence_length": 32,
    "stage1": {"tokens": 3072, "steps": 24},
    "stage2": {"tokens": 640, "steps": 5},
}
DEVICE = {
    "name": "own",
    "memory_gb": 0.0001,
    "tflops_low": 1e-6,
    "tflops_high": 2e-6,
    "watts": 10,
    "price_per_hour": 3.0,
}


def permit(start_model: Path, **limits: float) -> dict[str, Any]:
    """Run stage plan."""
    stage, run = TrainParams.model_validate({"optimizer": {"peak_lr": 1.0e-3}}), TrainRunParams(device="cpu")
    params = PlanParams.model_validate({"device": DEVICE, "max_memory_gb": 1.0, **limits})
    return estimate_bill(start_model, MIX, params, stage, stage, run, run)[2]


@pytest.mark.feature(111)
def test_a_run_stops_at_its_limits_and_goes_on_and_does_not_start_over_budget(
    tiny: TinyData, untrained: Path, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    limits = {"max_hours": 0.1, "max_money": 0.5, "max_memory_gb": 0.0001}
    for name, said in (("max_hours", "time"), ("max_money", "money"), ("max_memory_gb", "memory")):
        with pytest.raises(NotPermittedError, match=rf"stage1 is over budget(.|\n)*{said} would be .*plan\.{name}"):
            refused = permit(untrained, **{name: limits[name]})
            run_stage(serve, tmp_path, "stage1", untrained, tiny.root, permit=refused)
    allowed = permit(untrained, max_hours=1.0, max_money=5.0)

    def start(**run: float) -> Any:
        return run_stage(serve, tmp_path, "stage1", untrained, tiny.root, permit=allowed, run=run)

    with pytest.raises(
        TrainingInterruptedError, match=r"stage1 stopped after 2 steps: .*\(stop_after_steps, max_hours"
    ):
        start(stop_after_steps=2)
    with pytest.raises(
        TrainingInterruptedError, match=r"stage1 stopped after 2 steps: .*\(stop_after_steps, max_hours"
    ):
        start(max_hours=1.0e-9)
    done = start(max_hours=1.0)
    assert (done.report.steps, done.report.resumed_from[-1]) == (24, 2)
    assert [row["step"] for row in done.steps] == list(range(1, 25))
