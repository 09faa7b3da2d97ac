"""The forward pass over packed rows: documents share a row and do not see one another.

Needs three things at once, else transformers 5.23 leaks between documents without a word: position ids that
restart with every document, no attention mask, and no key-value cache.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

IGNORED = -100


def token_losses(model: torch.nn.Module, input_ids: Tensor, position_ids: Tensor, labels: Tensor) -> Tensor:
    """Give the loss of every predicted token in nats, shape [rows, tokens], 0 where nothing is predicted.

    Entry `t` is the loss of predicting label `t` from what stands before it, so column 0 is always 0.
    """
    logits = model(input_ids=input_ids, position_ids=position_ids, attention_mask=None, use_cache=False).logits
    losses = F.cross_entropy(
        logits[:, :-1].float().transpose(1, 2), labels[:, 1:], ignore_index=IGNORED, reduction="none"
    )
    return F.pad(losses, (1, 0))
