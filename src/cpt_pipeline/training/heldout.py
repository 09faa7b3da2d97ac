"""Held-out loss during training: the two curves that show learning and forgetting.

A few thousand tokens of each channel in fixed rows; the same rows at every measurement. The full evaluation
with intervals is stage evaluate.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xxhash
from torch import Tensor, nn

from cpt_pipeline.formats import tokens as token_format
from cpt_pipeline.model.packed import IGNORED, token_losses
from cpt_pipeline.training.backend import Backend


@dataclass(frozen=True)
class HeldoutSet:
    """Rows of one channel; tensors have shape [rows, sequence_length]."""

    channel: str
    input_ids: Tensor
    position_ids: Tensor
    labels: Tensor
    num_labels: int
    num_bytes: float
    """UTF-8 bytes of the predicted tokens: each document's bytes by its share of predicted tokens."""


def load_heldout(artifact: Path, sequence_length: int, max_tokens: int) -> list[HeldoutSet]:
    """Lay held-out documents of every channel into padded rows; a document longer than a row is cut.

    They are taken in the order of a hash of their ids: the first ones may all be parts of one book.
    """
    return [
        _rows(artifact, channel, sequence_length, max_tokens)
        for channel in token_format.channels(artifact, "heldout")
        if token_format.open_shard(artifact, "heldout", channel).num_tokens > 1
    ]


def _rows(artifact: Path, channel: str, length: int, max_tokens: int) -> HeldoutSet:
    shard = token_format.open_shard(artifact, "heldout", channel)
    sidecar = token_format.read_sidecar(artifact, "heldout", channel)
    ids, sizes = sidecar["id"].to_pylist(), sidecar["bytes"].to_pylist()
    rows: list[list[np.ndarray[Any, Any]]] = [[]]
    num_labels, num_bytes = 0, 0.0
    for index in sorted(range(shard.num_documents), key=lambda index: xxhash.xxh3_64_intdigest(ids[index])):
        piece = shard.document(index)[:length].astype(np.int64)
        if num_labels and num_labels + len(piece) > max_tokens:
            break
        if sum(map(len, rows[-1])) + len(piece) > length:
            rows.append([])
        rows[-1].append(piece)
        num_labels += len(piece) - 1
        num_bytes += sizes[index] * (len(piece) - 1) / int(shard.lengths[index])
    laid = [_lay(row, length) for row in rows]
    tokens, positions, labels = (torch.from_numpy(np.stack(column)) for column in zip(*laid, strict=True))
    return HeldoutSet(channel, tokens, positions, labels, num_labels, num_bytes)


def _lay(pieces: list[np.ndarray[Any, Any]], length: int) -> tuple[np.ndarray[Any, Any], ...]:
    """Lay whole pieces side by side; every padding token is a document of its own that nothing predicts."""
    padding = np.zeros(length - sum(map(len, pieces)), np.int64)
    ids = np.concatenate([*pieces, padding])
    positions = np.concatenate([*(np.arange(len(piece)) for piece in pieces), padding])
    return ids, positions, np.where(positions == 0, IGNORED, ids)


@torch.no_grad()
def measure(
    backend: Backend, sets: list[HeldoutSet], micro_batch_rows: int, precision: str
) -> dict[str, dict[str, float]]:
    """Give loss (nats per token), perplexity and bits per byte of every channel; equal on all ranks.

    All ranks run the same number of passes, as sharded weights require.
    """
    found = {}
    with evaluating(backend.module):
        for each in sets:
            total = torch.zeros((), dtype=torch.float64, device=backend.device)
            stride = micro_batch_rows * backend.world_size
            for start in range(0, len(each.input_ids), stride):
                mine = slice(start + backend.rank * micro_batch_rows, start + (backend.rank + 1) * micro_batch_rows)
                total += _batch_loss(backend, each, mine, precision)
            nats = float(backend.sum(total))
            loss = nats / max(each.num_labels, 1)
            found[each.channel] = {
                "loss": loss,
                "perplexity": math.exp(min(loss, 50.0)),
                "bits_per_byte": nats / math.log(2) / max(each.num_bytes, 1.0),
            }
    return found


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Switch dropout off inside, except in the 4-bit layers of bitsandbytes, and back to training behind.

    Evaluated on a CPU those repack their weights for good, and every gradient through them is wrong from then on.
    """
    module.eval()
    for each in module.modules():
        kind = type(each)
        if kind.__name__ == "Linear4bit" and kind.__module__.startswith("bitsandbytes"):
            each.training = True
    try:
        yield
    finally:
        module.train()


def _batch_loss(backend: Backend, each: HeldoutSet, mine: slice, precision: str) -> Tensor:
    idle = mine.start >= len(each.input_ids)
    chosen = slice(0, 1) if idle else mine
    batch = [part[chosen].to(backend.device) for part in (each.input_ids, each.position_ids, each.labels)]
    with torch.autocast(backend.device.type, torch.bfloat16, enabled=precision == "bf16"):
        losses = token_losses(backend.forward_module, *batch)
    return torch.zeros((), dtype=torch.float64, device=backend.device) if idle else losses.double().sum()
