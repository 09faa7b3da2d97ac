"""The compiled loops give the words of the regular expression and the runs that are in the index."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.leaks import _word_classes
from cpt_pipeline.corpus.dedup.leaks_kernel import find_runs, find_words, hash_runs, make_bitmaps
from cpt_pipeline.corpus.words import split_words


@given(
    st.text(st.characters(codec=None), max_size=60)
    | st.text(st.sampled_from("aé1_- 好の\U00020000²ªⅨ\u0301"), max_size=60)
)
def test_words_are_those_of_the_regular_expression(text: str) -> None:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    hashes, starts, ends = find_words(codes, _word_classes())
    words = [text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    assert words == split_words(text)
    assert len(set(hashes.tolist())) == len(set(words))


@given(st.lists(st.integers(0, 3), max_size=60), st.sets(st.integers(1, 6), min_size=1), st.integers(0, 10))
def test_runs_are_found_where_a_slow_search_finds_them(words: list[int], sizes: set[int], start: int) -> None:
    hashed = np.array(words, np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(1)
    lengths = np.array(sorted(sizes), np.int32)
    groups = [np.unique(hash_runs(hashed[start : start + 9], int(length))) for length in lengths]
    ends = np.cumsum([group.size for group in groups])
    starts, rows = find_runs(hashed, lengths, np.concatenate(groups), ends, make_bitmaps(groups))
    part = words[start : start + 9]
    wanted = [
        place
        for length in sorted(sizes)
        for place in range(len(words) - length + 1)
        if words[place : place + length] in [part[first : first + length] for first in range(len(part) - length + 1)]
    ]
    assert starts.tolist() == wanted
    assert np.all(rows < ends[-1])
