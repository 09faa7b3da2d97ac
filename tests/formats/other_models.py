"""Tiny random models that are no causal language models, or no whole ones, saved as transformers saves them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.formats.tiny_models import CONFIGS

_BERT_LIKE: dict[str, Any] = {
    "vocab_size": 96,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "pad_token_id": 0,
}
_XLNET = {"vocab_size": 96, "d_model": 16, "n_layer": 2, "n_head": 2, "d_inner": 16}
_BART = {
    "vocab_size": 96,
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16,
}
_T5 = {"vocab_size": 96, "d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 2, "num_heads": 2}
_XLM = {"vocab_size": 96, "emb_dim": 16, "n_layers": 2, "n_heads": 2}
_SAVED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "bert": ("Bert", "BertForMaskedLM", _BERT_LIKE),
    "bert_lm": ("Bert", "BertLMHeadModel", _BERT_LIKE),
    "roberta": ("Roberta", "RobertaForMaskedLM", _BERT_LIKE),
    "electra": ("Electra", "ElectraForMaskedLM", _BERT_LIKE),
    "xlnet": ("XLNet", "XLNetLMHeadModel", _XLNET),
    "xlm": ("XLM", "XLMWithLMHeadModel", _XLM),
    "bart": ("Bart", "BartForConditionalGeneration", _BART),
    "t5": ("T5", "T5ForConditionalGeneration", _T5),
    "clip_text": ("CLIPText", "CLIPTextModel", _BERT_LIKE),
    "modernbert": ("ModernBert", "ModernBertForMaskedLM", _BERT_LIKE),
    "llama_body": ("Llama", "LlamaModel", CONFIGS["llama"]),
    "llama_classifier": ("Llama", "LlamaForSequenceClassification", CONFIGS["llama"]),
    "gpt2_classifier": ("GPT2", "GPT2ForSequenceClassification", CONFIGS["gpt2"]),
    "bert_body": ("Bert", "BertModel", _BERT_LIKE),
    "bert_tagger": ("Bert", "BertForTokenClassification", _BERT_LIKE),
}
"""Name to the begin of the configuration's class, the class that is saved, and its settings."""


def save_other(name: str, folder: Path, **changes: Any) -> Path:
    """Save one of `_SAVED`."""
    import transformers

    begin, saved, settings = _SAVED[name]
    config = getattr(transformers, f"{begin}Config")(**{**settings, **changes})
    make: Callable[[Any], Any] = getattr(transformers, saved)
    make(config).save_pretrained(folder)
    return folder
