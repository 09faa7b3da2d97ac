"""Tiny random models of many architectures, saved as transformers saves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_SIZES: dict[str, Any] = {"vocab_size": 96, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 0}
_LLAMA_LIKE: dict[str, Any] = {
    **_SIZES,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 64,
}
_EXPERTS = {"num_experts_per_tok": 2, "moe_intermediate_size": 8}
_GPT2_LIKE = {**_SIZES, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 64}
_LATENT = {"q_lora_rank": 8, "kv_lora_rank": 8, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 8}
CONFIGS: dict[str, dict[str, Any]] = {
    "llama": _LLAMA_LIKE,
    "qwen2": _LLAMA_LIKE,
    "qwen3": {**_LLAMA_LIKE, "head_dim": 8},
    "mistral": _LLAMA_LIKE,
    "gemma": {**_LLAMA_LIKE, "head_dim": 8},
    "gemma2": {**_LLAMA_LIKE, "head_dim": 8},
    "phi3": _LLAMA_LIKE,
    "olmo2": _LLAMA_LIKE,
    "glm4": {**_LLAMA_LIKE, "head_dim": 8},
    "mixtral": {**_LLAMA_LIKE, "num_local_experts": 2},
    "qwen3_moe": {**_LLAMA_LIKE, **_EXPERTS, "num_experts": 2, "head_dim": 8},
    "deepseek_v3": {**_LLAMA_LIKE, **_EXPERTS, **_LATENT, "n_routed_experts": 4, "n_group": 2, "topk_group": 2},
    "gpt_neox": {**_LLAMA_LIKE, "rotary_pct": 0.5},
    "gpt2": _GPT2_LIKE,
    "gptj": {**_GPT2_LIKE, "rotary_dim": 4},
    "opt": {**_LLAMA_LIKE, "ffn_dim": 24, "word_embed_proj_dim": 16},
    "bloom": {**_SIZES, "hidden_size": 16, "n_layer": 2, "n_head": 2},
    "mpt": {**_SIZES, "d_model": 16, "n_layers": 2, "n_heads": 2, "max_seq_len": 64},
    "falcon": _LLAMA_LIKE,
    "mamba": {**_SIZES, "hidden_size": 16, "num_hidden_layers": 2, "state_size": 4},
}
"""`model_type` to its settings: 2 layers of width 16, 96 tokens, 64 positions where there is a limit."""


def save_tiny(model_type: str, folder: Path, **changes: Any) -> Path:
    """Save a random model of an architecture."""
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(model_type, **{**CONFIGS[model_type], **changes})
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder


def save_gemma3(folder: Path) -> Path:
    """Save a random multimodal Gemma 3, whose sizes lie in `text_config`."""
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    vision = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    text = {**_LLAMA_LIKE, "head_dim": 8}
    config = Gemma3Config(
        text_config=text, vision_config={**vision, "image_size": 28, "patch_size": 14}, mm_tokens_per_image=4
    )
    Gemma3ForConditionalGeneration(config).save_pretrained(folder)
    return folder
