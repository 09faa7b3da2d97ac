"""The compiled loops, against what they say in plain Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.near import minhash_kernel as kernel
from cpt_pipeline.corpus.dedup.near.minhash import Signer
from cpt_pipeline.text.words import split_words
from tests.corpus.dedup.near_copies import PARAMS, random_signatures, with_agreement

BASE, MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1


def mix(value: int) -> int:
    """The finalizer of MurmurHash3, as its author wrote it."""
    value = ((value ^ value >> 33) * 0xFF51AFD7ED558CCD) & MASK
    value = ((value ^ value >> 33) * 0xC4CEB9FE1A85EC53) & MASK
    return value ^ value >> 33


def scramble(code: int) -> int:
    value = (code + 1) * 0xFF51AFD7ED558CCD & MASK
    return value ^ value >> 32


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 0x10FFFF), min_size=1, max_size=30), st.integers(1, 8), st.integers(0, 9))
def test_rolling_hashes_are_those_of_each_run_alone(codes: list[int], width: int, seed: int) -> None:
    codes = codes + [0] * max(0, width - len(codes))
    expected = []
    for start in range(len(codes) - width + 1):
        value = 0
        for code in codes[start : start + width]:
            value = (value * BASE + scramble(code)) & MASK
        expected.append(mix((value + seed) & MASK))
    assert kernel.hash_ngrams(np.array(codes, np.uint32), width, np.uint64(seed)).tolist() == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 11), max_size=300), st.integers(1, 8), st.sampled_from([60, 62, 64]))
@example([1, 2, 4, 5, 7] * 400, 3, 64)
def test_sampled_hashes_are_the_low_ones_of_the_counted_codes(codes: list[int], width: int, bits: int) -> None:
    counted = np.array([number % 3 > 0 for number in range(8)] + [False])
    bound, seed = np.uint64((1 << bits) - 1), np.uint64(3)
    left = np.array([code for code in codes if counted[min(code, 8)]], np.uint32)
    whole = kernel.hash_ngrams(left, width, seed) if left.size >= width else np.empty(0, np.uint64)
    found = kernel.sample_ngrams(np.array(codes, np.uint32), counted, width, seed, bound)
    assert found.tolist() == whole[whole < bound].tolist()


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60) | st.text("ab 中か\u3099\u0301िกี้", max_size=30))
def test_words_are_hashed_as_split_words_gives_them(text: str) -> None:
    words = split_words(text)
    shingles = Signer(PARAMS.model_copy(update={"shingles": "words", "shingle_words": 1})).shingles(text)
    if words:
        assert shingles.size == len(set(words))


def test_every_bin_is_filled_and_says_which_member_is_smallest() -> None:
    """A sketch of one member agrees with that of three just in the bins where this member is the smallest."""
    members = [np.array([number], np.uint64) * np.uint64(0x123456789ABCDEF1) for number in (3, 5, 7)]
    sketches = []
    for hashes in [*members, np.concatenate(members)]:
        sketch = np.full(120, kernel.EMPTY)
        assert kernel.fill(sketch, hashes) == 120 - hashes.size
        kernel.fill_empty(sketch, hashes)
        assert (sketch != kernel.EMPTY).all()
        sketches.append(sketch)
    assert np.array_equal(sketches[3], np.minimum.reduce(sketches[:3]))
    agreements = [int(np.sum(sketch == sketches[3])) for sketch in sketches[:3]]
    assert sum(agreements) == 120
    assert min(agreements) > 20


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.integers(1, 12), st.integers(0, 11))
def test_neighbours_with_the_same_key_are_compared_once(keys: list[int], window: int, start: int) -> None:
    keys.sort()
    base = random_signatures(1, 1)
    signatures = np.concatenate([with_agreement(base, 40 + 10 * (number % 7), number) for number in range(len(keys))])
    documents = np.random.default_rng(0).permutation(len(keys))
    found = kernel.compare_neighbours(
        signatures, documents, np.array(keys, np.uint64), min(start, len(keys)), window, 50
    )
    expected = set()
    for row in range(min(start, len(keys)), len(keys)):
        for other in range(max(0, row - window), row):
            agreement = int(np.sum(signatures[row] == signatures[other]))
            if keys[row] == keys[other] and agreement >= 50:
                expected.add((*sorted((int(documents[row]), int(documents[other]))), agreement))
    pairs = list(zip(*(column.tolist() for column in found), strict=True))
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == expected


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(6, 9)), max_size=30), st.integers(1, 40))
def test_no_pair_is_called_old_that_was_never_new(pairs: list[tuple[int, int]], num_places: int) -> None:
    noted, listed = np.zeros((num_places, 2), np.int64), np.array(pairs, np.int64).reshape(-1, 2)
    new = kernel.note_new(noted, listed[:, 0].copy(), listed[:, 1].copy())
    assert {pair for pair, is_new in zip(pairs, new, strict=True) if is_new} == set(pairs)
    repeated = kernel.note_new(noted, noted[noted[:, 1] > 0, 0], noted[noted[:, 1] > 0, 1])
    assert not repeated.any()


def test_only_noted_couples_are_known() -> None:
    noted = np.zeros((1_000, 2), np.int64)
    kernel.note_new(noted, np.array([1, 3, 5, 7]), np.array([2, 4, 6, 8]))
    documents, keys = np.array([1, 2, 3, 9, 5, 6, 10, 7]), np.array([1, 1, 2, 2, 3, 3, 3, 4], np.uint64)
    assert kernel.are_known_couples(noted, documents, keys).tolist() == [True, True, *[False] * 6]


def test_it_works_where_no_folder_can_keep_compiled_code(tmp_path: Path) -> None:
    shutil.copyfile(kernel.__file__, tmp_path / "read_only.py")
    (tmp_path / "__pycache__").write_text("a file, so that no folder of this name can be made")
    code = "import read_only; print(read_only.mix(read_only._ONE))"
    environment = {**os.environ, "HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null/cache"}
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert int(ran.stdout) == mix(1)
