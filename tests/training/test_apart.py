"""Some architectures let documents of one row see one another, or a token itself; the loaded model is asked first."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.training.params import OptimizerParams, TrainParams
from tests.training.stages import Serve
from tests.training.tiny import TinyData

PLAIN: dict[str, Any] = {
    "hidden_size": 48,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}
HEADS = {**PLAIN, "head_dim": 12}
EXPERTS = {**HEADS, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24}
LINEAR = {
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 12,
    "linear_value_head_dim": 12,
}
GPT2 = {"n_embd": 48, "n_layer": 2, "n_head": 4, "n_positions": 256}
NEOX = {name: PLAIN[name] for name in PLAIN if name != "num_key_value_heads"}
LATENT = {
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 24,
    "kv_lora_rank": 12,
    "q_lora_rank": 12,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 8,
    "v_head_dim": 12,
    "n_group": 1,
    "topk_group": 1,
    "first_k_dense_replace": 1,
}
APART: dict[str, dict[str, Any]] = {
    "llama": PLAIN,
    "qwen2": PLAIN,
    "qwen3": HEADS,
    "gemma3_text": {**HEADS, "sliding_window": 16},
    "mixtral": {**PLAIN, "num_local_experts": 4},
    "gpt2": GPT2,
    "gpt_neox": NEOX,
}
APART_TOO: dict[str, dict[str, Any]] = {
    "mistral": {**PLAIN, "sliding_window": 16},
    "qwen2_moe": {**EXPERTS, "shared_expert_intermediate_size": 24},
    "qwen3_moe": EXPERTS,
    "gemma": HEADS,
    "gemma2": {**HEADS, "sliding_window": 16},
    "phi": PLAIN,
    "phi3": PLAIN,
    "gptj": {**GPT2, "rotary_dim": 8},
    "gpt_bigcode": GPT2,
    "starcoder2": {**PLAIN, "sliding_window": None},
    "olmo": PLAIN,
    "olmo2": PLAIN,
    "cohere": PLAIN,
    "granite": PLAIN,
    "stablelm": {**PLAIN, "partial_rotary_factor": 0.5},
    "glm4": HEADS,
    "smollm3": PLAIN,
    "deepseek_v3": {**PLAIN, "num_key_value_heads": 4, **LATENT},
    "llama4_text": {**HEADS, "num_local_experts": 2, "intermediate_size_mlp": 96, "attention_chunk_size": 256},
    "exaone4": {**PLAIN, "sliding_window": 16},
    "ernie4_5": PLAIN,
    "seed_oss": HEADS,
    "hunyuan_v1_dense": HEADS,
}
LEAKING: dict[str, dict[str, Any]] = {
    "bloom": {"hidden_size": 48, "n_layer": 2, "n_head": 4},
    "falcon": {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4},
    "mamba": {"hidden_size": 48, "num_hidden_layers": 2},
    "gpt_oss": {**HEADS, "num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 16},
    "lfm2": {**PLAIN, "layer_types": ["conv", "full_attention"]},
}
LEAKING_TOO: dict[str, dict[str, Any]] = {
    "opt": {
        "hidden_size": 48,
        "ffn_dim": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 256,
        "word_embed_proj_dim": 48,
    },
    "mpt": {"d_model": 48, "n_layers": 2, "n_heads": 4, "max_seq_len": 256},
    "mamba2": {
        "hidden_size": 48,
        "num_hidden_layers": 2,
        "num_heads": 8,
        "head_dim": 12,
        "n_groups": 1,
        "state_size": 8,
    },
    "falcon_mamba": {"hidden_size": 48, "num_hidden_layers": 2},
    "rwkv": {"hidden_size": 48, "num_hidden_layers": 2, "attention_hidden_size": 48},
    "recurrent_gemma": {**PLAIN, "num_hidden_layers": 3, "lru_width": 48, "attention_window_size": 16},
    "qwen3_next": {**EXPERTS, "shared_expert_intermediate_size": 24, **LINEAR},
    "qwen3_5_text": {**HEADS, **LINEAR},
    "jamba": {**PLAIN, "num_experts": 2, "mamba_d_state": 8},
    "bamba": {**PLAIN, "mamba_n_heads": 8, "mamba_d_head": 12, "mamba_n_groups": 1},
    "falcon_h1": {
        **HEADS,
        "mamba_d_ssm": 48,
        "mamba_n_heads": 4,
        "mamba_d_head": 12,
        "mamba_n_groups": 1,
        "mamba_d_state": 8,
    },
    "minimax": {**HEADS, "num_local_experts": 2, "num_experts_per_tok": 1},
}
BERT = {name: PLAIN[name] for name in PLAIN if name != "num_key_value_heads"}
XLNET = {"d_model": 48, "n_layer": 2, "n_head": 4, "d_inner": 96}
BOTH_WAYS: dict[str, dict[str, Any]] = {
    "bert": BERT,
    "roberta": BERT,
    "electra": {**BERT, "embedding_size": 48},
    "xlnet": XLNET,
    "xlm": {"emb_dim": 48, "n_layers": 2, "n_heads": 4},
}


def _model(kind: str, shape: dict[str, Any]) -> Any:
    """An untrained model, as transformers initialises it: the least that a leak may show."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, vocab_size=80, bos_token_id=1, eos_token_id=2, pad_token_id=0, **shape)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.config.use_cache = False
    return model.train()


