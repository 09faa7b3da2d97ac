"""What a trained model answers to a few tokens, kept beside its weights: what merge compares the published model with.

Two precisions, because two things are asked. `exact` is fp32 without autocast, where the trained model holds nothing
but fp32 weights: equal weights answer alike within 1e-4. `trained` is the arithmetic of the training steps (bf16, a
base in 4 bits): what was learnt was learnt through it, so its distance from the published model is a figure of its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.training.backend import Backend
from cpt_pipeline.training.heldout import evaluating

PROBE = "probe/answers.safetensors"
"""In a folder of its own: beside the weights it would be taken for weights."""
_FACTS = "facts"
_ROWS, _TOKENS, _LAST = 2, 64, 8


@dataclass(frozen=True)
class Answers:
    """What a model answers, in fp32 on the CPU."""

    logits: Tensor
    """Of the last tokens of each row, [rows, 8, vocabulary]; each depends on all tokens before it."""
    nats: Tensor
    """Loss of every token but the first, [rows, tokens - 1]."""


@dataclass(frozen=True)
class Probe:
    """A file of answers."""

    input_ids: Tensor
    trained: Answers
    exact: Answers | None
    """None where weights are held in 16 or 4 bits, so that no exact answer exists."""
    held: str
    """What the weights are held in: float32, bfloat16 or nf4."""
    autocast: bool
    device: str


def write_probe(backend: Backend, mixture: Mixture, folder: Path, *, autocast: bool) -> None:
    """Write the answers below a model folder. Called on every rank, as sharded weights require; rank 0 writes."""
    input_ids = _probe_ids(mixture, int(backend.module.config.get_text_config().vocab_size))  # type: ignore[union-attr,operator]
    held = _held(backend.module)
    found = {"trained": _ask(backend, input_ids, autocast=autocast)}
    if held == "float32":
        found["exact"] = _ask(backend, input_ids, autocast=False) if autocast else found.pop("trained")
    if backend.rank == 0:
        (folder / PROBE).parent.mkdir()
        parts = {f"{name}.{part}": value for name, each in found.items() for part, value in vars(each).items()}
        facts = {"held": held, "autocast": autocast, "device": backend.device.type}
        # One key: safetensors writes several in another order in each process, and equal models have equal bytes.
        save_file({"input_ids": input_ids, **parts}, folder / PROBE, metadata={_FACTS: json.dumps(facts)})


def read_probe(folder: Path) -> Probe:
    """Read the answers of a trained model; `ArtifactError` when it has none."""
    path = folder / PROBE
    if not path.is_file():
        raise ArtifactError(f"{folder.name} has no {PROBE}, so nothing says what was trained; run its stage again")
    with safe_open(path, framework="pt") as stored:
        facts = json.loads(stored.metadata()[_FACTS])
        tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    found = {
        name: Answers(tensors[f"{name}.logits"], tensors[f"{name}.nats"])
        for name in ("trained", "exact")
        if f"{name}.logits" in tensors
    }
    return Probe(
        tensors["input_ids"],
        found.get("trained") or found["exact"],
        found.get("exact"),
        facts["held"],
        facts["autocast"],
        facts["device"],
    )


@torch.no_grad()
def answers(model: Any, input_ids: Tensor, device: torch.device, *, autocast: bool = False) -> Answers:
    """Return what a model answers; the caller has switched dropout off."""
    with torch.autocast(device.type, torch.bfloat16, enabled=autocast):
        logits = model(input_ids=input_ids.to(device), use_cache=False).logits.float().cpu()
    nats = F.cross_entropy(logits[:, :-1].transpose(1, 2), input_ids[:, 1:], reduction="none")
    return Answers(logits[:, -_LAST:].contiguous(), nats)


def _ask(backend: Backend, input_ids: Tensor, *, autocast: bool) -> Answers:
    with evaluating(backend.module):
        return answers(backend.forward_module, input_ids, backend.device, autocast=autocast)


def _probe_ids(mixture: Mixture, vocabulary: int) -> Tensor:
    """Return the beginnings of the first rows of the mixture, and a row from the whole vocabulary."""
    length = min(_TOKENS, mixture.sequence_length)
    rows = [torch.from_numpy(mixture.row(row).input_ids[:length]) for row in range(_ROWS)]
    drawn = torch.randint(vocabulary, (length,), generator=torch.Generator().manual_seed(0))
    return torch.stack([*rows, drawn])


def _held(module: nn.Module) -> str:
    if any(type(each).__name__ == "Linear4bit" for each in module.modules()):
        return "nf4"
    kinds = {weight.dtype for weight in module.parameters() if weight.is_floating_point()}
    return "float32" if kinds == {torch.float32} else "bfloat16"
