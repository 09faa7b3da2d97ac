"""The bill before the run, in literal figures, and what it permits."""

from __future__ import annotations

import json
import logging
import struct
from math import prod
from pathlib import Path
from typing import Any

import pytest
from kedro.framework.startup import bootstrap_project
from pydantic import ValidationError

from cpt_pipeline.budget.plan import DeviceParams, PlanParams, StageShape, estimate
from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.core.workspace import ROOT_VARIABLE
from cpt_pipeline.formats.model_facts import read_facts, read_shapes
from cpt_pipeline.pipelines.plan.nodes import estimate_bill
from cpt_pipeline.training.params import LoraParams, ScheduleParams, TrainParams, TrainRunParams
from cpt_pipeline.wiring.layout import Layout
from tests.conftest import REPOSITORY
from tests.formats.tiny_models import save_gemma3, save_tiny

QWEN_7B = 7_615_616_512
"""Parameters of Qwen2.5-7B, from its model card's safetensors metadata."""
STAGE = {
    "lora": False,
    "nf4": False,
    "bf16": True,
    "gradient_checkpointing": False,
    "num_ranks": 1,
    "zero_stage": 0,
    "micro_batch_rows": 1,
    "keep_checkpoints": 2,
    "keep_candidates": 2,
}
DEVICE = {
    "name": "H100",
    "memory_gb": 80,
    "tflops_low": 200,
    "tflops_high": 400,
    "watts": 700,
    "price_per_hour": 2.5,
}


def qwen_shapes(prefix: str = "model") -> dict[str, list[int]]:
    """Give the shape of every weight of Qwen2.5-7B."""
    layer = {
        "self_attn.q_proj.weight": [3584, 3584],
        "self_attn.q_proj.bias": [3584],
        "self_attn.k_proj.weight": [512, 3584],
        "self_attn.k_proj.bias": [512],
        "self_attn.v_proj.weight": [512, 3584],
        "self_attn.v_proj.bias": [512],
        "self_attn.o_proj.weight": [3584, 3584],
        "mlp.gate_proj.weight": [18944, 3584],
        "mlp.up_proj.weight": [18944, 3584],
        "mlp.down_proj.weight": [3584, 18944],
        "input_layernorm.weight": [3584],
        "post_attention_layernorm.weight": [3584],
    }
    shapes = {f"{prefix}.layers.{index}.{name}": shape for index in range(28) for name, shape in layer.items()}
    ends = {f"{prefix}.embed_tokens.weight": [152064, 3584], f"{prefix}.norm.weight": [3584]}
    return {**ends, **shapes, "lm_head.weight": [152064, 3584]}


def write_header(path: Path, shapes: dict[str, list[int]]) -> None:
    """Write a safetensors file that is all header: its weights are missing, so nobody can have read them."""
    entries = {name: {"dtype": "BF16", "shape": shape, "data_offsets": [0, 0]} for name, shape in shapes.items()}
    header = json.dumps({"__metadata__": {"format": "pt"}, **entries}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)


@pytest.fixture
def qwen(tmp_path: Path) -> Path:
    folder = tmp_path / "start_model"
    folder.mkdir()
    config = {"num_hidden_layers": 28, "hidden_size": 3584, "vocab_size": 152064}
    (folder / "config.json").write_text(json.dumps(config))
    write_header(folder / "model.safetensors", qwen_shapes())
    seal(folder, "model")
    return folder


def mix(stage1: int = 1_000_000_000, stage2: int = 0) -> dict[str, Any]:
    return {"sequence_length": 4096, "stage1": {"tokens": stage1}, "stage2": {"tokens": stage2}}


def stages(**changes: Any) -> dict[str, StageShape]:
    return {name: StageShape.model_validate({**STAGE, **changes}) for name in ("stage1", "stage2")}


def params(**changes: Any) -> PlanParams:
    device = {**DEVICE, **changes.pop("device", {})}
    return PlanParams.model_validate({"device": device, "max_memory_gb": 1000, **changes})


def test_parameters_are_counted_from_the_header_alone(qwen: Path) -> None:
    assert read_facts(qwen).num_parameters == QWEN_7B


def test_shards_add_up_and_a_second_layout_does_not_count(tmp_path: Path) -> None:
    write_header(tmp_path / "model-00001-of-00002.safetensors", {"a": [10, 20], "scalar": []})
    write_header(tmp_path / "model-00002-of-00002.safetensors", {"b": [7]})
    assert sum(map(prod, read_shapes(tmp_path).values())) == 208
    write_header(tmp_path / "consolidated.safetensors", {"a": [10, 20], "b": [7], "scalar": []})
    names = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": names}))
    assert sum(map(prod, read_shapes(tmp_path).values())) == 208


