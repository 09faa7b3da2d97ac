"""What a model folder says about itself before any weight is read: config.json, tokenizer.json, safetensors headers.

The names in config.json differ between architectures (GPT-2 says `n_layer`, multimodal models keep the sizes of their
language model in `text_config`); here each size has one name. Where config.json is silent, the headers answer.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any

from cpt_pipeline.core.errors import ModelNotFoundError

ASSUMED_CONTEXT = 2048
"""Tokens that a model reads whose config.json names no longest row."""
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json")
"""Files of which a tokenizer has one at least."""
_INDEX = "model.safetensors.index.json"
_SIZES = {
    "num_layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    "hidden_size": ("hidden_size", "n_embd", "n_embed", "d_model"),
    "vocabulary_size": ("vocab_size",),
    "max_positions": ("max_position_embeddings", "n_positions", "max_seq_len", "max_sequence_length"),
}
"""One size to the names that architectures have for it."""
_EMBEDDINGS = ("embed_tokens", "wte", "word_embeddings", "embed_in", "embeddings", "tok_embeddings")
_HEADS = ("lm_head", "embed_out")
_POSITIONS = ("wpe", "embed_positions", "position_embeddings", "positions_embed")
_ALIBI_TYPES = ("bloom", "mpt")


@dataclass(frozen=True)
class ModelFacts:
    """Sizes and names of one causal language model; None or empty where its files do not tell."""

    name: str
    """As messages show it: the folder or hub name."""
    num_layers: int | None = None
    hidden_size: int | None = None
    vocabulary_size: int | None = None
    max_positions: int | None = None
    """Longest row in tokens; None also for models without a limit (ALiBi, state space models)."""
    has_learned_positions: bool = False
    has_scaled_rope: bool = False
    has_tied_embeddings: bool = False
    """Input embedding and output head are the same weight."""
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Weight name to shape; empty when only config.json was at hand."""
    has_tokenizer: bool = True
    largest_token_id: int | None = None
    """Of tokenizer.json and the tokens added to it; None without tokenizer.json."""

    @property
    def num_parameters(self) -> int:
        """Numbers in all weights together."""
        return sum(map(prod, self.shapes.values()))

    @property
    def embedding_rows(self) -> int | None:
        """Rows of the input embedding; what config.json says where no weight of a known name is there."""
        rows = [shape[0] for name, shape in self.shapes.items() if len(shape) == 2 and _ends_in(name, _EMBEDDINGS)]
        return min(rows) if rows else self.vocabulary_size

    def matching_modules(self, target: str) -> list[str]:
        """Return the modules with a matrix that a LoRA target names, by the rule of peft: whole name or its end."""
        return [name for name in self.matrices() if name == target or name.endswith(f".{target}")]

    def matrices(self) -> list[str]:
        """Return the names of all modules that hold a matrix, in the order of the files."""
        return [name.removesuffix(".weight") for name, shape in self.shapes.items() if _is_matrix(name, shape)]

    def find_id_problem(self, largest_id: int | None) -> str | None:
        """Return the problem of a tokenizer that has ids without a row in the embedding, or None."""
        rows = self.embedding_rows
        if rows is None or largest_id is None or largest_id < rows:
            return None
        return (
            f"the tokenizer of {self.name} has ids up to {largest_id}, and its embedding has {rows} rows (ids 0 to "
            f"{rows - 1}): a text that holds a larger id would end the training. Take the tokenizer of these "
            "weights, or resize the embedding (resize_token_embeddings) and save the model again"
        )

    def is_tied(self, target: str) -> bool:
        """Check whether a LoRA target names one of the two ends of tied embeddings."""
        return self.has_tied_embeddings and target.rpartition(".")[2] in (*_EMBEDDINGS, *_HEADS)


def read_facts(folder: Path, *, name: str | None = None) -> ModelFacts:
    """Read what a model folder says; a folder with config.json alone gives facts without weights.

    `ModelNotFoundError` when config.json or a safetensors header cannot be read.
    """
    config = _read_json(folder / "config.json")
    shapes = read_shapes(folder)
    facts = describe(config, shapes, name=name or str(folder))
    has_tokenizer = not shapes or any((folder / each).is_file() for each in TOKENIZERS)
    return replace(facts, has_tokenizer=has_tokenizer, largest_token_id=largest_token_id(folder))


