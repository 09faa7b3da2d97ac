"""Names of persons, found by a token classifier that the user brings: no model comes with this package.

The folder is in the layout of transformers: a config whose labels are BIO or plain (`B-PER`, `I-PER`, `PER`), weights
in safetensors, and a fast tokenizer. Code inside the folder is never run. The model is loaded at the first text.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from cpt_pipeline.core.errors import ModelNotFoundError
from cpt_pipeline.core.json_reading import read_json
from cpt_pipeline.corpus.clean.personal_data.recognisers import Span

_NAME_LABELS: Final = ("PER", "PERSON", "NAME")
_LABELS_SHOWN: Final = 8
_WINDOW_TOKENS: Final = 256
_OVERLAP_TOKENS: Final = 32
_OUTSIDE: Final = ""


class ModelNames:
    """Finds names with the model in `folder`, on the CPU, window by window."""

    def __init__(self, folder: Path) -> None:
        require_name_labels(folder)
        self._folder = folder

    def find(self, text: str) -> Iterator[Span]:
        """Give the names in order. Where windows overlap, the first that saw a token in its inner part decides."""
        import torch

        tokenizer, model = self._loaded
        encoded = tokenizer(
            text,
            split_special_tokens=True,
            truncation=True,
            max_length=_WINDOW_TOKENS,
            stride=_OVERLAP_TOKENS,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        labels: dict[tuple[int, int], str] = {}
        for ids, offsets in zip(encoded["input_ids"], encoded["offset_mapping"], strict=True):
            with torch.inference_mode():
                best = model(input_ids=torch.tensor([ids])).logits[0].argmax(-1).tolist()
            for offset, label in zip(offsets, best, strict=True):
                if offset[1] > offset[0]:
                    labels.setdefault(tuple(offset), str(model.config.id2label[label]))
        yield from _spans(text, sorted(labels.items()))

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        from transformers import AutoModelForTokenClassification, AutoTokenizer

        from cpt_pipeline.model.weights import load_weights

        tokenizer = AutoTokenizer.from_pretrained(self._folder, local_files_only=True, trust_remote_code=False)
        return tokenizer, load_weights(AutoModelForTokenClassification, self._folder)


def require_name_labels(folder: Path) -> None:
    """Raise `ModelNotFoundError` when the config.json of a token classifier has no label for names of persons."""
    if not (folder / "config.json").is_file():
        raise ModelNotFoundError(
            f"{folder} holds no config.json; clean.personal_data.name_model is the folder of a token classifier, "
            "or null to look for no names"
        )
    config = read_json(folder / "config.json", keys=("model_type",), remedy="Download or copy the model again.")
    labels = list((config.get("id2label") or {}).values())
    if not any(_is_name(str(label)) for label in labels):
        shown = f"only {', '.join(map(str, labels[:_LABELS_SHOWN]))}" if labels else "no labels at all"
        raise ModelNotFoundError(
            f"{folder}/config.json has {shown} (id2label), and names of persons would be {', '.join(_NAME_LABELS)}, "
            "plain or behind B- and I-; clean.personal_data.name_model is the folder of a token classifier that has "
            "one of them, or null to look for no names"
        )


def _is_name(label: str) -> bool:
    return label.rpartition("-")[2].upper() in _NAME_LABELS


def _spans(text: str, labels: list[tuple[tuple[int, int], str]]) -> Iterator[Span]:
    """Join neighbouring tokens of a name; `B-` starts another one."""
    start = end = -1
    for (left, right), label in [*labels, ((len(text), len(text)), _OUTSIDE)]:
        named = _is_name(label)
        joins = named and start >= 0 and not label.startswith("B-") and not text[end:left].strip()
        if not joins and start >= 0:
            yield Span(start, end, "name")
            start = -1
        if named:
            start = start if joins else left
            end = right