@pytest.mark.feature(113)
@pytest.mark.feature(114)
@pytest.mark.feature(115)
def test_time_money_energy_and_carbon_literally(qwen: Path) -> None:
    """6 x 7.6156e9 x 1e9 = 4.569e19 operations: 31.7 hours at 400e12 a second, 63.5 at 200e12."""
    plan, _ = estimate(qwen, mix(), stages(), params())
    assert plan.parameters == QWEN_7B
    assert plan.tokens == {"stage1": 1_000_000_000, "stage2": 0}
    assert plan.seconds.model_dump() == {"low": 114_200, "high": 228_500}
    assert plan.money.model_dump() == {"low": 79.33, "high": 158.7}
    assert plan.energy_kwh.model_dump() == {"low": 28.88, "high": 57.75}
    assert plan.carbon_kg.model_dump() == {"low": 12.99, "high": 25.99}
    assert (plan.device, plan.currency) == ("1 x H100", "USD")


@pytest.mark.feature(113)
def test_devices_share_the_time_and_not_the_money(qwen: Path) -> None:
    one, _ = estimate(qwen, mix(), stages(), params())
    eight, _ = estimate(qwen, mix(), stages(), params(device={"count": 8}))
    assert eight.seconds.low == pytest.approx(one.seconds.low / 8, rel=1e-3)
    assert (eight.money, eight.energy_kwh) == (one.money, one.energy_kwh)
    assert eight.device == "8 x H100"


def test_stages_add_up_and_checkpointing_and_adapters_change_the_work(qwen: Path) -> None:
    def seconds(given: dict[str, Any], **changes: Any) -> float:
        return estimate(qwen, given, stages(**changes), params())[0].seconds.low

    full = seconds(mix())
    assert seconds(mix(700_000_000, 300_000_000)) == full
    assert seconds(mix(), gradient_checkpointing=True) == pytest.approx(full * 8 / 6, rel=1e-3)
    assert seconds(mix(), lora=True) == pytest.approx(full * 4 / 6, rel=1e-3)


@pytest.mark.feature(112)
def test_a_whole_7b_needs_more_than_one_card_and_far_less_with_zero3_on_eight(qwen: Path) -> None:
    """16 bytes a parameter are 121.8 GB on one device; ZeRO-3 leaves an eighth of it on each of eight."""
    one = estimate(qwen, mix(), stages(gradient_checkpointing=True), params())[0].memory_gb
    by_stage = [
        estimate(qwen, mix(), stages(gradient_checkpointing=True, num_ranks=8, zero_stage=stage), params())[0].memory_gb
        for stage in (1, 2, 3)
    ]
    assert 121.8 < one.low < one.high < 170
    assert one.low > by_stage[0].low > by_stage[1].low > by_stage[2].low
    assert 15.2 < by_stage[2].low < by_stage[2].high < 40


@pytest.mark.feature(112)
def test_qlora_of_a_7b_fits_24_gb(qwen: Path) -> None:
    """The known gold point: nf4, sequence 512, micro-batch 4, gradient checkpointing, on a 24 GB card."""
    shape = {"lora": True, "nf4": True, "gradient_checkpointing": True, "micro_batch_rows": 4}
    plan, permit = estimate(
        qwen, {**mix(), "sequence_length": 512}, stages(**shape), params(max_memory_gb=None, device={"memory_gb": 24})
    )
    assert plan.memory_gb.high < 24
    assert permit == {"stages": {"stage1": True, "stage2": True}, "reasons": []}
    held_in_bf16 = stages(**{**shape, "nf4": False})
    assert 15.2 < estimate(qwen, {**mix(), "sequence_length": 512}, held_in_bf16, params())[0].memory_gb.low < 20
    held_in_fp32 = stages(**{**shape, "nf4": False, "bf16": False})
    assert estimate(qwen, {**mix(), "sequence_length": 512}, held_in_fp32, params())[0].memory_gb.low > 34


@pytest.mark.feature(112)
def test_memory_literally(tmp_path: Path) -> None:
    """1e6 weights at 16 bytes = 16 MB; 2 x 100 rows of 10 wide x 34 x 4 layers at 4 / 2 bytes; 50 logits at 12."""
    folder = tmp_path / "start_model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"num_hidden_layers": 4, "hidden_size": 10, "vocab_size": 50}))
    write_header(folder / "model.safetensors", {"w": [1000, 1000]})
    seal(folder, "model")
    shape = stages(bf16=False, micro_batch_rows=2)
    plan, _ = estimate(folder, {**mix(), "sequence_length": 100}, shape, params())
    fixed, activations, logits = 16e6, 200 * 10 * 34 * 4 * 2, 200 * 50 * 12
    assert plan.memory_gb.low == float(f"{(fixed + 0.5 * (activations + logits)) / 1e9:.4g}")
    assert plan.memory_gb.high == float(f"{1.2 * (fixed + activations + logits) / 1e9:.4g}")


