"""A BERT of random weights in the layout of sentence-transformers: for what is done around a model, not for meaning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

WORDS = (
    "the",
    "cat",
    "sat",
    "on",
    "mat",
    "while",
    "rain",
    "fell",
    "over",
    "old",
    "town",
    "nobody",
    "saw",
    "who",
    "had",
    "left",
)


def write_encoder(folder: Path, *, pooling: dict[str, Any] | None = None, modules: tuple[str, ...] = ()) -> Path:
    """Write config, tokenizer and weights; 32 dimensions, at most 64 tokens."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate(("[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS))}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=66,
    )
    BertModel(config).save_pretrained(folder, safe_serialization=True)
    if pooling is not None:
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling), encoding="utf-8")
    if modules:
        listed = [
            {"idx": number, "type": f"sentence_transformers.models.{name}"} for number, name in enumerate(modules)
        ]
        (folder / "modules.json").write_text(json.dumps(listed), encoding="utf-8")
    return folder
