"""Texts that are good or poor by their words, and a tiny encoder that can learn to tell them apart."""

from __future__ import annotations

import random
from pathlib import Path

from cpt_pipeline.corpus.clean.scoring.labels import Label

GOOD = ("theory", "evidence", "history", "chapter", "theorem", "species", "century", "measured", "observed", "because")
POOR = ("sale", "click", "cheap", "discount", "buy", "deal", "winner", "casino", "price", "order")
COMMON = ("the", "of", "and", "in", "is", "that", "to", "with", "for", "as", "was", "on", "are", "by", "from", "which")


def make_prose(number: int, *, good: bool, num_words: int = 80) -> str:
    """Make a text of whole sentences, a fifth of its words of one kind."""
    chance = random.Random(f"{number} {good}")
    kind = GOOD if good else POOR
    words = [chance.choice(kind if place % 5 == 0 else COMMON) for place in range(num_words)]
    lines = [" ".join(words[start : start + 10]) for start in range(0, num_words, 10)]
    return " ".join(f"{line.capitalize()} item{chance.randrange(10_000)}." for line in lines)


def make_labels(num_each: int) -> list[Label]:
    """Make so many good and as many poor labels, in turn."""
    return [Label(make_prose(n, good=good), float(good)) for n in range(num_each) for good in (True, False)]


def write_encoder(folder: Path, texts: list[str]) -> Path:
    """Write a BERT of two layers with random weights, and a WordPiece tokenizer made on the texts."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir(parents=True)
    pieces = BertWordPieceTokenizer(lowercase=True)
    pieces.train_from_iterator(texts, vocab_size=400, min_frequency=1, show_progress=False)
    pieces.save_model(str(folder))
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=128).save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        config = BertConfig(
            vocab_size=pieces.get_vocab_size(),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=128,
        )
        BertModel(config).save_pretrained(folder)
    return folder