@pytest.mark.feature(130)
def test_disk_grows_with_what_is_kept(qwen: Path) -> None:
    """Low: two stages of three models at 4 bytes a parameter, 182.8 GB, and four bytes a token."""
    plan, _ = estimate(qwen, mix(), stages(), params())
    assert plan.disk_gb.low == 186.8
    assert plan.disk_gb.high == 678.2
    fewer, _ = estimate(qwen, mix(), stages(keep_candidates=0), params())
    assert fewer.disk_gb.low == pytest.approx(186.8 - 121.8, abs=0.1)


@pytest.mark.feature(111)
def test_without_a_broken_limit_the_stages_may_run(qwen: Path) -> None:
    _, permit = estimate(qwen, mix(), stages(), params())
    assert permit == {"stages": {"stage1": True, "stage2": True}, "reasons": []}


@pytest.mark.feature(111)
def test_every_broken_limit_is_a_reason(qwen: Path) -> None:
    limits = {"max_hours": 31, "max_money": 79, "max_memory_gb": None}
    plan, permit = estimate(qwen, mix(), stages(gradient_checkpointing=False), params(**limits))
    assert permit["stages"] == {"stage1": False, "stage2": False}
    assert permit["reasons"] == [
        f"memory would be at least {plan.memory_gb.low:.4g} GB, plan.max_memory_gb (or plan.device.memory_gb) is 80",
        "time would be at least 31.72 hours, plan.max_hours is 31",
        "money would be at least 79.33 USD, plan.max_money is 79",
    ]


def test_only_the_favourable_end_breaks_a_limit(qwen: Path) -> None:
    _, permit = estimate(qwen, mix(), stages(), params(max_hours=32, max_money=80))
    assert permit["reasons"] == []


@pytest.mark.feature(123)
def test_new_figures_below_the_limits_leave_the_permit_as_it_was(qwen: Path) -> None:
    """Training depends on the permit: a new price or a faster device must not train anything anew."""
    given = params(max_hours=1000, max_money=10_000)
    device = {"price_per_hour": 4.0, "tflops_high": 500}
    changed = params(max_hours=2000, max_money=9_000, currency="EUR", device=device)
    (before, permit), (after, again) = (
        estimate(qwen, mix(), stages(), given),
        estimate(qwen, mix(2_000_000_000), stages(keep_candidates=1), changed),
    )
    assert before != after
    assert json.dumps(permit) == json.dumps(again)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tflops_low": 500}, "tflops_low is above tflops_high"),
        ({"count": 0}, "count\n  Input should be greater than 0"),
        ({"memory_gb": 0}, "memory_gb\n  Input should be greater than 0"),
        ({"price_per_hour": -1}, "price_per_hour\n  Input should be greater than or equal to 0"),
        ({"tflops": 1}, "tflops\n  Extra inputs are not permitted"),
    ],
)
def test_a_device_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        DeviceParams.model_validate({**DEVICE, **changes})


def test_a_limit_of_nothing_is_refused() -> None:
    for name in ("max_hours", "max_money", "max_memory_gb"):
        with pytest.raises(ValidationError, match=f"{name}\n  Input should be greater than 0"):
            params(**{name: 0})


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    """Llama-3-8B, 8,030,261,248 parameters."""
    layer = {
        "self_attn.q_proj.weight": [4096, 4096],
        "self_attn.k_proj.weight": [1024, 4096],
        "self_attn.v_proj.weight": [1024, 4096],
        "self_attn.o_proj.weight": [4096, 4096],
        "mlp.gate_proj.weight": [14336, 4096],
        "mlp.up_proj.weight": [14336, 4096],
        "mlp.down_proj.weight": [4096, 14336],
        "input_layernorm.weight": [4096],
        "post_attention_layernorm.weight": [4096],
    }
    shapes = {f"model.layers.{index}.{name}": shape for index in range(32) for name, shape in layer.items()}
    ends = {"model.embed_tokens.weight": [128256, 4096], "model.norm.weight": [4096], "lm_head.weight": [128256, 4096]}
    folder = tmp_path / "llama"
    folder.mkdir()
    config = {"num_hidden_layers": 32, "hidden_size": 4096, "vocab_size": 128256}
    (folder / "config.json").write_text(json.dumps(config))
    write_header(folder / "model.safetensors", {**ends, **shapes})
    seal(folder, "model")
    return folder


