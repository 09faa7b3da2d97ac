"""Signatures: agreement follows the true overlap without bias, for short and long texts, characters and words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.near.minhash import Signer, jaccard
from cpt_pipeline.corpus.dedup.near.params import MinHashParams, standard_error
from cpt_pipeline.text.words import fold, split_words
from tests.corpus.dedup.near_copies import PARAMS, cluster_texts
from tests.corpus.texts import make_text

WORDS = MinHashParams(shingles="words")
FROZEN = {
    "characters": [8477, 22982, 59394, 36840],
    "words": [3522, 35125, 56251, 37483],
    "long": [65353, 1304, 17655, 8731],
}
GOLD = Path(os.environ.get("CPT_SHARED", "/nowhere")) / "data" / "neardup_gold_minhash"


def shingle_set(text: str, width: int = 5) -> set[str]:
    return {text[start : start + width] for start in range(max(1, len(text) - width + 1))}


def overlap(one: str, other: str) -> float:
    first, second = shingle_set(one), shingle_set(other)
    return len(first & second) / len(first | second)


def test_signature_is_the_same_on_every_machine() -> None:
    assert Signer(PARAMS).sign("the quick brown fox 汉字")[:4].tolist() == FROZEN["characters"]
    assert Signer(WORDS).sign("the quick brown fox jumps over 汉字")[:4].tolist() == FROZEN["words"]
    assert Signer(PARAMS).sign(make_text(1, 2_000))[:4].tolist() == FROZEN["long"]
    assert Signer(MinHashParams(seed=2)).sign("the quick brown fox 汉字")[:4].tolist() != FROZEN["characters"]


@pytest.mark.parametrize("num_words", [4, 12, 100, 1_000])
@pytest.mark.parametrize("share_changed", [0.0, 0.1, 0.3, 1.0])
def test_agreement_estimates_the_overlap_without_bias(num_words: int, share_changed: float) -> None:
    """The mean of many pairs of texts is off by less than four standard errors of that mean, and one pair by five."""
    signer, num_pairs = Signer(PARAMS), 40
    errors = []
    for number in range(num_pairs):
        words, others = make_text(number, num_words).split(), make_text(1_000 + number, num_words).split()
        num_changed = round(share_changed * num_words)
        one, other = " ".join(words), " ".join([*others[:num_changed], *words[num_changed:]])
        errors.append(float(np.mean(signer.sign(one) == signer.sign(other))) - overlap(one, other))
    assert max(map(abs, errors)) < 5 * standard_error(0.5, 120)
    assert abs(np.mean(errors)) < 4 * standard_error(0.5, 120) / num_pairs**0.5


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_similarity_is_the_share_of_common_shingles(one: str, other: str) -> None:
    one, other = one.replace("\0", ""), other.replace("\0", "")
    padded = one.ljust(5, "\0"), other.ljust(5, "\0")
    assert Signer(PARAMS).similarity(one, other) == pytest.approx(overlap(*padded))


@settings(max_examples=50, deadline=None)
@given(st.text("ab 汉字。_-é1Ω\n", max_size=40), st.text("ab 汉字。_-é1Ω\n", max_size=40))
def test_word_shingles_are_runs_of_words(one: str, other: str) -> None:
    words = [split_words(one), split_words(other)]
    runs = [{tuple(each[start : start + 2]) for start in range(max(1, len(each) - 1))} for each in words]
    expected = len(runs[0] & runs[1]) / len(runs[0] | runs[1])
    if all(words):
        assert Signer(MinHashParams(shingles="words", shingle_words=2)).similarity(one, other) == expected


def test_texts_without_any_word_are_told_apart() -> None:
    assert Signer(WORDS).similarity("!!! ???", "--------") == 0


def test_a_long_text_is_signed_as_its_parts_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    text, repeated = make_text(1, 500), "round and round " * 200
    whole = [Signer(PARAMS).sign(each).tolist() for each in (text, repeated)]
    monkeypatch.setattr("cpt_pipeline.corpus.dedup.near.minhash._CHUNK", 64)
    assert [Signer(PARAMS).sign(each).tolist() for each in (text, repeated)] == whole


def test_a_signature_does_not_depend_on_what_was_signed_before() -> None:
    texts = ["", "a", make_text(1), "\ud800 lone", make_text(2, 5)]
    signer = Signer(PARAMS)
    together = signer.sign_many(texts)
    assert together[::-1].tolist() == [Signer(PARAMS).sign(text).tolist() for text in reversed(texts)]
    assert signer.sign_many([]).shape == (0, 120)


@pytest.mark.feature(35)
def test_planted_copies_are_found_and_nothing_else(tmp_path: Path) -> None:
    texts = [make_text(number) for number in range(300)]
    copies = [text.replace(text.split()[number % 100], "changed", 1) for number, text in enumerate(texts[:100])]
    assert cluster_texts(tmp_path, [*texts, *copies]) == [*range(300), *range(100)]


@pytest.mark.feature(37)
def test_chinese_copies_are_found_without_words(tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    texts = ["".join(chr(0x4E00 + number) for number in chance.integers(0, 3_000, 200)) for _ in range(20)]
    copies = [text[:100] + "改" + text[101:] for text in texts]
    assert cluster_texts(tmp_path, [*texts, *copies]) == [*range(20), *range(20)]


@pytest.mark.skipif(not GOLD.is_dir(), reason="CPT_SHARED names no real corpora")
@pytest.mark.parametrize("params", [PARAMS, WORDS], ids=["characters", "words"])
@pytest.mark.parametrize(("name", "num_pairs"), [("articles_100", 5), ("articles_1000", 10)])
def test_the_gold_pairs_are_found_and_no_other(
    tmp_path: Path, name: str, num_pairs: int, params: MinHashParams
) -> None:
    lines = (GOLD / f"{name}.train").read_text(encoding="utf-8").splitlines()
    ids, texts = zip(*(line.split(" ", 1) for line in lines), strict=True)
    truth = {frozenset(line.split()) for line in (GOLD / f"{name}.truth").read_text(encoding="utf-8").splitlines()}
    labels = cluster_texts(tmp_path, [fold(text) for text in texts], params)
    found = {frozenset((ids[label], ids[number])) for number, label in enumerate(labels) if label != number}
    assert len(truth) == num_pairs
    assert found == truth


def test_texts_shorter_than_a_shingle_are_told_apart(tmp_path: Path) -> None:
    assert cluster_texts(tmp_path, ["", "a", "ab", "a", "abcd", "ab"]) == [0, 1, 2, 1, 4, 2]


def test_threshold_decides_what_is_a_copy(tmp_path: Path) -> None:
    words, others = make_text(1).split(), make_text(2).split()
    pair = [" ".join(words), " ".join([*others[:10], *words[10:]])]
    assert 0.75 < overlap(*pair) < 0.9
    assert cluster_texts(tmp_path, pair, MinHashParams(num_bands=30, rows_per_band=4, min_similarity=0.7)) == [0, 0]
    assert cluster_texts(tmp_path, pair, MinHashParams(num_bands=30, rows_per_band=4, min_similarity=0.95)) == [0, 1]


def test_the_share_of_two_sets_is_counted_both_ways() -> None:
    one, other = np.array([1, 2, 3], np.uint64), np.array([3, 4], np.uint64)
    assert jaccard(one, other) == jaccard(other, one) == 0.25


def test_parameters_do_not_load_the_compiler() -> None:
    code = "import sys, cpt_pipeline.corpus.dedup.near.minhash; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
