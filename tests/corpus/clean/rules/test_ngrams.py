"""n-grams: datatrove's numbers for any words, also where words joined in two ways are the same."""

from __future__ import annotations

import numpy as np
from datatrove.pipeline.filters.gopher_repetition_filter import find_all_duplicate, find_top_duplicate, get_n_grams
from hypothesis import example, given
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.rules.ngrams import NGrams
from cpt_pipeline.text.tokens import hash_words


def ngrams(words: list[str], gap: int = 1) -> NGrams:
    return NGrams(hash_words(words), np.array([len(word) for word in words], np.int64), gap=gap)


@given(st.lists(st.sampled_from(["a", "b", "ab", "ba", "c", "abc", "é"]), max_size=60))
@example(["ab", "c", "a", "bc"] * 6)
@example(["a"] * 40)
def test_numbers_are_those_of_datatrove(words: list[str]) -> None:
    found = ngrams(words)
    for size in (2, 3, 4):
        grams = get_n_grams(words, size)
        assert found.top(size) == (find_top_duplicate(grams) if grams else 0)
    for size in range(5, 11):
        assert found.duplicate(size) == find_all_duplicate(words, size)


def test_top_of_equals_is_the_earliest() -> None:
    assert ngrams(["long", "words", "x", "long", "words", "y", "a", "b", "y", "a", "b"]).top(2) == 2 * len("long words")


def test_gap_is_not_counted_for_characters() -> None:
    assert ngrams(list("abcabc"), gap=0).top(3) == 6
    assert ngrams(list("abcabc")).top(3) == 10
