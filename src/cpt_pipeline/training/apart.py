"""Proof, on the loaded model, that documents which share a row do not see one another.

Whether they do is decided in each architecture's code: position ids that restart keep documents apart where masks are
made from them, and do nothing for state-space and recurrent layers or biases by distance (ALiBi).
"""

from __future__ import annotations

import math

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
"""How many times the change by what cannot matter: grouping tokens by expert may round differently in 16 bits."""


def require_apart(backend: Backend, sequence_length: int, num_rows: int, *, autocast: bool) -> None:
    """Raise a `ParameterError` that names the architecture when a document's loss depends on the one before it.

    Two passes of three short documents a row, the first of them swapped. The change is measured against that by
    another third document, which no causal model can see. All ranks find the same.
    """
    change, noise = changes_by_neighbours(backend, sequence_length, num_rows, autocast=autocast)
    if not change <= max(_LARGEST_CHANGE, _NOISE * noise):
        kind = getattr(getattr(backend.module, "config", None), "model_type", type(backend.module).__name__)
        raise ParameterError(
            f"the base model is of type {kind}, in which documents that share a row see one another: another text "
            f"before a document changes its loss by up to {change:.2g} nats a token. Rows of the mixture hold many "
            "documents, so training would learn from text that does not belong together. Set base.name to a model "
            "whose attention keeps packed documents apart, such as llama, qwen2, qwen3, mistral, gemma, phi3, olmo2, "
            "gpt_neox or gpt2"
        )


@torch.no_grad()
def changes_by_neighbours(
    backend: Backend, sequence_length: int, num_rows: int, *, autocast: bool
) -> tuple[float, float]:
    """Return the largest change in nats by another document before, and by another one behind."""
    ids, before, behind, position_ids = _rows(backend, min(sequence_length, _ROW_TOKENS), min(num_rows, 2))
    labels = torch.where(position_ids == 0, IGNORED, ids)

    def losses(input_ids: Tensor) -> Tensor:
        with torch.autocast(backend.device.type, torch.bfloat16, enabled=autocast):
            return token_losses(backend.forward_module, input_ids, position_ids, labels)

    third = ids.shape[1] // 3
    with evaluating(backend.module):
        found = losses(ids)
        change = (losses(before) - found)[:, third:]
        noise = (losses(behind) - found)[:, : 2 * third]
    # Where both are no number nothing can be compared; training itself watches for such.
    return float(change.nan_to_num(0.0, math.inf).abs().max()), float(noise.nan_to_num(0.0, math.inf).abs().max())


def _rows(backend: Backend, length: int, num_rows: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return rows of three documents, the same with another first and with another last one, and their positions."""
    vocabulary = int(backend.module.config.get_text_config().vocab_size)  # type: ignore[operator,union-attr]
    generator = torch.Generator().manual_seed(0)
    ids, other = torch.randint(vocabulary, (2, num_rows, length), generator=generator)
    third = length // 3
    place = torch.arange(length)
    position_ids = torch.where(place < 2 * third, place % third, place - 2 * third).expand(num_rows, -1)
    before, behind = torch.where(place < third, other, ids), torch.where(place < 2 * third, ids, other)
    ids, before, behind, position_ids = (
        part.to(backend.device).contiguous() for part in (ids, before, behind, position_ids)
    )
    return ids, before, behind, position_ids
