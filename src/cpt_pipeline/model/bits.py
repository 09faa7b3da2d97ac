"""Bits per byte, choices and continuations: what is asked of a finished model.

The rolling convention is lm-eval's: a text begins after the document-start token, is read in windows of
`sequence_length` tokens, and every token is predicted once, from at least one token before it. Bytes are those of the
text itself, so models with different tokenizers can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.formats.model_facts import ASSUMED_CONTEXT
from cpt_pipeline.formats.plain_text import PlainTextEncoder


@dataclass(frozen=True)
class DocumentLoss:
    """What one text costs a model."""

    nll: float
    """Negative log likelihood of the whole text in nats."""
    tokens: int
    bytes: int
    """UTF-8 bytes of the text."""

    @property
    def bits_per_byte(self) -> float:
        """Bits the model needs for one byte of the text; NaN for an empty one."""
        return self.nll / math.log(2) / self.bytes if self.bytes else math.nan


@dataclass(frozen=True)
class _Window:
    owner: int
    inputs: Sequence[int]
    targets: Sequence[int]
    """The tokens that follow the last `len(targets)` inputs."""


def document_nll(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    *,
    sequence_length: int,
    tokens_per_batch: int,
) -> list[DocumentLoss]:
    """Give the loss of every text, in the order of `texts`.

    Windows of like length share a batch of at most `tokens_per_batch` tokens (one window at the least). A text's
    loss does not depend on what it shares a batch with (within 1e-4 nats in fp32).
    """
    start = _start_token(tokenizer)
    encoded = [_encode(tokenizer, text) for text in texts]
    windows = [window for owner, ids in enumerate(encoded) for window in _windows(owner, ids, start, sequence_length)]
    totals = [0.0] * len(texts)
    for window, loss in zip(windows, _losses(model, windows, tokens_per_batch), strict=True):
        totals[window.owner] += loss
    return [
        DocumentLoss(nll, len(ids), len(text.encode("utf-8")))
        for nll, ids, text in zip(totals, encoded, texts, strict=True)
    ]


def choice_logprobs(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompt: str, choices: Sequence[str]
) -> list[float]:
    """Give the log probability (nats) of each choice as the continuation of the prompt.

    Spaces at the end of the prompt count as the beginning of the choice, because tokenizers join them to the word.
    A prompt longer than the model's context loses its beginning.
    """
    stem = prompt.rstrip(" ")
    context = _encode(tokenizer, stem)
    windows = []
    for owner, choice in enumerate(choices):
        whole = _encode(tokenizer, stem + prompt[len(stem) :] + choice)
        border = min(len(context), len(whole) - 1)
        sequence = [_start_token(tokenizer), *whole][-1 - _context_length(model) :]
        windows.append(_Window(owner, sequence[:-1], whole[border:][-len(sequence) + 1 :]))
    return [-loss for loss in _losses(model, windows, max(len(window.inputs) for window in windows) * len(windows))]


def best_choice(logprobs: Sequence[float], choices: Sequence[str]) -> int:
    """Give the index of the choice with the highest log probability per UTF-8 byte; the first among equals."""
    return max(range(len(choices)), key=lambda index: logprobs[index] / max(len(choices[index].encode("utf-8")), 1))


@torch.inference_mode()
def continue_text(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompt: str, num_tokens: int) -> str:
    """Give the `num_tokens` most likely tokens after the prompt as text; fewer when the document ends before."""
    room = _context_length(model) - num_tokens
    known = [_start_token(tokenizer), *_encode(tokenizer, prompt)][-room:]
    fed, found = known, list[int]()
    cache = None
    while len(found) < num_tokens:
        step = model(input_ids=torch.tensor([fed], device=model.device), past_key_values=cache, use_cache=True)
        cache, token = step.past_key_values, int(step.logits[0, -1].argmax())
        if token == tokenizer.eos_token_id:
            break
        found.append(token)
        fed = [token]
    before = _decode(tokenizer, known)
    return _decode(tokenizer, [*known, *found])[len(before) :]


def _start_token(tokenizer: PreTrainedTokenizerBase) -> int:
    token = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    if token is None:
        raise ArtifactError(
            f"the tokenizer at {tokenizer.name_or_path} names neither a bos nor an eos token, so the first token of a "
            "text has nothing to be predicted from. Set eos_token in its tokenizer_config.json."
        )
    return int(token)


def _encode(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    return _plain(tokenizer).encode([text])[0]


@lru_cache(maxsize=1)
def _plain(tokenizer: PreTrainedTokenizerBase) -> PlainTextEncoder:
    """Build the encoder of a tokenizer once for all its texts."""
    return PlainTextEncoder(tokenizer)


def _decode(tokenizer: PreTrainedTokenizerBase, ids: list[int]) -> str:
    text = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    assert isinstance(text, str)
    return text


def _context_length(model: PreTrainedModel) -> int:
    length = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return int(length or ASSUMED_CONTEXT)


def _windows(owner: int, ids: Sequence[int], start: int, length: int) -> Iterator[_Window]:
    """Cut a text: each window predicts the next `length` tokens; the last looks back as far as it may."""
    sequence = [start, *ids]
    for first in range(0, len(ids), length):
        end = min(first + length, len(ids))
        yield _Window(owner, sequence[max(0, end - length) : end], ids[first:end])


@torch.inference_mode()
def _losses(model: PreTrainedModel, windows: Sequence[_Window], tokens_per_batch: int) -> list[float]:
    """Give the loss in nats of each window's targets, in the order of `windows`."""
    order = sorted(range(len(windows)), key=lambda index: -len(windows[index].inputs))
    losses = [0.0] * len(windows)
    first = 0
    while first < len(order):
        size = max(1, tokens_per_batch // len(windows[order[first]].inputs))
        batch = order[first : first + size]
        for index, loss in zip(batch, _batch_losses(model, [windows[index] for index in batch]), strict=True):
            losses[index] = loss
        first += size
    return losses


def _batch_losses(model: PreTrainedModel, batch: Sequence[_Window]) -> list[float]:
    """Score a batch padded on the right: attention looks back only, so padding needs no mask."""
    width = len(batch[0].inputs)
    padded = [[*window.inputs, *[0] * (width - len(window.inputs))] for window in batch]
    logits = model(input_ids=torch.tensor(padded, device=model.device), use_cache=False).logits
    rows = [_row_loss(row, window) for row, window in zip(logits, batch, strict=True)]
    return [float(loss) for loss in torch.stack(rows).tolist()]


def _row_loss(logits: Tensor, window: _Window) -> Tensor:
    """Sum over one row; in fp32 per token and float64 over tokens, a row at a time to bound memory."""
    end = len(window.inputs)
    targets = torch.tensor(window.targets, device=logits.device)
    return F.cross_entropy(logits[end - len(window.targets) : end].float(), targets, reduction="none").double().sum()
