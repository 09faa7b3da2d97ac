"""Roles: a model that cannot be what conf wants of it is refused by name before any stage loads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.errors import UnfitModelError
from cpt_pipeline.model.roles import Cast, Role, find_unfit, require_fit
from tests.formats.other_models import save_other
from tests.formats.tiny_models import CONFIGS, save_gemma3, save_tiny

BOTH_WAYS = "reads a text in both directions and so sees the token that it predicts. Take a model that was made as"
NO_SUCH = "transformers makes none of this type that is a causal language model. Take a model that was made as"
REFUSED_AS_BASE = {
    "bert": f"is of type bert (BertForMaskedLM), which {BOTH_WAYS}",
    "bert_lm": f"is of type bert (BertLMHeadModel), which {BOTH_WAYS}",
    "roberta": f"is of type roberta (RobertaForMaskedLM), which {BOTH_WAYS}",
    "electra": f"is of type electra (ElectraForMaskedLM), which {BOTH_WAYS}",
    "xlnet": f"is of type xlnet (XLNetLMHeadModel), which {BOTH_WAYS}",
    "xlm": f"is of type xlm (XLMWithLMHeadModel), which {BOTH_WAYS}",
    "bart": "is of type bart (BartForConditionalGeneration): an encoder and a decoder, one of which would not be read",
    "t5": f"is of type t5 (T5ForConditionalGeneration); {NO_SUCH}",
    "clip_text": f"is of type clip_text_model (CLIPTextModel); {NO_SUCH}",
    "modernbert": f"is of type modernbert (ModernBertForMaskedLM); {NO_SUCH}",
    "llama_body": "saved as LlamaModel, read as LlamaForCausalLM, lacks lm_head.weight. Take a model that was saved as",
    "llama_classifier": "lacks lm_head.weight; holds what it does not take: score.weight. Take a model that was saved",
    "gpt2_classifier": "saved as GPT2ForSequenceClassification, read as GPT2LMHeadModel, holds what it does not take",
}


def asked(folders: list[Path], role: Role) -> list[str | None]:
    """What the worker finds, in this process."""
    from cpt_pipeline.model.role_worker import find_problem

    return [find_problem(Cast(folder=folder, role=role)) for folder in folders]


def test_what_is_no_causal_language_model_is_refused_as_a_base_by_name(tmp_path: Path) -> None:
    folders = [save_other(name, tmp_path / name) for name in REFUSED_AS_BASE]
    for role in ("base", "language_model"):
        for (name, words), folder, problem in zip(REFUSED_AS_BASE.items(), folders, asked(folders, role), strict=True):
            assert problem is not None, name
            assert str(folder) in problem
            assert words in problem, name


def test_causal_language_models_of_many_types_are_fit_as_bases(tmp_path: Path) -> None:
    folders = [save_tiny(name, tmp_path / name) for name in CONFIGS]
    folders += [save_gemma3(tmp_path / "gemma3"), save_other("bert_lm", tmp_path / "decoder", is_decoder=True)]
    assert asked(folders, "base") == [None] * len(folders)


def test_weights_that_training_would_miss_are_missed_before(tmp_path: Path) -> None:
    from tests.weights import edit_weights

    folder = save_tiny("llama", tmp_path / "less")
    edit_weights(folder / "model.safetensors", lambda weights: weights.pop("model.layers.1.mlp.up_proj.weight"))
    other = save_tiny("llama", tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "intermediate_size": 32}))
    lacks, differs = asked([folder, other], "base")
    assert "less, read as LlamaForCausalLM, lacks model.layers.1.mlp.up_proj.weight. Download" in str(lacks)
    assert "has other shapes: model.layers.0.mlp.down_proj.weight [16, 24] for [16, 32]" in str(differs)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"model_type": "nothing_known"}, "(model_type: nothing_known) describes no model that transformers"),
        ({"hidden_size": 18, "num_attention_heads": 4}, "(model_type: llama) describes no model that transformers"),
        ({"hidden_size": "wide"}, "Field 'hidden_size' expected int, got str"),
        ({"num_attention_heads": 0}, "(model_type: llama) describes no model that transformers"),
        ({"rope_parameters": {"rope_type": "strange", "rope_theta": 1e4}}, "cannot be loaded (KeyError"),
        (
            {"quantization_config": {"quant_method": "awq", "bits": 4}},
            "holds quantised weights (quantization_config: awq",
        ),
    ],
)
def test_a_configuration_that_cannot_be_made_is_no_traceback(
    changes: dict[str, Any], says: str, tmp_path: Path
) -> None:
    folder = save_tiny("llama", tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))
    (problem,) = asked([folder], "base")
    assert str(problem).startswith(str(folder))
    assert says in str(problem)


def test_of_a_model_that_is_not_downloaded_yet_the_configuration_is_looked_at(tmp_path: Path) -> None:
    folders = [save_tiny("llama", tmp_path / "llama"), save_other("bert", tmp_path / "bert")]
    for folder in folders:
        (folder / "model.safetensors").unlink()
    fit, unfit = asked(folders, "base")
    assert fit is None
    assert BOTH_WAYS in str(unfit)


@pytest.mark.parametrize(
    ("role", "fit", "unfit"),
    [
        (
            "classifier",
            ("bert", "bert_body", "modernbert", "roberta", "llama_body", "bart"),
            {"clip_text": "transformers makes none of this type that is a classifier of texts"},
        ),
        (
            "encoder",
            ("bert", "bert_body", "modernbert", "electra", "llama_body", "clip_text"),
            {
                "t5": "(T5ForConditionalGeneration): an encoder and a decoder, one of which would not be read",
                "bart": "an encoder and a decoder",
            },
        ),
        (
            "name_tagger",
            ("bert_tagger",),
            {
                "bert": "saved as BertForMaskedLM, read as BertForTokenClassification, lacks classifier.bias",
                "t5": "read as T5ForTokenClassification, lacks classifier.bias",
                "clip_text": "transformers makes none of this type that is a classifier of tokens",
            },
        ),
    ],
)
def test_other_roles_want_other_models(role: Role, fit: tuple[str, ...], unfit: dict[str, str], tmp_path: Path) -> None:
    folders = [save_other(name, tmp_path / name) for name in (*fit, *unfit)]
    found = asked(folders, role)
    assert found[: len(fit)] == [None] * len(fit)
    for words, problem in zip(unfit.values(), found[len(fit) :], strict=True):
        assert words in str(problem)


def test_the_look_is_taken_in_a_process_of_its_own(tmp_path: Path) -> None:
    fit = Cast(folder=save_tiny("qwen2", tmp_path / "fit"), role="base")
    unfit = Cast(folder=save_other("electra", tmp_path / "unfit"), role="base")
    found = find_unfit([fit, unfit, fit])
    assert [found[0], found[2]] == [None, None]
    assert BOTH_WAYS in str(found[1])
    with pytest.raises(UnfitModelError, match=rf"^base\.name: {unfit.folder} is of type electra"):
        require_fit(unfit, "base.name")


def test_nothing_to_look_at_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/no/such/python")
    assert find_unfit([]) == []
