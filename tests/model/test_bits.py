"""Bits per byte: every token predicted once, whatever shares its batch."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.model import bits
from cpt_pipeline.model.bits import DocumentLoss, best_choice, choice_logprobs, continue_text, document_nll
from cpt_pipeline.model.load import load_causal_lm, load_tokenizer

_TEXTS = ["short", "", "A longer text, of several windows: 0123456789 0123456789.", "中文也可以。", "x"]


def byte_tokenizer(**special: str) -> PreTrainedTokenizerFast:
    """One token per byte."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {symbol: number for number, symbol in enumerate([*alphabet, "<s>", "</s>"])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return byte_tokenizer(eos_token="</s>")


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=258,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        initializer_range=0.2,
    )
    return LlamaForCausalLM(config).eval()


def _nll(model: Any, ids: list[int], num_targets: int) -> float:
    """Score the last `num_targets` of `ids` in one pass without any padding."""
    with torch.no_grad():
        logits = model(torch.tensor([ids[:-1]])).logits[0]
    return float(F.cross_entropy(logits[-num_targets:], torch.tensor(ids[-num_targets:]), reduction="sum"))


def test_windows_are_those_of_lm_eval() -> None:
    windows = [(list(each.inputs), list(each.targets)) for each in bits._windows(0, list(range(10)), 100, 4)]
    assert windows == [([100, 0, 1, 2], [0, 1, 2, 3]), ([3, 4, 5, 6], [4, 5, 6, 7]), ([5, 6, 7, 8], [8, 9])]


@given(num_tokens=st.integers(0, 40), length=st.integers(1, 12))
def test_every_token_is_predicted_once_and_from_the_one_before_it(num_tokens: int, length: int) -> None:
    ids = list(range(num_tokens))
    windows = list(bits._windows(0, ids, -1, length))
    assert [token for window in windows for token in window.targets] == ids
    for window in windows:
        assert len(window.inputs) <= length
        assert window.inputs[-1] == window.targets[-1] - 1
        assert window.inputs[-len(window.targets)] == window.targets[0] - 1


@pytest.mark.feature(98)
def test_loss_is_the_sum_over_windows_scored_alone(model: Any, tokenizer: Any) -> None:
    text = _TEXTS[2]
    ids = [tokenizer.eos_token_id, *tokenizer(text)["input_ids"]]
    found = document_nll(model, tokenizer, [text], sequence_length=20, tokens_per_batch=1000)[0]
    expected = _nll(model, ids[:21], 20) + _nll(model, ids[20:41], 20) + _nll(model, ids[-21:], len(ids) - 41)
    assert found.nll == pytest.approx(expected, abs=1e-4)
    assert (found.tokens, found.bytes) == (57, 57)
    assert found.bits_per_byte == pytest.approx(expected / math.log(2) / 57)


def test_bytes_are_those_of_the_text(model: Any, tokenizer: Any) -> None:
    found = document_nll(model, tokenizer, _TEXTS, sequence_length=64, tokens_per_batch=200)
    assert [each.bytes for each in found] == [5, 0, 57, 18, 1]
    assert found[1] == DocumentLoss(0.0, 0, 0)
    assert math.isnan(found[1].bits_per_byte)


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(len(_TEXTS))), tokens_per_batch=st.integers(1, 300))
def test_neighbours_in_the_batch_do_not_matter(
    model: Any, tokenizer: Any, order: list[int], tokens_per_batch: int
) -> None:
    alone = [document_nll(model, tokenizer, [text], sequence_length=16, tokens_per_batch=1)[0] for text in _TEXTS]
    texts = [_TEXTS[index] for index in order]
    together = document_nll(model, tokenizer, texts, sequence_length=16, tokens_per_batch=tokens_per_batch)
    for index, found in zip(order, together, strict=True):
        assert found.nll == pytest.approx(alone[index].nll, abs=1e-4)
        assert (found.tokens, found.bytes) == (alone[index].tokens, alone[index].bytes)


def test_first_token_follows_bos_where_there_is_one(model: Any) -> None:
    with_bos = byte_tokenizer(bos_token="<s>", eos_token="</s>")
    found = document_nll(model, with_bos, ["x"], sequence_length=8, tokens_per_batch=8)[0]
    assert found.nll == pytest.approx(_nll(model, [256, *with_bos("x")["input_ids"]], 1), abs=1e-5)


def test_tokenizer_without_a_first_token_is_refused(model: Any) -> None:
    with pytest.raises(ArtifactError, match="neither a bos nor an eos"):
        document_nll(model, byte_tokenizer(), ["x"], sequence_length=8, tokens_per_batch=8)


@pytest.mark.feature(99)
def test_choices_are_scored_as_continuations(model: Any, tokenizer: Any) -> None:
    found = choice_logprobs(model, tokenizer, "The sky is ", ["blue", "a fish"])
    start = [tokenizer.eos_token_id, *tokenizer("The sky is")["input_ids"]]
    for logprob, choice in zip(found, [" blue", " a fish"], strict=True):
        ids = tokenizer(choice)["input_ids"]
        assert logprob == pytest.approx(-_nll(model, start + ids, len(ids)), abs=1e-4)


def test_long_prompt_loses_its_beginning(model: Any, tokenizer: Any) -> None:
    tail = "y" * 61
    long, short = (choice_logprobs(model, tokenizer, head + tail, ["abcd"])[0] for head in ("x" * 500, "z" * 90))
    assert long == pytest.approx(short, abs=1e-4)


def test_best_choice_is_per_byte_and_first_among_equals() -> None:
    assert best_choice([-4.0, -6.0], ["ab", "abcdef"]) == 1
    assert best_choice([-2.0, -2.0], ["ab", "cd"]) == 0


def test_continuation_is_the_most_likely_token_each_time(model: Any, tokenizer: Any) -> None:
    ids = [tokenizer.eos_token_id, *tokenizer("abc")["input_ids"]]
    for _ in range(6):
        with torch.no_grad():
            ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
    assert tokenizer.eos_token_id not in ids[4:], "choose another seed: the document ends"
    assert continue_text(model, tokenizer, "abc", 6) == tokenizer.decode(ids[4:])


def test_continuation_of_a_prompt_longer_than_the_context(model: Any, tokenizer: Any) -> None:
    assert continue_text(model, tokenizer, "q" * 500, 5) == continue_text(model, tokenizer, "q" * 300, 5)


def test_real_model_knows_its_stories(shared: Path) -> None:
    folder = shared / "models" / "tinystories-656k"
    model, tokenizer = load_causal_lm(folder), load_tokenizer(folder)
    stories = (shared / "data" / "general_en" / "tiny_stories.txt").read_text(encoding="utf-8", errors="replace")[
        :20_000
    ]
    loss = document_nll(model, tokenizer, [stories], sequence_length=512, tokens_per_batch=4096)[0]
    assert 1.05 < loss.bits_per_byte < 1.35, "1.20 on its own stories, by those who trained it"
    choices = [" stone", " water", " paper", " iron"]
    found = choice_logprobs(model, tokenizer, "She was thirsty, so she drank a glass of", choices)
    assert choices[best_choice(found, choices)] == " water"
    assert len(continue_text(model, tokenizer, "Once upon a time", 20).split()) > 10