def _backend(kind: str, shape: dict[str, Any]) -> Any:
    import torch

    from cpt_pipeline.training.backend import TorchBackend

    params = TrainParams(optimizer=OptimizerParams(peak_lr=0.1))
    return TorchBackend(_model(kind, shape), params, torch.device("cpu"))


def _ask(kind: str, shape: dict[str, Any]) -> None:
    from cpt_pipeline.training.apart import require_apart

    backend = _backend(kind, shape)
    for autocast, num_rows in ((False, 4), (True, 1)):
        require_apart(backend, 512, num_rows, autocast=autocast)


@pytest.mark.feature(73)
@pytest.mark.parametrize("kind", [*APART, *(pytest.param(kind, marks=pytest.mark.long) for kind in APART_TOO)])
def test_architectures_that_keep_packed_documents_apart_are_trained(kind: str) -> None:
    _ask(kind, {**APART, **APART_TOO}[kind])


@pytest.mark.feature(73)
@pytest.mark.parametrize("kind", [*LEAKING, *(pytest.param(kind, marks=pytest.mark.long) for kind in LEAKING_TOO)])
def test_architectures_in_which_packed_documents_see_one_another_are_refused_by_name(kind: str) -> None:
    with pytest.raises(ParameterError, match=f"of type {kind}, in which documents that share a row see one another"):
        _ask(kind, {**LEAKING, **LEAKING_TOO}[kind])


@pytest.mark.feature(73)
@pytest.mark.parametrize("kind", BOTH_WAYS)
def test_architectures_that_see_the_token_they_predict_are_refused_by_name(kind: str) -> None:
    with pytest.raises(ParameterError, match=f"of type {kind}, which reads a text in both directions"):
        _ask(kind, BOTH_WAYS[kind])


@pytest.mark.feature(73)
def test_a_look_ahead_of_one_token_is_seen_in_a_model_that_keeps_documents_apart() -> None:
    """Nothing but the next token leaks: no loss changes unless the token's own place does."""
    import torch

    from cpt_pipeline.training.apart import measure_changes

    backend = _backend("llama", PLAIN)
    assert max(measure_changes(backend, 512, 4, autocast=False)) == 0
    embed = backend.module.get_input_embeddings()

    def peep(_module: Any, _inputs: Any, vectors: torch.Tensor) -> torch.Tensor:
        return vectors + 0.01 * vectors.roll(-1, dims=1)

    embed.register_forward_hook(peep)
    assert measure_changes(backend, 512, 4, autocast=False).ahead > 1e-4


@pytest.mark.feature(73)
@pytest.mark.parametrize(
    ("kind", "shape", "mode", "told"),
    [
        ("bloom", LEAKING["bloom"], "full", "in which documents that share a row see one another"),
        ("bloom", LEAKING["bloom"], "lora", "in which documents that share a row see one another"),
        ("electra", BOTH_WAYS["electra"], "full", "reads a text in both directions"),
    ],
)
def test_a_base_that_sees_what_it_must_not_is_refused_before_the_first_step(
    tiny: TinyData, serve: Serve, tmp_path: Path, kind: str, shape: dict[str, Any], mode: str, told: str
) -> None:
    from cpt_pipeline.model.load import new_causal_lm, save_model

    model = tmp_path / "model"
    shutil.copytree(tiny.model, model)
    size = json.loads((model / "config.json").read_text())["vocab_size"]
    config = {"model_type": kind, "vocab_size": size, **shape}
    (model / "config.json").write_text(json.dumps(config))
    save_model(new_causal_lm(model, seed=0), model)
    job = tiny.job(tmp_path / "work", model=model, init="pretrained", params={"mode": mode})
    assert serve(job)["code"] == 2
    said = (job.work / "attempts.log").read_text()
    assert f"model is of type {kind}" in said
    assert told in said
    assert not (job.work / "log.jsonl").exists()
