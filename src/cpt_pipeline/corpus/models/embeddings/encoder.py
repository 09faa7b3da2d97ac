"""Vectors of a sentence encoder that the user brings, in the layout of transformers and sentence-transformers.

Weights are safetensors and code beside them is never run. A text alone in its batch has the same vector, bit by bit,
whatever task or worker it comes to; neighbours in a batch move it by about a millionth.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from cpt_pipeline.core.artifact import digest_file
from cpt_pipeline.core.errors import ModelNotFoundError
from cpt_pipeline.corpus.models.devices import one_thread
from cpt_pipeline.corpus.models.embeddings.hashed import Vectors
from cpt_pipeline.corpus.models.embeddings.params import EncoderParams, EncoderRunParams, Pooling
from cpt_pipeline.formats.models import find_model, model_files

_MODES: dict[str, Pooling] = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_lasttoken": "last",
}
_KNOWN_MODULES = {"Transformer", "Pooling", "Normalize"}
_FIRST_POSITIONS = 2
"""RoBERTa counts positions from here on: its config says 514 where 512 fit."""
_CHARACTERS_PER_TOKEN = 64
"""No more of a long text is given to the tokenizer, which would read a whole book for its first page."""
_NO_LIMIT = 1 << 20
"""A tokenizer that says more knows no limit."""


class Encoder:
    """A sentence encoder on one device. `ModelNotFoundError` when it is none that can be read as it is."""

    def __init__(self, params: EncoderParams, run: EncoderRunParams, *, key: str) -> None:
        from transformers import AutoModel, AutoTokenizer

        from cpt_pipeline.model.weights import load_weights

        self._params, self._run = params, run
        folder = find_encoder(params, key)
        self._tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        self._tokenizer.padding_side = "right"
        if self._tokenizer.pad_token is None:  # a decoder has none; what stands there is masked
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._model = load_weights(AutoModel, folder, part="body", dtype="float32").to(run.device)
        self._pooling = params.pooling or read_pooling(folder)
        self.max_tokens = min(params.max_tokens or _NO_LIMIT, self._longest(folder))
        self.dimensions = int(self._model.config.hidden_size)

    def embed(self, texts: Iterable[str]) -> Vectors:
        """Give a vector per text, of its first `max_tokens` tokens."""
        listed = list(texts)
        found = np.empty((len(listed), self.dimensions), np.float32)
        longest = self.max_tokens * _CHARACTERS_PER_TOKEN
        with one_thread():
            for start in range(0, len(listed), self._run.batch_texts):
                some = listed[start : start + self._run.batch_texts]
                found[start : start + len(some)] = self._embed([self._params.prefix + text[:longest] for text in some])
        return found

    def _embed(self, texts: list[str]) -> Vectors:
        import torch

        given = self._tokenizer(
            texts,
            split_special_tokens=True,
            padding=len(texts) > 1,
            truncation=True,
            max_length=self.max_tokens,
            return_tensors="pt",
        )
        names = ("input_ids", "attention_mask", "token_type_ids")
        inputs = {name: given[name].to(self._run.device) for name in names if name in given}
        found: Vectors = np.full((len(texts), self.dimensions), self.dimensions**-0.5, np.float32)
        mask = inputs["attention_mask"]
        filled = mask.sum(dim=1).cpu().numpy() > 0  # an empty text has no token where begin and end have no mark
        if filled.any():
            with torch.inference_mode():
                states = self._model(**inputs).last_hidden_state
                vectors = torch.nn.functional.normalize(_pool(states, mask, self._pooling), dim=-1)
            found[filled] = vectors.float().cpu().numpy()[filled]
        return found

    def _longest(self, folder: Path) -> int:
        positions = getattr(self._model.config, "max_position_embeddings", _NO_LIMIT)
        known = self._tokenizer.model_max_length
        limits = [known if known <= _NO_LIMIT else positions - _FIRST_POSITIONS, positions]
        settings = _read_json(folder / "sentence_bert_config.json") or {}
        return min([*limits, settings.get("max_seq_length") or _NO_LIMIT])


def find_encoder(params: EncoderParams, key: str) -> Path:
    """Find the encoder's folder and check, without loading it, that nothing in it would be passed over."""
    folder = find_model(params.model, params.revision, key=key)
    named = [str(each.get("type", "")).rpartition(".")[2] for each in _read_json(folder / "modules.json") or []]
    if unknown := sorted(set(named) - _KNOWN_MODULES):
        raise ModelNotFoundError(
            f"{params.model} has parts that are not read here: {', '.join(unknown)}. Set {key} to an encoder of "
            "a transformer and pooling alone."
        )
    if params.pooling is None:
        read_pooling(folder)
    return folder


def read_pooling(folder: Path) -> Pooling:
    """Read how the model's tokens become one vector; the mean where it does not say."""
    settings = _read_json(folder / "1_Pooling" / "config.json")
    if settings is None:
        return "mean"
    asked = [name for name, value in settings.items() if name.startswith("pooling_mode") and value is True]
    if len(asked) == 1 and asked[0] in _MODES:
        return _MODES[asked[0]]
    raise ModelNotFoundError(
        f"{folder} pools its tokens by {', '.join(asked) or 'nothing that is named'}; known are "
        f"{', '.join(_MODES)}, one at a time. Set `pooling` beside the model's name."
    )


def digest_encoder(params: EncoderParams, key: str) -> dict[str, str]:
    """Give what the vectors depend on beside the parameters: of a folder its files, of a hub name nothing more."""
    folder = find_encoder(params, key)
    if not params.is_folder:
        return {}
    files = [*model_files(folder), *folder.glob("1_Pooling/config.json")]
    return {path.relative_to(folder).as_posix(): digest_file(path) for path in files}


def _pool(states: Any, mask: Any, pooling: Pooling) -> Any:
    """Make one vector of the states [texts, tokens, dimensions] of each text."""
    import torch

    if pooling == "cls":
        return states[:, 0]
    if pooling == "last":
        return states[torch.arange(len(states)), mask.sum(dim=1) - 1]
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
