"""The encoder scorer: a model of the BERT kind with a head of one output, fine-tuned on the labels.

As FineWeb-Edu's classifier is (Penedo et al. 2024), but with all weights trained, and on the labels as probabilities
(binary cross-entropy), so that marks between good and poor are used as they are. On the CPU a text is scored on its own
and by one thread, so its score depends on the text alone; on a GPU texts are scored in padded batches, and a score may
differ by less than 1e-4 from batch to batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.corpus.clean.scoring.labels import Label
from cpt_pipeline.corpus.clean.scoring.params import EncoderParams
from cpt_pipeline.corpus.models.devices import one_thread, pick_device

_MAX_GRADIENT_NORM = 1.0


class EncoderScorer:
    """Gives the probability that a text is good."""

    def __init__(self, folder: Path, params: EncoderParams) -> None:
        self._params = params
        self._device = pick_device()
        self._tokenizer, model = _load(folder)
        self._model = model.to(self._device)

    def score(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Give a score in 0..1 for every text."""
        import torch

        size = 1 if self._device.type == "cpu" else self._params.batch_size
        scores = np.zeros(len(texts))
        with torch.inference_mode(), one_thread():
            for start in range(0, len(texts), size):
                batch = _encode(self._tokenizer, texts[start : start + size], self._params).to(self._device)
                found = self._model(**batch).logits[:, 0].float().sigmoid()
                scores[start : start + size] = found.cpu().numpy()
        return scores


def train_encoder(labels: Sequence[Label], folder: Path, params: EncoderParams, seed: int, out: Path) -> None:
    """Fine-tune the encoder in `folder` on the labels and write it to `out` as safetensors.

    The same labels in the same order and the same seed give the same weights on the same machine. `ParameterError` when
    the tokenizer does not know the language of the labels.
    """
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(seed)  # for the new head, and dropout
        tokenizer, model = _load(folder, new_head=True)
        _require_room(tokenizer, model, params, folder)
        _require_known_words(tokenizer, labels, params, folder)
        _fine_tune(model.to(pick_device()).train(), tokenizer, labels, params, seed)
    out.mkdir(parents=True, exist_ok=True)
    model.to("cpu").save_pretrained(out, safe_serialization=True)
    tokenizer.save_pretrained(out)


def _fine_tune(model: Any, tokenizer: Any, labels: Sequence[Label], params: EncoderParams, seed: int) -> None:
    import torch

    num_steps = params.epochs * math.ceil(len(labels) / params.batch_size)
    num_warmup = round(params.warmup_share * num_steps)
    optimizer = torch.optim.AdamW(model.parameters(), lr=params.learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min((step + 1) / (num_warmup + 1), (num_steps - step) / max(num_steps - num_warmup, 1)),
    )
    for batch in _batches(labels, params, seed):
        inputs = _encode(tokenizer, [label.text for label in batch], params).to(model.device)
        wanted = torch.tensor([label.value for label in batch], dtype=torch.float32, device=model.device)
        logits = model(**inputs).logits[:, 0].float()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), _MAX_GRADIENT_NORM)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)


def _batches(labels: Sequence[Label], params: EncoderParams, seed: int) -> Iterator[list[Label]]:
    """Give the labels of every epoch in an order of its own."""
    for epoch in range(params.epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(labels))
        for start in range(0, len(labels), params.batch_size):
            yield [labels[place] for place in order[start : start + params.batch_size]]


def _load(folder: Path, *, new_head: bool = False) -> tuple[Any, Any]:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from cpt_pipeline.model.weights import load_weights

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    if new_head:
        model = load_weights(AutoModelForSequenceClassification, folder, part="new_head", num_labels=1)
    else:
        model = load_weights(AutoModelForSequenceClassification, folder)
    if tokenizer.pad_token is None:  # a decoder has none; what stands there is masked
        tokenizer.pad_token = tokenizer.eos_token
    if model.config.pad_token_id is None:
        model.config.pad_token_id = tokenizer.pad_token_id
    return tokenizer, model


def _encode(tokenizer: Any, texts: Sequence[str], params: EncoderParams) -> Any:
    shortened = [text[: 8 * params.max_tokens] for text in texts]  # the rest would be read and thrown away
    options = {"truncation": True, "max_length": params.max_tokens, "padding": True, "return_tensors": "pt"}
    return tokenizer(shortened, split_special_tokens=True, **options)


def _require_room(tokenizer: Any, model: Any, params: EncoderParams, folder: Path) -> None:
    limit = min(tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", params.max_tokens))
    if params.max_tokens > limit:
        raise ParameterError(
            f"{folder} reads {limit} tokens, not {params.max_tokens} (conf: clean.scorer.encoder.max_tokens)"
        )


def _require_known_words(tokenizer: Any, labels: Sequence[Label], params: EncoderParams, folder: Path) -> None:
    if tokenizer.unk_token_id is None:
        return
    texts = [label.text for label in labels[:1_000]]
    ids = [each for text in texts for each in _encode(tokenizer, [text], params)["input_ids"][0].tolist()]
    share = ids.count(tokenizer.unk_token_id) / max(len(ids), 1)
    if share > params.max_unknown_share:
        raise ParameterError(
            f"The tokenizer of {folder} does not know {share:.0%} of the labelled texts, more than "
            f"{params.max_unknown_share:.0%} (conf: clean.scorer.encoder): take an encoder of their language"
        )
