"""The tokenizer of the run and what it makes of each channel.

Off (the only form yet), tokenizer and start model are the base's own, hard-linked: no old token can become
unreachable. The report says how many tokens the text costs per channel.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import xxhash

from cpt_pipeline.core.artifact import link_tree, seal
from cpt_pipeline.core.errors import ModelNotFoundError
from cpt_pipeline.core.params import Report
from cpt_pipeline.formats.documents import read_documents
from cpt_pipeline.formats.model_facts import TOKENIZERS
from cpt_pipeline.formats.models import TOKENIZER_FILES, resolve
from cpt_pipeline.formats.plain_text import PlainTextEncoder
from cpt_pipeline.vocabulary.fit import check_losses
from cpt_pipeline.vocabulary.params import TokenizerParams

END_OF_TEXT = "<|endoftext|>"


class Fertility(Report):
    """What one channel costs in tokens."""

    documents: int
    bytes_per_token: float
    characters_per_token: float
    unknown_share: float
    """Share of tokens that are the unknown token."""
    lost_share: float
    """Share of documents whose ids do not decode to the same text (spaces at the ends aside)."""


class TokenizerReport(Report):
    """What stage tokenizer did."""

    extended: bool
    reason: str
    vocabulary_size: int
    channels: dict[str, Fertility]


def prepare_tokenizer(unique_documents: Path, base_model: Path, out: Path, params: TokenizerParams) -> TokenizerReport:
    """Write `tokenizer` and `start_model` into `out` and measure the tokenizer on every channel."""
    link_tree(base_model, out / "start_model")  # first: it checks the bytes that the tokenizer is loaded from too
    folder = resolve(base_model)
    tokenizer = load(folder)
    channels = _fertility(unique_documents, tokenizer, params.sample_documents_per_channel)
    check_losses({name: each.lost_share for name, each in channels.items()}, params)
    seal(out / "start_model", "model")
    target = out / "tokenizer"
    target.mkdir(parents=True)
    for name in TOKENIZER_FILES:
        if (folder / name).is_file() and name != "generation_config.json":
            (target / name).write_bytes((folder / name).read_bytes())
    seal(target, "tokenizer", vocabulary_size=len(tokenizer))
    return TokenizerReport(
        extended=False,
        reason="tokenizer.extend is false: the base model's own tokenizer and weights",
        vocabulary_size=len(tokenizer),
        channels=channels,
    )


def load(folder: Path) -> Any:
    """Load the reference tokenizer of a folder; it must have an end-of-document token."""
    from transformers import AutoTokenizer

    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise ModelNotFoundError(
            f"{folder} has no tokenizer (tokenizer.json); put the base's own files beside its weights"
        )
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    if tokenizer.eos_token_id is None:
        raise ModelNotFoundError(
            f"{folder}: the tokenizer names no eos_token (tokenizer_config.json); documents need an end"
        )
    return tokenizer


def train_bpe(texts: Iterator[str], folder: Path, vocabulary_size: int) -> None:
    """Train a byte-level BPE tokenizer and write it in Hugging Face layout; equal texts give equal bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END_OF_TEXT,
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(names, indent=2) + "\n", encoding="utf-8")


def _fertility(documents: Path, tokenizer: Any, limit: int) -> dict[str, Fertility]:
    """Measure each channel on documents drawn by the hash of their ids: the first ones may all be of one source."""
    drawn: dict[str, list[tuple[int, str]]] = {}
    for row in read_documents(documents, ["id", "channel", "text"]):
        sample = drawn.setdefault(row["channel"], [])
        entry = (-xxhash.xxh3_64_intdigest(row["id"]), row["text"])
        if len(sample) < limit:
            heapq.heappush(sample, entry)
        else:
            heapq.heappushpop(sample, entry)
    return {channel: _measure([text for _, text in sample], tokenizer) for channel, sample in sorted(drawn.items())}


def _measure(texts: list[str], tokenizer: Any) -> Fertility:
    ids = PlainTextEncoder(tokenizer).encode(texts)
    num_tokens = max(sum(map(len, ids)), 1)
    unknown = sum(each.count(tokenizer.unk_token_id) for each in ids) if tokenizer.unk_token_id is not None else 0
    decoded = (tokenizer.decode(each, clean_up_tokenization_spaces=False) for each in ids)
    lost = sum(back.strip() != text.strip() for back, text in zip(decoded, texts, strict=True))
    return Fertility(
        documents=len(texts),
        bytes_per_token=round(sum(len(text.encode()) for text in texts) / num_tokens, 4),
        characters_per_token=round(sum(map(len, texts)) / num_tokens, 4),
        unknown_share=unknown / num_tokens,
        lost_share=lost / len(texts),
    )


def batches(rows: Iterator[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    """Cut a stream of rows into lists of at most `size`."""
    while batch := list(islice(rows, size)):
        yield batch
