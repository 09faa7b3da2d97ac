"""What model folders say of themselves, over architectures that transformers saved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cpt_pipeline.core.errors import ModelNotFoundError
from cpt_pipeline.formats.model_facts import describe, largest_token_id, read_facts
from tests.formats.tiny_models import CONFIGS, save_gemma3, save_tiny

TIED = {"gemma", "gemma2", "gemma3", "gpt2", "opt", "bloom", "mpt", "falcon", "mamba"}
LEARNED = {"gpt2", "opt"}
UNLIMITED = {"bloom", "mpt", "mamba"}


@pytest.mark.parametrize("model_type", [*CONFIGS, "gemma3"])
def test_every_architecture_tells_its_sizes(model_type: str, tmp_path: Path) -> None:
    folder = save_gemma3(tmp_path) if model_type == "gemma3" else save_tiny(model_type, tmp_path)
    facts = read_facts(folder)
    assert (facts.num_layers, facts.hidden_size, facts.vocabulary_size) == (2, 16, 96)
    assert facts.embedding_rows == 96
    assert facts.max_positions == (None if model_type in UNLIMITED else 64)
    assert facts.has_learned_positions == (model_type in LEARNED)
    assert facts.has_tied_embeddings == (model_type in TIED)
    assert not facts.has_scaled_rope
    assert facts.num_parameters > 2 * 16 * 96


@pytest.mark.parametrize(
    "rope",
    [
        {"rope_scaling": {"type": "linear", "factor": 2.0}},
        {"rope_scaling": {"rope_type": "llama3", "factor": 8.0}},
        {"rope_parameters": {"rope_type": "yarn", "factor": 4.0}},
        {"rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 8.0}}},
        {"text_config": {"rope_parameters": {"rope_type": "yarn"}}},
    ],
)
def test_a_scaled_rope_is_seen_in_every_form(rope: dict[str, object]) -> None:
    assert describe(rope, {}, name="m").has_scaled_rope


@pytest.mark.parametrize("rope", [{}, {"rope_scaling": None}, {"rope_parameters": {"rope_type": "default"}}])
def test_a_plain_rope_is_not_scaled(rope: dict[str, object]) -> None:
    assert not describe(rope, {}, name="m").has_scaled_rope


def test_without_a_flag_the_weights_say_whether_embeddings_are_tied() -> None:
    one = {"wte.weight": (8, 4)}
    assert describe({}, one, name="m").has_tied_embeddings
    assert not describe({}, {**one, "lm_head.weight": (8, 4)}, name="m").has_tied_embeddings
    assert not describe({}, {}, name="m").has_tied_embeddings


def test_the_largest_id_is_found_in_every_file_that_adds_tokens(tmp_path: Path) -> None:
    assert largest_token_id(tmp_path) is None
    tokenizer = {"model": {"vocab": {"a": 0, "b": 6}}, "added_tokens": [{"id": 7}]}
    (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer))
    assert largest_token_id(tmp_path) == 7
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"added_tokens_decoder": {"9": {"content": "<p>"}}}))
    assert largest_token_id(tmp_path) == 9
    (tmp_path / "added_tokens.json").write_text(json.dumps({"<q>": 11}))
    assert largest_token_id(tmp_path) == 11
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": [["a", -1.0]] * 20}}))
    assert largest_token_id(tmp_path) == 19


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"config\.json cannot be read"):
        read_facts(tmp_path)
    save_tiny("llama", tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"\x01\x00")
    with pytest.raises(ModelNotFoundError, match=r"model\.safetensors is no whole safetensors file"):
        read_facts(tmp_path)
