"""Weights: what the files lack is never drawn at random, by whichever door a model comes in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    LlamaModel,
    MixtralConfig,
    MixtralForCausalLM,
)

from cpt_pipeline.core.errors import ModelNotFoundError, UnfitModelError
from cpt_pipeline.model.load import load_causal_lm, load_nf4_causal_lm, save_model
from cpt_pipeline.model.weights import load_adapter, load_weights
from tests.weights import edit_weights

Edit = Callable[[dict[str, torch.Tensor]], Any]
SMALL: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "vocab_size": 50,
}
BERT = BertConfig(**SMALL)


def llama(**changes: Any) -> LlamaConfig:
    return LlamaConfig(**SMALL, num_key_value_heads=2, bos_token_id=0, eos_token_id=0, **changes)


def write(folder: Path, model: Any, edit: Edit | None = None) -> Path:
    model.save_pretrained(folder, safe_serialization=True)
    if edit is not None:
        edit_weights(folder / "model.safetensors", edit)
    return folder


def without(name: str) -> Edit:
    return lambda weights: weights.pop(name)


def beside(name: str, *shape: int) -> Edit:
    return lambda weights: weights.update({name: torch.zeros(shape)})


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (without("model.layers.1.mlp.up_proj.weight"), r"lacks model\.layers\.1\.mlp\.up_proj\.weight\."),
        (without("lm_head.weight"), r"lacks lm_head\.weight\."),
        (beside("model.layers.2.extra", 3), r"holds what it does not take: model\.layers\.2\.extra\."),
        (beside("model.norm.weight", 3), r"has other shapes: model\.norm\.weight \[3\] for \[16\]\."),
    ],
)
def test_a_base_is_taken_whole_or_not_at_all(tmp_path: Path, edit: Edit, told: str) -> None:
    folder = write(tmp_path / "base", LlamaForCausalLM(llama()), edit)
    with pytest.raises(UnfitModelError, match=rf"base, read as LlamaForCausalLM, {told} Download or copy"):
        load_causal_lm(folder)


def test_many_missing_weights_are_counted(tmp_path: Path) -> None:
    def halve(weights: dict[str, torch.Tensor]) -> None:
        for name in [name for name in weights if ".layers.1." in name]:
            del weights[name]

    folder = write(tmp_path, LlamaForCausalLM(llama()), halve)
    with pytest.raises(
        UnfitModelError, match=r"lacks (model\.layers\.1\.[\w.]+, ){3}model\.layers\.1\.[\w.]+ and 5 more"
    ):
        load_causal_lm(folder)


@pytest.mark.parametrize(
    "model",
    [
        LlamaForCausalLM(llama()),
        LlamaForCausalLM(llama(tie_word_embeddings=True)),
        GPT2LMHeadModel(GPT2Config(n_embd=16, n_layer=2, n_head=2, vocab_size=50, n_positions=32)),
        MixtralForCausalLM(MixtralConfig(**SMALL, num_key_value_heads=2, num_local_experts=2)),
    ],
    ids=["llama", "tied", "gpt2", "mixtral"],
)
def test_whole_models_load_as_they_were_saved(tmp_path: Path, model: Any) -> None:
    folder = tmp_path / "model"
    save_model(model, folder)
    loaded = load_causal_lm(folder)
    wanted = model.state_dict()
    assert {name: weight.tolist() for name, weight in loaded.state_dict().items()} == {
        name: weight.tolist() for name, weight in wanted.items()
    }


def test_of_two_tied_weights_one_must_be_there(tmp_path: Path) -> None:
    tied = LlamaForCausalLM(llama(tie_word_embeddings=True))
    with pytest.raises(UnfitModelError, match=r"lacks lm_head\.weight, model\.embed_tokens\.weight\."):
        load_causal_lm(write(tmp_path, tied, without("model.embed_tokens.weight")))


def test_an_expert_that_is_not_there_is_no_traceback(tmp_path: Path) -> None:
    model = MixtralForCausalLM(MixtralConfig(**SMALL, num_key_value_heads=2, num_local_experts=2))

    def lose(weights: dict[str, torch.Tensor]) -> None:
        del weights[next(name for name in sorted(weights) if ".experts." in name)]

    with pytest.raises(UnfitModelError, match="the experts of a layer"):
        load_causal_lm(write(tmp_path, model, lose))


def test_nf4_is_checked_too(tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    folder = write(tmp_path, LlamaForCausalLM(llama()), without("model.layers.0.mlp.up_proj.weight"))
    with pytest.raises(UnfitModelError, match=r"lacks model\.layers\.0\.mlp\.up_proj\.weight"):
        load_nf4_causal_lm(folder, torch.device("cpu"))


def test_a_body_is_read_without_the_head_it_was_trained_with(tmp_path: Path) -> None:
    masked = BertForMaskedLM(BERT)
    body = load_weights(AutoModel, write(tmp_path / "masked", masked), part="body")
    assert (
        body.encoder.layer[1].output.dense.weight.tolist() == masked.bert.encoder.layer[1].output.dense.weight.tolist()
    )
    load_weights(AutoModel, write(tmp_path / "llama", LlamaForCausalLM(llama())), part="body")
    with pytest.raises(UnfitModelError, match=r"lacks encoder\.layer\.1\.output\.dense\.weight\. "):
        name = "bert.encoder.layer.1.output.dense.weight"
        load_weights(AutoModel, write(tmp_path / "less", masked, without(name)), part="body")
    with pytest.raises(UnfitModelError, match=r"does not take: bert\.encoder\.layer\.7\.x\. "):
        load_weights(AutoModel, write(tmp_path / "more", masked, beside("bert.encoder.layer.7.x", 2)), part="body")
    with pytest.raises(UnfitModelError, match=r"does not take: encoder\.layer\.7\.x\. "):
        bare = write(tmp_path / "bare", BertModel(BERT), beside("encoder.layer.7.x", 2))
        load_weights(AutoModel, bare, part="body")
    with pytest.raises(UnfitModelError, match=r"lacks lm_head\.weight"):
        load_weights(AutoModelForCausalLM, write(tmp_path / "headless", LlamaModel(llama())))


def test_a_new_head_is_new_and_the_body_under_it_is_not(tmp_path: Path) -> None:
    kind, new = AutoModelForSequenceClassification, {"part": "new_head", "num_labels": 1}
    load_weights(kind, write(tmp_path / "masked", BertForMaskedLM(BERT)), **new)
    load_weights(kind, write(tmp_path / "body", BertModel(BERT)), **new)
    other = BertForSequenceClassification(BertConfig(**SMALL, num_labels=3))
    assert load_weights(kind, write(tmp_path / "other", other), **new).classifier.weight.shape == (1, 16)
    name = "bert.encoder.layer.0.output.dense.bias"
    with pytest.raises(UnfitModelError, match=r"lacks bert\.encoder\.layer\.0\.output\.dense\.bias\. "):
        load_weights(kind, write(tmp_path / "less", BertForMaskedLM(BERT), without(name)), **new)
    with pytest.raises(UnfitModelError, match=r"lacks bert\.pooler\.dense\.bias, .*, classifier\.weight; holds"):
        load_weights(kind, tmp_path / "masked")


def test_a_pooler_that_nobody_reads_may_stay(tmp_path: Path) -> None:
    kind, labels = AutoModelForTokenClassification, BertForTokenClassification(BERT)
    load_weights(kind, write(tmp_path / "a", labels, beside("bert.pooler.dense.weight", 16, 16)))
    with pytest.raises(UnfitModelError, match=r"does not take: bert\.other\.weight"):
        load_weights(kind, write(tmp_path / "b", labels, beside("bert.other.weight", 16)))


def test_cut_weights_and_pickled_ones_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "cut", LlamaForCausalLM(llama()))
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:-100])
    with pytest.raises(UnfitModelError, match=r"model\.safetensors is cut or no safetensors file"):
        load_causal_lm(folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelNotFoundError, match=r"no \.safetensors weights; pickled"):
        load_causal_lm(folder)


def test_a_shard_that_is_missing_is_refused_by_name(tmp_path: Path) -> None:
    LlamaForCausalLM(llama()).save_pretrained(tmp_path, safe_serialization=True, max_shard_size="8KB")
    shards = sorted(tmp_path.glob("*.safetensors"))
    assert len(shards) > 1
    shards[1].unlink()
    with pytest.raises(UnfitModelError, match=rf"names {shards[1].name} \(\d+ weights\), which is not there"):
        load_causal_lm(tmp_path)


def test_code_of_the_hub_and_code_of_the_folder_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, LlamaForCausalLM(llama()))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "attn_implementation": "someone/kernel"}))
    with pytest.raises(UnfitModelError, match="attn_implementation is 'someone/kernel', which is code on the hub"):
        load_causal_lm(folder)
    own = {"model_type": "own", "auto_map": {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.Own"}}
    (folder / "config.json").write_text(json.dumps({**config, **own}))
    with pytest.raises(UnfitModelError, match=r"needs code of its own \(own\.OwnConfig, own\.Own\)"):
        load_causal_lm(folder)
    (folder / "config.json").write_text(json.dumps({**config, "auto_map": own["auto_map"]}))
    assert type(load_causal_lm(folder)) is LlamaForCausalLM


@pytest.fixture
def adapter(tmp_path: Path) -> tuple[Path, Path]:
    """A base and an adapter of it."""
    from peft import LoraConfig, get_peft_model

    base = write(tmp_path / "base", LlamaForCausalLM(llama()))
    adapted = get_peft_model(load_causal_lm(base), LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM"))
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.ones_(weight)
    adapted.save_pretrained(tmp_path / "adapter")
    return base, tmp_path / "adapter"


def test_an_adapter_is_taken_whole_or_not_at_all(tmp_path: Path, adapter: tuple[Path, Path]) -> None:
    base, folder = adapter
    loaded = load_adapter(load_causal_lm(base), folder)
    assert all(bool((weight == 1).all()) for name, weight in loaded.named_parameters() if "lora_B" in name)
    first = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    faults: list[tuple[Edit, str]] = [
        (without(first), rf"an adapter of LlamaForCausalLM, lacks {first}\."),
        (beside(first.replace("layers.0", "layers.5"), 2, 16), r"does not take: base_model\.model\.model\.layers\.5"),
        (beside(first, 3, 16), rf"has other shapes: {first} \[3, 16\] for \[2, 16\]\."),
    ]
    for number, (edit, told) in enumerate(faults):
        damaged = shutil.copytree(folder, tmp_path / f"damaged-{number}")
        edit_weights(damaged / "adapter_model.safetensors", edit)
        with pytest.raises(UnfitModelError, match=told):
            load_adapter(load_causal_lm(base), damaged)
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    with pytest.raises(ModelNotFoundError, match="pickled"):
        load_adapter(load_causal_lm(base), folder)
