"""Proof, on the loaded model, that a document is learnt from its own text before each place and from nothing else.

Whether it is so is decided in each architecture's code. Position ids that restart keep documents apart where masks are
made from them, and do nothing for state-space and recurrent layers or biases by distance (ALiBi). Models that were made
to fill gaps (BERT's kind) read what stands behind a place too: the very token that they would be trained to predict.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.model.packed import IGNORED, token_losses
from cpt_pipeline.training.backend import Backend
from cpt_pipeline.training.heldout import evaluating

_ROW_TOKENS = 96
_LARGEST_CHANGE = 1.0e-6
"""Nats, the rounding of a loss. Apart means 0 to the last bit; a leak is 1 to 5 in trained models and may be 1e-5 in
untrained ones."""
_NOISE = 10.0
"""How many times the change by what no model can see: grouping tokens by expert may round differently in 16 bits."""
_REMEDY = (
    "Set base.name to a model that reads from left to right and whose attention keeps packed documents apart, such as "
    "llama, qwen2, qwen3, mistral, gemma, phi3, olmo2, gpt_neox or gpt2"
)


class Changes(NamedTuple):
    """Largest changes of a token's loss, in nats."""

    before: float
    """By another document before its own in the row."""
    ahead: float
    """By another text behind it, from the token itself on."""
    noise: float
    """By another row beside its own, which no architecture can see."""


def require_apart(backend: Backend, sequence_length: int, num_rows: int, *, autocast: bool) -> None:
    """Raise a `ParameterError` that names the architecture when a token's loss depends on what it must not.

    That is the text from the token on, and the document before its own. Both are measured in rows of three short
    documents, against the change by another row. All ranks find the same.
    """
    changes = measure_changes(backend, sequence_length, num_rows, autocast=autocast)
    largest = max(_LARGEST_CHANGE, _NOISE * changes.noise)
    kind = getattr(getattr(backend.module, "config", None), "model_type", type(backend.module).__name__)
    if not changes.ahead <= largest:
        raise ParameterError(
            f"the base model is of type {kind}, which reads a text in both directions: another text behind a token "
            f"changes its loss by up to {changes.ahead:.2g} nats. It would be trained to predict tokens that it sees. "
            f"{_REMEDY}"
        )
    if not changes.before <= largest:
        raise ParameterError(
            f"the base model is of type {kind}, in which documents that share a row see one another: another text "
            f"before a document changes its loss by up to {changes.before:.2g} nats a token. Rows of the mixture hold "
            f"many documents, so training would learn from text that does not belong together. {_REMEDY}"
        )


@torch.no_grad()
def measure_changes(backend: Backend, sequence_length: int, num_rows: int, *, autocast: bool) -> Changes:
    """Return by how much the losses of packed rows change with what must not matter to them."""
    ids, other, position_ids = _rows(backend, min(sequence_length, _ROW_TOKENS))
    labels = torch.where(position_ids == 0, IGNORED, ids)
    place = torch.arange(ids.shape[1], device=ids.device)
    third = ids.shape[1] // 3
    middle = third + third // 2  # of the second document
    rows = min(num_rows, len(ids))

    def losses(input_ids: Tensor) -> Tensor:
        used = len(input_ids)
        with torch.autocast(backend.device.type, torch.bfloat16, enabled=autocast):
            return token_losses(backend.forward_module, input_ids, position_ids[:used], labels[:used])

    with evaluating(backend.module):
        found = losses(ids[:rows])
        before = losses(torch.where(place < third, other, ids)[:rows])
        ahead = losses(torch.where(place < middle, ids, other)[:rows])
        beside = losses(torch.stack([ids[0], other[1]]))
        with_both = found if rows == len(ids) else losses(ids)
    return Changes(
        before=_largest((before - found)[:, third:]),
        ahead=_largest((ahead - found)[:, : middle + 1]),
        noise=_largest((beside - with_both)[:1]),
    )


def _largest(changes: Tensor) -> float:
    """Return the largest change; where both losses are no number nothing is compared: training itself watches that."""
    return float(changes.nan_to_num(0.0, math.inf).abs().max())


def _rows(backend: Backend, length: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return two rows of three documents, two of other tokens throughout, and the positions of both."""
    vocabulary = int(backend.module.config.get_text_config().vocab_size)  # type: ignore[operator,union-attr]
    generator = torch.Generator().manual_seed(0)
    ids, other = torch.randint(vocabulary, (2, 2, length), generator=generator)
    third = length // 3
    place = torch.arange(length)
    position_ids = torch.where(place < 2 * third, place % third, place - 2 * third).expand(2, -1)
    ids, other, position_ids = (part.to(backend.device).contiguous() for part in (ids, other, position_ids))
    return ids, other, position_ids
