"""What DVC shows of a run: a few figures, and curves whose rows have all the same fields."""

from __future__ import annotations

import math
from typing import Any

import pytest

from cpt_pipeline.reporting.headline import headline, heldout_curve, training_curve


def test_a_dozen_figures_by_which_runs_are_compared(artifacts: dict[str, Any]) -> None:
    artifacts["stage1_metrics"]["skipped_steps"] = [7, 9]
    found = headline(artifacts)
    assert found["hours"] == pytest.approx(75.5 / 3600)
    assert found["money"] == pytest.approx(0.005 / 361.7 * 75.5)
    assert {name: value for name, value in found.items() if name not in {"hours", "money"}} == {
        "verdict": "promote",
        "model": "stage2",
        "gain": 0.2447,
        "rise": -0.0091,
        "documents": 2011,
        "heldout_documents": 450,
        "domain_share": 0.5,
        "tokens": 184 * 4096,
        "loss": 4.87,
        "skipped_steps": 2,
    }


def test_what_a_run_did_not_reach_is_left_out_and_a_rise_of_nothing_is_a_figure(artifacts: dict[str, Any]) -> None:
    assert headline({}) == {"skipped_steps": 0}
    for check in artifacts["decision"]["checks"]:
        check["point"] = 0.0
    assert (headline(artifacts)["rise"], headline(artifacts)["gain"]) == (0.0, 0.0)


def test_curves_go_on_over_the_tokens_of_the_second_stage() -> None:
    def trained(step: int, loss: float) -> dict[str, Any]:
        row = {"kind": "train", "step": step, "tokens": 100 * step, "learning_rate": 0.1, "gradient_norm": 0.5}
        return {**row, "loss": loss, "channel_loss": {"a": loss}}

    def measured(step: int, **bits: float) -> dict[str, Any]:
        channels = {name: {"loss": 1.0, "bits_per_byte": value} for name, value in bits.items()}
        return {"kind": "heldout", "step": step, "tokens": 100 * step, "channels": channels}

    artifacts = {
        "stage1_log": [measured(0, a=3.0, b=1.0, c=2.0), trained(1, 4.0), trained(2, math.nan)],
        "stage2_log": [trained(1, 2.0), measured(1, a=2.0, b=1.5, c=2.5)],
        "decision": {
            "checks": [
                {"channel": name, "role": role, "quantity": "rise", "point": 0.1}
                for name, role in (("a", "domain"), ("b", "general"), ("c", "general"))
            ]
        },
    }
    rest = {"learning_rate": 0.1, "gradient_norm": 0.5}
    assert training_curve(artifacts) == [{"tokens": 100, "loss": 4.0, **rest}, {"tokens": 300, "loss": 2.0, **rest}]
    assert heldout_curve(artifacts) == [
        {"tokens": 0, "domain": 3.0, "general": 1.5},
        {"tokens": 300, "domain": 2.0, "general": 2.0},
    ]
    assert training_curve({}) == heldout_curve({}) == []
