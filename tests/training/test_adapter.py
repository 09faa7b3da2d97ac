"""Adapters: what they may sit on, what a second stage may ask of them, and what the frozen base takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.stages import Serve
from tests.training.tiny import TinyData

RANK4 = {"rank": 4, "alpha": 8.0}


@pytest.fixture(scope="module")
def base(tiny: TinyData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained base with tied embeddings, in bf16 as published ones are."""
    import torch

    from cpt_pipeline.model.load import new_causal_lm, save_model

    folder = tmp_path_factory.mktemp("base")
    for path in tiny.model.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    save_model(new_causal_lm(folder, seed=0).to(torch.bfloat16), folder)
    return folder


def _train(
    tiny: TinyData, serve: Serve, base: Path, work: Path, lora: dict[str, Any], **changes: Any
) -> tuple[int, str]:
    params = {"mode": "lora", "lora": lora, "heldout_every_steps": 100, **changes.pop("params", {})}
    job = tiny.job(work, model=base, init="pretrained", params=params, **changes)
    code = serve(job)["code"]
    return code, (job.work / "attempts.log").read_text()


@pytest.mark.feature(74)
@pytest.mark.parametrize(
    ("targets", "said"),
    [
        (["q_proj", "lm_head"], ["lm_head shares its weights with model.embed_tokens"]),
        (["embed_tokens"], ["embed_tokens shares its weights with lm_head"]),
        (
            ["query", "v_proj", "lm_head"],
            ["query is no module of the model, which has down_proj, embed_tokens", "lm_h"],
        ),
        (["input_layernorm"], ["input_layernorm is no module of the model, which has down_proj, embed_tokens"]),
    ],
    ids=["head", "embeddings", "all at once", "a norm"],
)
def test_targets_that_would_be_lost_are_refused_before_the_first_step(
    tiny: TinyData, serve: Serve, base: Path, tmp_path: Path, targets: list[str], said: list[str]
) -> None:
    code, log = _train(tiny, serve, base, tmp_path / "work", {**RANK4, "target_modules": targets})
    assert code == 2
    assert all(f"stage1.lora.target_modules: {line}" in log for line in said), log
    assert not (tmp_path / "work" / "log.jsonl").exists()


@pytest.mark.feature(74)
def test_a_second_stage_takes_the_adapter_as_it_is_or_is_refused(
    tiny: TinyData, serve: Serve, base: Path, tmp_path: Path
) -> None:
    first = {**RANK4, "target_modules": ["q_proj", "v_proj"]}
    code, log = _train(tiny, serve, base, tmp_path / "one", first, params={"candidate_every_steps": 0})
    assert code == 0, log
    two = {"stage": "stage2", "mixture": "mixture_stage2", "adapter": tmp_path / "one" / "out" / "stage1_model"}
    wishes = {"rank": 8, "alpha": 16.0, "dropout": 0.5}
    code, log = _train(tiny, serve, base, tmp_path / "refused", wishes, **two)
    assert code == 2
    for said in (
        "stage2.lora.rank is 8, the adapter has 4",
        "stage2.lora.alpha is 16.0, the adapter has 8.0",
        "stage2.lora.dropout is 0.5, the adapter has 0.0",
        "stage2.lora.target_modules is all-linear, the adapter has ['q_proj', 'v_proj']",
    ):
        assert said in log, log
    code, log = _train(tiny, serve, base, tmp_path / "same", {**first, "target_modules": ["v_proj", "q_proj"]}, **two)
    assert code == 0, log


@pytest.mark.feature(74)
def test_all_linear_is_the_same_wish_in_both_stages(tiny: TinyData, serve: Serve, base: Path, tmp_path: Path) -> None:
    assert _train(tiny, serve, base, tmp_path / "one", RANK4)[0] == 0
    two = {"stage": "stage2", "mixture": "mixture_stage2", "adapter": tmp_path / "one" / "out" / "stage1_model"}
    code, log = _train(tiny, serve, base, tmp_path / "two", RANK4, **two)
    assert code == 0, log


@pytest.mark.feature(74)
@pytest.mark.parametrize("kind", ["gpt2", "mixtral", "qwen3_moe"])
def test_all_linear_is_what_peft_makes_of_an_architecture(tiny: TinyData, tmp_path: Path, kind: str) -> None:
    """GPT-2 has no nn.Linear in its blocks, and experts take no adapter."""
    from cpt_pipeline.core.errors import ParameterError
    from cpt_pipeline.training.adapter import with_adapter

    params = {"mode": "lora", "lora": RANK4}
    first = with_adapter(tiny_causal_lm(kind), tiny.job(tmp_path / "one", init="pretrained", params=params))
    first.save_pretrained(str(tmp_path / "adapter"))  # type: ignore[operator]
    two = {"stage": "stage2", "mixture": "mixture_stage2", "adapter": tmp_path / "adapter", "init": "pretrained"}
    second = with_adapter(tiny_causal_lm(kind), tiny.job(tmp_path / "two", params=params, **two))
    trained = [[name for name, weight in model.named_parameters() if weight.requires_grad] for model in (first, second)]
    assert trained[0] == trained[1] != []
    other = "c_attn" if kind == "gpt2" else "q_proj"
    asked = {"mode": "lora", "lora": {**RANK4, "target_modules": [other]}}
    with pytest.raises(ParameterError, match=rf"stage2\.lora\.target_modules is \('{other}',\), the adapter has"):
        with_adapter(tiny_causal_lm(kind), tiny.job(tmp_path / "three", params=asked, **two))


def tiny_causal_lm(kind: str) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    llama = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    shapes: dict[str, dict[str, Any]] = {
        "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "bos_token_id": 0, "eos_token_id": 0},
        "mixtral": {**llama, "num_key_value_heads": 2, "num_local_experts": 4},
        "qwen3_moe": {**llama, "num_key_value_heads": 2, "num_experts": 4, "moe_intermediate_size": 16, "head_dim": 8},
    }
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, vocab_size=64, **shapes[kind]))


@pytest.mark.feature(74)
def test_in_bf16_the_frozen_base_takes_two_bytes_a_weight_and_the_losses_stay(
    tiny: TinyData, serve: Serve, base: Path, tmp_path: Path
) -> None:
    import torch

    from cpt_pipeline.training.worker import make_model

    held, losses = {}, {}
    for precision in ("fp32", "bf16"):
        params = {"mode": "lora", "lora": RANK4, "precision": precision}
        job = tiny.job(tmp_path / precision, model=base, init="pretrained", params=params)
        model = make_model(job, torch.device("cpu"))
        held[precision] = {
            trained: sum(
                weight.numel() * weight.element_size()
                for weight in model.parameters()
                if weight.requires_grad == trained
            )
            for trained in (False, True)
        }
        assert serve(job)["code"] == 0
        rows = [json.loads(line) for line in (job.work / "log.jsonl").read_text().splitlines()]
        losses[precision] = [row["loss"] for row in rows if row["kind"] == "train"]
    assert held["bf16"][False] * 2 == held["fp32"][False]
    assert held["bf16"][True] == held["fp32"][True]
    assert losses["bf16"] == pytest.approx(losses["fp32"], abs=0.03)
