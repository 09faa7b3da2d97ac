"""Parameters of training: what and how."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cpt_pipeline.training.params import ScheduleParams, TrainParams, TrainRunParams

WHAT = {"optimizer": {"peak_lr": 1.0e-4}}


@pytest.mark.feature(80)
def test_defaults_start_a_fresh_optimizer_in_full_mode() -> None:
    params = TrainParams.model_validate(WHAT)
    assert (params.mode, params.optimizer.state, params.precision) == ("full", "fresh", "fp32")
    assert params.optimizer.betas == (0.9, 0.95)
    assert (params.schedule.kind, params.schedule.warmup_steps) == ("cosine", 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": {}}, "optimizer.peak_lr\n  Field required"),
        ({"optimizer": {"peak_lr": 0}}, r"optimizer\.peak_lr\n  Input should be greater than 0"),
        ({"optimizer": {"peak_lr": float("inf")}}, r"optimizer\.peak_lr\n  Input should be a finite number"),
        ({"optimizer": {"peak_lr": 1, "state": "base"}}, r"optimizer\.state\n  Input should be 'fresh' or 'anneal'"),
        ({"mode": "qlora"}, "mode\n  Input should be 'full' or 'lora'"),
        ({"schedule": {"kind": "wds"}}, r"schedule\.kind\n  Input should be 'cosine', 'linear', 'constant' or 'wsd'"),
        ({"schedule": {"min_lr_share": 1.5}}, r"schedule\.min_lr_share\n  Input should be less than or equal to 1"),
        ({"schedule": {"decay_share": 0}}, r"schedule\.decay_share\n  Input should be greater than 0"),
        ({"lora": {"rank": 0}}, r"lora\.rank\n  Input should be greater than 0"),
        ({"keep_candidates": -1}, "keep_candidates\n  Input should be greater than or equal to 0"),
        ({"peak_lr": 1e-4}, "peak_lr\n  Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_is_refused_by_name(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TrainParams.model_validate({**WHAT, **changes})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"num_ranks": 2}, "num_ranks is 2 but launcher is single; use torchrun or deepspeed"),
        ({"zero_stage": 2}, "zero_stage 2 needs backend: deepspeed"),
        ({"zero_stage": 4, "backend": "deepspeed"}, "zero_stage\n  Input should be 0, 1, 2 or 3"),
        ({"keep_checkpoints": 1}, "keep_checkpoints\n  Input should be greater than or equal to 2"),
        ({"micro_batch_rows": 0}, "micro_batch_rows\n  Input should be greater than 0"),
        ({"max_hours": 0}, "max_hours\n  Input should be greater than 0"),
        ({"seed": 1}, "seed\n  Extra inputs are not permitted"),
    ],
)
def test_how_it_cannot_go_is_refused_by_name(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TrainRunParams.model_validate(given)


def test_several_ranks_and_zero() -> None:
    run = TrainRunParams(backend="deepspeed", launcher="torchrun", num_ranks=2, zero_stage=3)
    assert (run.num_ranks, run.zero_stage) == (2, 3)


def test_what_and_how_share_no_key() -> None:
    """A key in both could change at a resume and yet be part of the digest."""
    assert set(TrainParams.model_fields).isdisjoint(TrainRunParams.model_fields)


def test_all_linear_or_names() -> None:
    params = TrainParams.model_validate({**WHAT, "lora": {"target_modules": ["q_proj", "v_proj"]}})
    assert params.lora.target_modules == ("q_proj", "v_proj")
    assert TrainParams.model_validate(WHAT).lora.target_modules == "all-linear"
    assert ScheduleParams().min_lr_share == 0.0
