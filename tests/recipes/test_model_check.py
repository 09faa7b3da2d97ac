"""What a base cannot do is seen in its config.json and headers, before it is loaded."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.formats.model_facts import ModelFacts, read_facts
from cpt_pipeline.recipes.model_check import describe_scratch, find_model_problems
from cpt_pipeline.recipes.training_check import check_training
from tests.formats.tiny_models import save_gemma3, save_tiny
from tests.recipes.run_settings import settings

LENGTH = {"mix.sequence_length": 64, "evaluate.sequence_length": 32}
LORA = {"stage1.mode": "lora", "stage2.mode": "lora"}


def problems(facts: ModelFacts, changes: dict[str, Any]) -> dict[str, str]:
    asked = settings({"base.kind": "pretrained", "base.name": "./m", **LENGTH, **changes})
    return {problem.key: problem.words for problem in find_model_problems(asked, replace(facts, has_tokenizer=True))}


def test_rows_that_fit_and_rows_that_do_not(tmp_path: Path) -> None:
    facts = read_facts(save_tiny("llama", tmp_path))
    assert problems(facts, {}) == {}
    found = problems(facts, {"mix.sequence_length": 65, "evaluate.sequence_length": 100})
    assert list(found) == ["mix.sequence_length", "evaluate.sequence_length"]
    assert "rows of 65 tokens are longer than the 64 positions" in found["mix.sequence_length"]


def test_a_continuation_leaves_room_for_its_prompt(tmp_path: Path) -> None:
    asked = {"evaluate.sample_prompts": ["Once"], "evaluate.sample_tokens": 64}
    llama, bloom = (read_facts(save_tiny(each, tmp_path / each)) for each in ("llama", "bloom"))
    assert "reads 64 tokens at most, and no room is left" in problems(llama, asked)["evaluate.sample_tokens"]
    assert problems(llama, {**asked, "evaluate.sample_tokens": 63}) == {}
    assert problems(llama, {**asked, "evaluate.sample_prompts": []}) == {}
    assert problems(bloom, {**asked, "evaluate.sample_tokens": 2047}) == {}
    assert list(problems(bloom, {**asked, "evaluate.sample_tokens": 2048})) == ["evaluate.sample_tokens"]


def test_a_scaled_rope_reads_further_and_learned_positions_never_do(tmp_path: Path) -> None:
    scaled = {"rope_parameters": {"rope_type": "yarn", "factor": 4.0, "rope_theta": 1e4}}
    rope, learned = (save_tiny(each, tmp_path / each) for each in ("llama", "gpt2"))
    for folder in (rope, learned):
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **scaled}))
    assert problems(read_facts(rope), {"mix.sequence_length": 128}) == {}
    assert "mix.sequence_length" in problems(read_facts(learned), {"mix.sequence_length": 128})


def test_a_model_without_a_longest_row_needs_one_for_evaluation(tmp_path: Path) -> None:
    facts = read_facts(save_tiny("bloom", tmp_path))
    assert problems(facts, {"mix.sequence_length": 4096}) == {}
    assert list(problems(facts, {"evaluate.sequence_length": None})) == ["evaluate.sequence_length"]


@pytest.mark.parametrize(
    ("model_type", "target", "says"),
    [
        ("gemma", "embed_tokens", "one of two ends of tied embeddings"),
        ("gemma", "lm_head", "one of two ends of tied embeddings"),
        ("gpt2", "wte", "one of two ends of tied embeddings"),
        ("bloom", "transformer.word_embeddings", "one of two ends of tied embeddings"),
        ("gemma3", "embed_tokens", "one of two ends of tied embeddings"),
        ("llama", "query", "has no module query; it has down_proj, embed_tokens, gate_proj"),
        ("llama", "qproj", "has no module qproj; did you mean q_proj"),
        ("gpt2", "q_proj", "has no module q_proj; did you mean c_proj"),
        ("phi3", "q_proj", "has no module q_proj; did you mean"),
        ("gpt_neox", "c_attn", "has no module c_attn"),
        ("llama", "embed_tokens", None),
        ("llama", "lm_head", None),
        ("llama", "self_attn.q_proj", None),
        ("gemma3", "q_proj", None),
        ("gpt2", "c_attn", None),
        ("gpt_neox", "query_key_value", None),
        ("falcon", "query_key_value", None),
        ("mamba", "in_proj", None),
        ("deepseek_v3", "kv_a_proj_with_mqa", None),
    ],
)
def test_adapter_targets(model_type: str, target: str, says: str | None, tmp_path: Path) -> None:
    folder = save_gemma3(tmp_path) if model_type == "gemma3" else save_tiny(model_type, tmp_path)
    found = problems(read_facts(folder), {**LORA, "stage1.lora": {"target_modules": [target]}})
    if says is None:
        assert found == {}
    else:
        assert says in found["stage1.lora.target_modules"]


def test_more_ids_than_rows_are_refused_with_both_numbers(tmp_path: Path) -> None:
    folder = save_tiny("llama", tmp_path)
    vocabulary = {"model": {"vocab": {f"t{number}": number for number in range(96)}}}
    (folder / "tokenizer.json").write_text(json.dumps(vocabulary))
    assert problems(read_facts(folder), {}) == {}
    (folder / "tokenizer.json").write_text(json.dumps({**vocabulary, "added_tokens": [{"id": 96}]}))
    assert "ids up to 96, and its embedding has 96 rows" in problems(read_facts(folder), {})["base.name"]


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    facts = read_facts(save_tiny("llama", tmp_path))
    asked = settings({"base.kind": "pretrained", "base.name": "./m", **LENGTH})
    ((key, words),) = find_model_problems(asked, facts)
    assert (key, words[:12]) == ("base.name", "no tokenizer")


def test_the_scratch_base_is_known_without_files() -> None:
    asked = settings()
    assert asked.scratch is not None
    facts = describe_scratch(asked.scratch)
    assert list(find_model_problems(asked, facts)) == []
    changes = {"mix.sequence_length": 1024, "base.scratch.sequence_length": 513, **LORA}
    changed = settings({**changes, "stage1.lora": {"target_modules": ["q_proj", "lm_head"]}})
    found = [problem.key for problem in find_model_problems(changed, facts)]
    assert found == ["mix.sequence_length", "base.scratch.sequence_length", "stage1.lora.target_modules"]


def test_plan_checks_again_what_only_the_mixture_tells(tmp_path: Path) -> None:
    facts = read_facts(save_tiny("llama", tmp_path))
    asked = settings()
    stages = {"stage1": asked.stage1, "stage2": asked.stage2}
    mix = {"sequence_length": 64, "stage1": {"steps": 10}, "stage2": {"steps": 5}}
    check_training(facts, mix, stages)
    with pytest.raises(ParameterError, match=r"stage1\.schedule\.warmup_steps: the warm-up of 10 steps .* which has 9"):
        check_training(facts, {**mix, "stage1": {"steps": 9}}, stages)
    with pytest.raises(ParameterError, match="rows of 65 tokens"):
        check_training(facts, {**mix, "sequence_length": 65}, stages)
