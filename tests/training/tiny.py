"""A tiny corpus, its tokens and mixture, and a tiny model: what the training tests share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.formats.documents import DocumentWriter, document
from cpt_pipeline.mixture.params import MixParams
from cpt_pipeline.mixture.plan import mix
from cpt_pipeline.training.job import TrainJob
from cpt_pipeline.training.params import TrainParams, TrainRunParams
from cpt_pipeline.vocabulary.params import TokenizeParams
from cpt_pipeline.vocabulary.tokenize import tokenize_documents
from cpt_pipeline.vocabulary.tokenizer import train_bpe

CHANNELS = ChannelsParams(roles={"en": "general", "domain": "domain"})


@dataclass(frozen=True)
class TinyData:
    """Folders of artifacts for a run of 24 steps of 4 rows of 32 tokens."""

    root: Path

    @property
    def model(self) -> Path:
        return self.root / "model"

    @property
    def tokens(self) -> Path:
        return self.root / "tokens"

    def job(self, work: Path, *, stage: str = "stage1", mixture: str = "mixture_stage1", **changes: object) -> TrainJob:
        params = {
            "optimizer": {"peak_lr": 3.0e-3},
            "candidate_every_steps": 9,
            "heldout_every_steps": 8,
            "heldout_tokens_per_channel": 256,
            "publish_optimizer": True,
            **dict(changes.pop("params", {})),  # type: ignore[call-overload]
        }
        run = {
            "micro_batch_rows": 2,
            "checkpoint_every_steps": 3,
            "num_threads": 1,
            "device": "cpu",
            **dict(changes.pop("run", {})),  # type: ignore[call-overload]
        }
        work.mkdir(parents=True, exist_ok=True)
        fields = {
            "stage": stage,
            "digest": "d",
            "init": "random",
            "model": self.model,
            "tokens": self.tokens,
            "mixture": self.root / mixture,
            "work": work,
            "out": work / "out",
            "optimizer_artifact": True,
            **changes,
        }
        return TrainJob(**fields, params=TrainParams(**params), run=TrainRunParams(**run))  # type: ignore[arg-type]


def make(root: Path) -> TinyData:
    """Write the artifacts below `root`."""
    _write_documents(root / "unique", num_documents=60, seed=0)
    _write_documents(root / "heldout", num_documents=8, seed=1)
    model = root / "model"
    texts = (text for seed in (0, 1) for text, *_ in _texts(40, seed))
    train_bpe(texts, model, 400)
    vocabulary = json.loads((model / "tokenizer.json").read_text())["model"]["vocab"]
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": len(vocabulary),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 64,
        "tie_word_embeddings": True,
        "eos_token_id": vocabulary["<|endoftext|>"],
        "bos_token_id": None,
        "pad_token_id": None,
    }
    (model / "config.json").write_text(json.dumps(config))
    seal(model, "model")
    tokenize_documents(root / "unique", root / "heldout", model, root, TokenizeParams())
    params = MixParams.model_validate(
        {
            "sequence_length": 32,
            "rows_per_step": 4,
            "domain_share": 0.3,
            "stage1": {"num_tokens": 24 * 128},
            "stage2": {"num_tokens": 5 * 128},
        }
    )
    mix(root / "tokens", {"domain_share": None}, root, params, CHANNELS)
    return TinyData(root)


def _write_documents(directory: Path, num_documents: int, seed: int) -> None:
    with DocumentWriter(directory) as writer:
        for text, channel, index in _texts(num_documents, seed):
            name = f"{channel}-{seed}-{index}"
            writer.write(document(id=name, text=text, channel=channel, source="t", license="MIT"))


def _texts(num_documents: int, seed: int) -> list[tuple[str, str, int]]:
    generator = np.random.default_rng(seed)
    words = {"en": [f"word{index}" for index in range(60)], "domain": [f"Fachwort{index}" for index in range(60)]}
    return [
        (" ".join(generator.choice(words[channel], generator.integers(5, 60))), channel, index)
        for channel in words
        for index in range(num_documents)
    ]
