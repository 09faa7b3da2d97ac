"""Tiny models on disk, and the artifacts an evaluation reads."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.evaluation.evaluate import Material
from cpt_pipeline.formats.benchmarks import BenchmarkItem, write_items
from cpt_pipeline.formats.candidates import Candidate, write_list
from cpt_pipeline.formats.documents import DocumentWriter, document
from cpt_pipeline.formats.models import write_reference

CANDIDATES = [
    Candidate("stage1-step-000002", "stage1-step-000002", "stage1", 2, 100),
    Candidate("stage1", "stage1", "stage1", 4, 200),
]
TEXTS = {
    "domain": ["The spleen filters blood.", "A long text on the heart. " * 8, "骨骼由骨组织构成。"],
    "en": [f"Story number {number} is about a dog." for number in range(40)],
}


def save_model(folder: Path, seed: int, merges: Sequence[tuple[str, str]] = ()) -> None:
    """Write a random Llama with a tokenizer of one token per byte, but for the pairs that are merged."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    symbols = [*alphabet, "</s>", *(first + second for first, second in merges)]
    tokenizer = Tokenizer(
        models.BPE(vocab={symbol: index for index, symbol in enumerate(symbols)}, merges=list(merges))
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>").save_pretrained(folder)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(symbols),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=48,
        initializer_range=0.3,
    )
    LlamaForCausalLM(config).save_pretrained(folder)


@pytest.fixture(scope="session")
def channels() -> ChannelsParams:
    return ChannelsParams(roles={"domain": "domain", "en": "general"})


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """A referenced base and two candidates, of which `stage1` is the base itself."""
    place = tmp_path_factory.mktemp("material")
    save_model(place / "hub", seed=0)
    write_reference(place / "base_model", place / "hub", name=str(place / "hub"), revision=None)
    save_model(place / "candidates" / "stage1-step-000002", seed=1)
    shutil.copytree(place / "hub", place / "candidates" / "stage1")
    write_list(place / "candidates", CANDIDATES)
    seal(place / "candidates", "candidates")
    with DocumentWriter(place / "heldout_documents") as writer:
        for channel, texts in {**TEXTS, "unguarded": ["nobody asked"]}.items():
            for number, text in enumerate(texts):
                writer.write(document(id=f"{channel}-{number}", text=text, channel=channel, source="s", license="MIT"))
    items = [
        BenchmarkItem(
            id=str(number),
            benchmark="quiz",
            ability="a",
            prompt="One and one is",
            choices=(" two", " x"),
            answer=number,
        )
        for number in range(2)
    ]
    write_items(place / "benchmark_texts", items)
    return Material(*(place / name for name in ("base_model", "candidates", "heldout_documents", "benchmark_texts")))
