"""Names of control tokens are words, and nothing else is encoded otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from cpt_pipeline.formats.plain_text import PlainTextEncoder, find_control_tokens

SPECIAL = ["<|endoftext|>", "<s>", "</s>", "<unk>"]
CORPUS = ["the cat sat on the mat", "<|endoftext|> the end </s>", "中文的文字", "unk s e n d o f t e x t |<>/"] * 9


def fast(kind: str) -> PreTrainedTokenizerFast:
    """Train a small tokenizer of a kind, with special tokens, one added word and one added control token."""
    if kind == "bpe":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer: Any = trainers.BpeTrainer(
            vocab_size=400, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
        )
    elif kind == "unigram":
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
        trainer = trainers.UnigramTrainer(vocab_size=80, special_tokens=SPECIAL, unk_token="<unk>")
    else:
        tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        trainer = trainers.WordLevelTrainer(vocab_size=60, special_tokens=SPECIAL)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        special_tokens=[("<s>", tokenizer.token_to_id("<s>")), ("</s>", tokenizer.token_to_id("</s>"))],
    )
    tokenizer.enable_truncation(4)
    tokenizer.add_tokens([AddedToken("dorsiflexion"), AddedToken("<|tool|>", special=False)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|endoftext|>", bos_token="<s>", unk_token="<unk>", sep_token="</s>"
    )


@pytest.mark.parametrize("kind", ["bpe", "unigram", "word"])
def test_no_control_token_comes_from_words_and_ids_stay(kind: str) -> None:
    tokenizer = fast(kind)
    encoder = PlainTextEncoder(tokenizer)
    control = {tokenizer.convert_tokens_to_ids(name) for name in [*SPECIAL, "<|tool|>"]} - {tokenizer.unk_token_id}
    texts = ["a <|endoftext|> b", "</s>", "<s><s>", "x<|tool|>y", "the cat dorsiflexion sat </s> on <unk>"]
    for ids in encoder.encode(texts):
        assert not control & set(ids)
    for text in ["the cat sat on the mat", "dorsiflexion the end", "中文 的", ""]:
        (ids,) = encoder.encode([text])
        assert ids == tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.convert_tokens_to_ids("dorsiflexion") in encoder.encode(["the dorsiflexion"])[0]


def test_a_continued_text_gets_no_blank_in_front() -> None:
    tokenizer = fast("unigram")
    encoder = PlainTextEncoder(tokenizer)
    (whole,), (first,), (second,) = (
        encoder.encode(["the cat sat"]),
        encoder.encode(["the c"]),
        encoder.encode(["at sat"], continued=True),
    )
    assert tokenizer.decode([*first, *second]) == tokenizer.decode(whole) == "the cat sat"


def test_what_the_tokenizer_puts_around_a_text_is_known() -> None:
    encoder = PlainTextEncoder(fast("bpe"))
    assert (encoder.before, encoder.after) == ([1], [2])


def test_a_word_that_is_no_control_token_stays_one_token() -> None:
    found = find_control_tokens(fast("bpe"))
    assert set(found.values()) == {*SPECIAL, "<|tool|>"}


def test_names_are_counted_the_longest_first() -> None:
    tokenizer = fast("bpe")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|endoftext|>2"]})
    counts = PlainTextEncoder(tokenizer).count_control_tokens("<|endoftext|>2 <|endoftext|> </s></s>")
    assert counts == {"<|endoftext|>2": 1, "<|endoftext|>": 1, "</s>": 2}


def test_a_name_is_spelt_so_that_a_tokenizer_reads_words() -> None:
    tokenizer = fast("bpe")
    spelt = PlainTextEncoder(tokenizer).spell("end </s> of <|endoftext|>")
    assert spelt == "end < /s> of < |endoftext|>"
    assert not {0, 1, 2} & set(tokenizer(spelt, add_special_tokens=False)["input_ids"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["the ", "cat", "<", "|", "<|", "endoftext", "|>", "s>", "/", " ", "文", "\n", *SPECIAL]))
)
def test_the_words_come_back(pieces: list[str]) -> None:
    tokenizer = fast("bpe")
    text = "".join(pieces)
    (ids,) = PlainTextEncoder(tokenizer).encode([text])
    assert tokenizer.decode(ids) == text
    assert not {0, 1, 2, 3} & set(ids)


def test_real_tokenizers_encode_plain_text_as_ever(shared: Path) -> None:
    from transformers import AutoTokenizer

    texts = ["Hello  world\n\n  x = 1\t# 你好", "Zürich’s naïve – 3½", " leading", "trailing ", "𝔘nicode 👩‍👩‍👧"]
    for folder in ("models/tinystories-656k", "data/tokenizers/gpt-neox"):
        tokenizer = AutoTokenizer.from_pretrained(shared / folder)
        assert PlainTextEncoder(tokenizer).encode(texts) == [
            tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts
        ]