def bill_of_recipe(
    env: str,
    start_model: Path,
    data_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    stage1_changes: dict[str, Any] | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run stage plan with the recipe's own conf and the tokens it asks for; give the bill and the permit."""
    bootstrap_project(REPOSITORY)
    monkeypatch.setenv(ROOT_VARIABLE, str(data_root))
    found = Layout.read(REPOSITORY, env).parameters
    mixture = found["mix"]
    stage1, stage2 = (TrainParams.model_validate(found[stage]) for stage in ("stage1", "stage2"))
    stage1_run, stage2_run = (TrainRunParams.model_validate(found[f"{stage}_run"]) for stage in ("stage1", "stage2"))
    stage1 = stage1.model_copy(update=stage1_changes or {})
    per_step = mixture["sequence_length"] * mixture["rows_per_step"]
    tokens = {
        stage: {"tokens": mixture[stage]["num_tokens"], "steps": mixture[stage]["num_tokens"] // per_step}
        for stage in ("stage1", "stage2")
    }
    plan, _, permit = estimate_bill(
        start_model,
        {"sequence_length": mixture["sequence_length"], **tokens},
        PlanParams.model_validate(found["plan"]),
        stage1,
        stage2,
        stage1_run,
        stage2_run,
    )
    return plan, permit


@pytest.mark.feature(112)
def test_the_recipe_for_one_24_gb_card_fits_it(llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """55e6 tokens at 6 operations for each of 8.03e9 parameters: 8.2 hours at 90e12 a second, 24.5 at 30e12."""
    plan, permit = bill_of_recipe("llama3-8b-qlora", llama, tmp_path / "data", monkeypatch)
    assert permit == {"stages": {"stage1": True, "stage2": True}, "reasons": []}
    assert plan["parameters"] == 8_030_261_248
    assert (plan["device"], plan["tokens"]) == ("1 x RTX 4090 24GB", {"stage1": 50_000_000, "stage2": 5_000_000})
    assert 6 < plan["memory_gb"]["low"] < plan["memory_gb"]["high"] < 24
    assert plan["seconds"] == {"low": 29_440, "high": 88_330}
    assert plan["money"] == {"low": 4.089, "high": 12.27}


@pytest.mark.feature(112)
def test_the_recipe_for_64_cards_is_permitted(qwen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """24.2e9 tokens at 8 operations for each of 7.62e9 parameters: 13.3 hours of 64 x 480e12 a second."""
    plan, permit = bill_of_recipe("qwen2.5-7b-medical-zh", qwen, tmp_path / "data", monkeypatch)
    assert permit == {"stages": {"stage1": True, "stage2": True}, "reasons": []}
    assert plan["parameters"] == QWEN_7B
    assert plan["device"] == "64 x H100 80GB"
    assert plan["tokens"] == {"stage1": 22_000_000_000, "stage2": 2_200_000_000}
    assert 7 < plan["memory_gb"]["low"] < plan["memory_gb"]["high"] < 40
    assert plan["seconds"] == {"low": 47_990, "high": 82_280}
    assert plan["money"] == {"low": 2133, "high": 3657}


@pytest.mark.parametrize("model_type", ["gpt2", "bloom", "gemma3"])
def test_sizes_are_read_whatever_their_names(tmp_path: Path, model_type: str) -> None:
    folder = save_gemma3(tmp_path) if model_type == "gemma3" else save_tiny(model_type, tmp_path)
    seal(folder, "model")
    plan, _ = estimate(folder, mix(), stages(), params())
    assert plan.memory_gb is not None
    assert plan.memory_gb.low > 0


def test_a_size_that_no_file_tells_leaves_memory_out_with_a_warning(
    qwen: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (qwen / "config.json").write_text(json.dumps({"hidden_size": 3584, "vocab_size": 152064}))
    seal(qwen, "model")
    with caplog.at_level(logging.WARNING):
        plan, permit = estimate(qwen, mix(), stages(), params(max_memory_gb=0.001))
    assert plan.memory_gb is None
    assert permit["stages"]["stage1"]
    assert "found None, 3584, 152064" in caplog.text


def test_the_stage_refuses_what_training_could_not_do(
    llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known of the mixture and the weights only now: steps, and modules of a model that was downloaded."""
    never = {"schedule": ScheduleParams(warmup_steps=24_415)}
    with pytest.raises(ParameterError, match=r"warm-up of 24415 steps is longer than stage1, which has 24414"):
        bill_of_recipe("llama3-8b-qlora", llama, tmp_path / "data", monkeypatch, never)
    adapter = {"lora": LoraParams(target_modules=("qproj",))}
    with pytest.raises(ParameterError, match=r"stage1\.lora\.target_modules: .* has no module qproj; did you mean"):
        bill_of_recipe("llama3-8b-qlora", llama, tmp_path / "data", monkeypatch, adapter)
