"""Documents that share a row must not see one another; transformers leaks in silence when asked wrongly."""

from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

from cpt_pipeline.model.packed import IGNORED, token_losses

LENGTHS = (5, 9, 2)


def _model(kind: str) -> torch.nn.Module:
    torch.manual_seed(0)
    shape = {
        "vocab_size": 97,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 32,
        "initializer_range": 0.3,
    }
    if kind == "llama":
        return LlamaForCausalLM(LlamaConfig(**shape)).train()
    return Qwen2ForCausalLM(Qwen2Config(**shape)).train()


def _row() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    ids = torch.randint(0, 97, (1, sum(LENGTHS)), generator=torch.Generator().manual_seed(1))
    positions = torch.cat([torch.arange(length) for length in LENGTHS])[None]
    return ids, positions, torch.where(positions == 0, IGNORED, ids)


def _separate_losses(model: torch.nn.Module, ids: torch.Tensor) -> torch.Tensor:
    parts = []
    for document in ids.split(LENGTHS, dim=1):
        positions = torch.arange(document.shape[1])[None]
        parts.append(token_losses(model, document, positions, torch.where(positions == 0, IGNORED, document)))
    return torch.cat(parts, dim=1)


@pytest.mark.feature(73)
@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_packed_losses_and_gradients_equal_those_of_separate_documents(kind: str) -> None:
    model = _model(kind)
    ids, positions, labels = _row()
    packed = token_losses(model, ids, positions, labels)
    packed.sum().backward()
    gradients = {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}
    model.zero_grad()
    separate = _separate_losses(model, ids)
    separate.sum().backward()
    assert torch.allclose(packed, separate, atol=1e-5)
    assert len(gradients) > 10
    for name, weight in model.named_parameters():
        largest = float(weight.grad.abs().max())  # rounding follows the largest part of a sum, not each of its results
        assert torch.allclose(gradients[name], weight.grad, rtol=0, atol=1e-5 * max(largest, 1.0)), name


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_the_check_would_see_a_leak(kind: str) -> None:
    """With the cache on, the same row gives other logits: the comparison above can fail."""
    model = _model(kind)
    ids, positions, _ = _row()
    with torch.no_grad():
        closed = model(input_ids=ids, position_ids=positions, attention_mask=None, use_cache=False).logits
        leaking = model(input_ids=ids, position_ids=positions, attention_mask=None, use_cache=True).logits
    assert (closed - leaking).abs().max() > 1e-2


@pytest.mark.feature(71)
@pytest.mark.feature(151)
def test_every_token_but_the_first_of_a_document_is_predicted() -> None:
    ids, positions, labels = _row()
    losses = token_losses(_model("llama"), ids, positions, labels)
    predicted = losses[0] > 0
    assert predicted.sum() == sum(LENGTHS) - len(LENGTHS)
    assert not predicted[positions[0] == 0].any()