def describe(config: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], *, name: str) -> ModelFacts:
    """Return the facts of a configuration and the shapes of its weights."""
    text = {**config, **(config.get("text_config") or {})}
    sizes = {size: _first_number(text, names) for size, names in _SIZES.items()}
    learned = [shape[0] for each, shape in shapes.items() if len(shape) == 2 and _ends_in(each, _POSITIONS)]
    if learned:
        # Some architectures (OPT) have a few rows more than positions.
        sizes["max_positions"] = min(learned[0], sizes["max_positions"] or learned[0])
    elif _has_alibi(text):
        sizes["max_positions"] = None
    return ModelFacts(
        name=name,
        num_layers=sizes["num_layers"],
        hidden_size=sizes["hidden_size"],
        vocabulary_size=sizes["vocabulary_size"],
        max_positions=sizes["max_positions"],
        has_learned_positions=bool(learned),
        has_scaled_rope=_has_scaled_rope(text),
        has_tied_embeddings=_is_tied(config, text, shapes),
        shapes=shapes,
    )


def read_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Read the shape of every weight from the headers of the safetensors files; no weight is read.

    With an index only the files it names count: a hub folder may hold the same weights in a second layout.
    `ModelNotFoundError` when a file is missing or is no safetensors file.
    """
    index = folder / _INDEX
    named = set(_read_json(index)["weight_map"].values()) if index.is_file() else ()
    paths = sorted(folder / name for name in named) or sorted(folder.glob("*.safetensors"))
    return {name: tuple(entry["shape"]) for path in paths for name, entry in _read_header(path)}


def largest_token_id(folder: Path) -> int | None:
    """Return the largest id of tokenizer.json and the tokens that its companions add; None without it."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        return None
    content = _read_json(path)
    vocabulary = content.get("model", {}).get("vocab", {})
    listed = vocabulary.values() if isinstance(vocabulary, dict) else range(len(vocabulary))
    added = [entry["id"] for entry in content.get("added_tokens") or ()]
    return max([*listed, *added, *_companion_ids(folder)], default=None)


def _companion_ids(folder: Path) -> Iterator[int]:
    """Return the ids of tokens that transformers adds to those of tokenizer.json."""
    if (folder / "tokenizer_config.json").is_file():
        yield from map(int, _read_json(folder / "tokenizer_config.json").get("added_tokens_decoder") or ())
    if (folder / "added_tokens.json").is_file():
        yield from _read_json(folder / "added_tokens.json").values()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelNotFoundError(f"{path} cannot be read ({error}); put the base's own file there") from error
    if not isinstance(content, dict):
        raise ModelNotFoundError(f"{path} holds a {type(content).__name__} where an object belongs")
    return content


def _read_header(path: Path) -> Iterable[tuple[str, Any]]:
    try:
        with path.open("rb") as stream:
            (size,) = struct.unpack("<Q", stream.read(8))
            if size > path.stat().st_size:
                raise ValueError(f"its header would be {size} bytes long")
            header = json.loads(stream.read(size))
    except (OSError, ValueError, struct.error) as error:
        raise ModelNotFoundError(f"{path} is no whole safetensors file ({error}); fetch the weights again") from error
    return [(name, entry) for name, entry in header.items() if name != "__metadata__"]


def _first_number(config: Mapping[str, Any], names: Iterable[str]) -> int | None:
    found = (config.get(name) for name in names)
    return next((int(value) for value in found if isinstance(value, int | float) and value), None)


def _ends_in(weight: str, modules: Iterable[str]) -> bool:
    return weight.removesuffix(".weight").rpartition(".")[2] in modules


def _is_matrix(name: str, shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 and name.endswith(".weight")


def _has_alibi(config: Mapping[str, Any]) -> bool:
    return config.get("model_type") in _ALIBI_TYPES or bool(config.get("alibi"))


def _has_scaled_rope(config: Mapping[str, Any]) -> bool:
    """Look for a scaling in every form of it: transformers 4 and 5, and one entry for each kind of layer."""
    settings = config.get("rope_scaling") or config.get("rope_parameters") or {}
    entries = [settings, *(value for value in settings.values() if isinstance(value, Mapping))]
    kinds = [entry.get("rope_type", entry.get("type")) for entry in entries]
    return any(kind not in (None, "default") for kind in kinds)


def _is_tied(config: Mapping[str, Any], text: Mapping[str, Any], shapes: Mapping[str, Any]) -> bool:
    for each in (config, text):
        if isinstance(each.get("tie_word_embeddings"), bool):
            return bool(each["tie_word_embeddings"])
    return bool(shapes) and not any(_ends_in(name, _HEADS) for name in shapes)
