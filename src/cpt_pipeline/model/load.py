"""Load models and tokenizers from a folder: safetensors only, never code that came with the weights."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from cpt_pipeline.core.errors import ModelNotFoundError
from cpt_pipeline.model.weights import load_weights


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Load the tokenizer of a model folder."""
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
        folder, trust_remote_code=False, local_files_only=True
    )
    return tokenizer


def load_causal_lm(folder: Path, *, dtype: str = "float32") -> PreTrainedModel:
    """Load a causal language model in evaluation mode.

    The cache is off: with it on, transformers lets packed documents attend to one another.
    Raises as `load_weights` does: no weight is ever filled at random.
    """
    model: PreTrainedModel = load_weights(AutoModelForCausalLM, folder, dtype=getattr(torch, dtype))
    model.config.use_cache = False
    return model


def load_nf4_causal_lm(folder: Path, device: torch.device) -> PreTrainedModel:
    """Load a causal language model with its linear layers in 4-bit NormalFloat, computed in bf16 (QLoRA).

    `ModelNotFoundError` when bitsandbytes is not installed, else raises as `load_weights` does.
    """
    if importlib.util.find_spec("bitsandbytes") is None:
        raise ModelNotFoundError(
            "lora.quantization is nf4 and bitsandbytes is missing: pip install 'cpt_pipeline[qlora]'"
        )
    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
        bnb_4bit_use_double_quant=True,
    )
    model: PreTrainedModel = load_weights(
        AutoModelForCausalLM,
        folder,
        quantization_config=config,
        device_map={"": str(device)},
        dtype=torch.bfloat16,
    )
    model.config.use_cache = False
    return model


def new_causal_lm(folder: Path, *, seed: int, dtype: str = "float32") -> PreTrainedModel:
    """Make a model with random weights from the folder's config.json; equal seeds give equal weights."""
    config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    torch.manual_seed(seed)
    model: PreTrainedModel = AutoModelForCausalLM.from_config(
        config, dtype=getattr(torch, dtype), trust_remote_code=False
    )
    model.config.use_cache = False
    return model.eval()


def save_model(model: PreTrainedModel, folder: Path) -> None:
    """Write weights and config in Hugging Face layout (safetensors); the config goes out with its cache switched on."""
    model.config.use_cache = True
    try:
        model.save_pretrained(folder, safe_serialization=True)
    finally:
        model.config.use_cache = False
