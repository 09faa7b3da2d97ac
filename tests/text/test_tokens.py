"""Words: those of datatrove's tokenizer for every text, whatever was seen before and however little is remembered."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cpt_pipeline.text.spacy_chunks import MAX_CHUNK_CHARACTERS
from cpt_pipeline.text.tokens import EnglishWords, hash_words, powers
from tests.corpus.clean.real_texts import datatrove_words, english_documents

PIECES = ["Mr.", "e.g.", "a.m.", "10a.m.", ":)", "):", ")", ":", "(", ">>>", ">", "''", "'", "b''", "-", "don't", "3.5"]
PIECES += [
    "U.S.",
    "—",
    "…",
    "...",
    "http://a.b/c?d=e",
    "it's",
    "He’s",
    "word",
    "Ünïcödé",
    "中文",
    "\u200b",
    "1,000",
    "$5",
]
GAPS = [" ", " ", "", "", "  ", "\n", "\n\n", "\t", "\xa0", " \n", "\u2003", "\r\n"]
TEXTS = st.lists(st.sampled_from(PIECES + GAPS), max_size=30).map("".join)


@lru_cache
def warm() -> EnglishWords:
    return EnglishWords()


@lru_cache
def forgetful() -> EnglishWords:
    return EnglishWords(max_chunks=8)


@settings(max_examples=300, deadline=None)
@given(TEXTS | st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
@example("x:) )")
@example("f(): '-) and x(: y")
def test_words_are_those_of_datatrove(text: str) -> None:
    expected = datatrove_words().word_tokenize(text)
    assert warm().words(text) == expected
    assert forgetful().words(text) == expected
    assert warm().num_words(text) == len(warm().tokens(text).hashes) == len(expected)


@pytest.mark.feature(16)
def test_words_of_real_texts_are_those_of_datatrove_cold_and_warm() -> None:
    texts, cold = english_documents(40), EnglishWords()
    expected = [datatrove_words().word_tokenize(text) for text in texts]
    assert [cold.words(text) for text in texts] == expected
    assert [cold.words(text) for text in texts] == expected


def test_special_case_across_a_blank_takes_the_place_of_one_inside() -> None:
    assert warm().words("x:) y") == ["x", ":)", "y"]
    assert warm().words("x:) )") == datatrove_words().word_tokenize("x:) )") == ["x", ":", ")", ")"]
    assert warm().words("x:)\n)") == datatrove_words().word_tokenize("x:)\n)") == ["x", ":)", ")"]


@settings(max_examples=300, deadline=None)
@given(TEXTS)
@example(" One.  Two.")
@example("One.  ).")
@example("One. ")
def test_sentences_are_those_of_spacy(text: str) -> None:
    expected = len(datatrove_words().span_tokenize(text))
    assert warm().num_sentences(text) == expected
    assert forgetful().num_sentences(text) == expected


def test_no_more_chunks_are_remembered_than_asked() -> None:
    words = EnglishWords(max_chunks=50)
    for number in range(40):
        words.words(" ".join(f"w{number}x{each}" for each in range(number)))
        assert words.num_cached_chunks <= 50


def test_columns_describe_the_words() -> None:
    found = warm().tokens("Hello, it's 42 ...")
    assert warm().words("Hello, it's 42 ...") == ["Hello", ",", "it", "'s", "42", "..."]
    assert found.lengths.tolist() == [5, 1, 2, 2, 2, 3]
    assert found.solid.tolist() == [True, False, True, True, True, False]
    assert found.letters.tolist() == [True, False, True, True, False, False]
    assert found.hashes.tolist() == hash_words(["Hello", ",", "it", "'s", "42", "..."]).tolist()


def test_word_that_spacy_fails_on_is_a_word_each_time() -> None:
    words = EnglishWords()
    assert [words.words("x (IS_ALPHA) y") for _ in range(3)] == [["x", "(", "IS_ALPHA", ")", "y"]] * 3


def test_run_of_brackets_longer_than_a_chunk_may_be_is_one_word() -> None:
    run = ")" * (200 * MAX_CHUNK_CHARACTERS)
    assert EnglishWords().words(f"a {run} end.") == ["a", run, "end", "."]


def test_lone_surrogate_is_kept_as_it_is() -> None:
    assert EnglishWords().words("a bc\ud800 end.") == ["a", "bc", "\ud800", "end", "."]


@given(st.text(max_size=8), st.text(max_size=8))
def test_hash_of_joined_words_follows_from_theirs(first: str, second: str) -> None:
    if first and second:
        left, right, joined = hash_words([first, second, first + second])
        with np.errstate(over="ignore"):
            assert joined == left + powers(np.array([len(first)]))[0] * right
