"""Stage plan from a user's parameters to its bill, in literal figures.

A model of a million weights: 6 operations for each weight and token, 8 where activations are computed twice.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from cpt_pipeline.budget.plan import PlanParams
from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.workspace import ROOT_VARIABLE
from cpt_pipeline.pipelines.plan.nodes import estimate_bill
from cpt_pipeline.reporting import bill
from cpt_pipeline.reporting.reading import Artifacts
from cpt_pipeline.training.params import TrainParams, TrainRunParams

MIX = {
    "sequence_length": 100,
    "stage1": {"tokens": 2_000_000, "steps": 200},
    "stage2": {"tokens": 1_500_000, "steps": 150},
}
PLAN = {
    "device": {
        "name": "own",
        "count": 4,
        "memory_gb": 1,
        "tflops_low": 1e-3,
        "tflops_high": 2e-3,
        "watts": 500,
        "price_per_hour": 2.0,
    },
    "currency": "EUR",
    "power_usage_effectiveness": 1.2,
    "kg_co2_per_kwh": 0.5,
}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The metrics of the stage: two stages of full weights on four devices of 1e9 to 2e9 operations a second."""
    place = tmp_path_factory.mktemp("plan")
    model = place / "start_model"
    model.mkdir()
    (model / "config.json").write_text(json.dumps({"num_hidden_layers": 4, "hidden_size": 10, "vocab_size": 50}))
    header = json.dumps({"w": {"dtype": "F32", "shape": [1000, 1000], "data_offsets": [0, 0]}}).encode()
    (model / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    seal(model, "model")
    stage1 = {"optimizer": {"peak_lr": 1e-3}, "keep_candidates": 2}
    stage2 = {"optimizer": {"peak_lr": 1e-3}, "keep_candidates": 0, "gradient_checkpointing": True}
    run = {"device": "cpu", "micro_batch_rows": 2, "keep_checkpoints": 3, "launcher": "torchrun", "num_ranks": 4}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ROOT_VARIABLE, str(place / "data"))
        metrics, _, _ = estimate_bill(
            model,
            MIX,
            PlanParams.model_validate(PLAN),
            TrainParams.model_validate(stage1),
            TrainParams.model_validate(stage2),
            TrainRunParams.model_validate(run),
            TrainRunParams.model_validate(run),
        )
    return metrics


@pytest.mark.feature(112)
def test_memory_of_one_device_is_planned_from_sizes_and_shown_beside_the_peak(planned: dict[str, Any]) -> None:
    """16 bytes a weight; rows of 200 tokens: 10 wide x 34 x 4 layers at 2 bytes, and 50 logits at 12."""
    activations, logits = 200 * 10 * 34 * 4 * 2, 200 * 50 * 12
    assert (activations, logits) == (544_000, 120_000)
    assert planned["memory_gb"] == {"low": 0.01633, "high": 0.02}  # 16 + 0.332 MB, and 1.2 x (16 + 0.664) MB
    rows = bill.plan(Artifacts({"plan_metrics": planned, "stage1_metrics": {"memory_gb": 0.018}})).rows
    assert [str(cell) for cell in rows[-2][:3]] == ["memory at the peak", "0.0163 to 0.02 GB", "0.018 GB"]


@pytest.mark.feature(113)
def test_time_is_planned_as_an_interval_and_shown_beside_what_it_took(planned: dict[str, Any]) -> None:
    """1.2e13 operations in each stage: 2.4e13 over 8e9 and over 4e9 a second."""
    assert planned["seconds"] == {"low": 3000.0, "high": 6000.0}
    assert planned["device"] == "4 x own"
    measured = {"stage1_metrics": {"seconds": 2400.0}, "stage2_metrics": {"seconds": 1200.0}}
    rows = bill.plan(Artifacts({"plan_metrics": planned, **measured})).rows
    assert [str(cell) for cell in rows[0][:3]] == ["time of training", "50 min 0 s to 1 h 40 min", "1 h 0 min"]


@pytest.mark.feature(114)
def test_money_is_planned_for_all_devices(planned: dict[str, Any]) -> None:
    """3.33 and 6.67 hours of a device at 2 EUR."""
    assert (planned["money"], planned["currency"]) == ({"low": 6.667, "high": 13.33}, "EUR")


@pytest.mark.feature(115)
def test_energy_and_carbon_are_planned(planned: dict[str, Any]) -> None:
    """The hours at 500 W, 1.2 of that at the meter, 0.5 kg each kWh."""
    assert planned["energy_kwh"] == {"low": 2.0, "high": 4.0}
    assert planned["carbon_kg"] == {"low": 1.0, "high": 2.0}


@pytest.mark.feature(130)
def test_disk_is_planned_for_what_is_kept(planned: dict[str, Any]) -> None:
    """Four models of 4 MB and 4 bytes a token; at most twice that, four checkpoints of 12 MB and a release."""
    assert planned["disk_gb"] == {"low": 0.03, "high": 0.112}
