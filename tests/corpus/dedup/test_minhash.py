"""MinHash-LSH: estimates follow the true overlap, planted copies are found, others are left alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.minhash import Clusters, MinHasher, MinHashParams, link_near_copies
from tests.corpus.texts import make_text

PARAMS = MinHashParams()
FROZEN = [118684394, 2928822, 18096831, 167905594]
MANY = MinHashParams(num_bands=200, rows_per_band=5)


def jaccard(one: str, other: str, width: int = 5) -> float:
    first, second = ({text[start : start + width] for start in range(len(text) - width + 1)} for text in (one, other))
    return len(first & second) / len(first | second)


def cluster(texts: list[str], params: MinHashParams = PARAMS) -> list[int]:
    """Give the first member of each text's cluster."""
    hasher = MinHasher(params)
    clusters = Clusters(len(texts))
    signatures = np.stack([hasher.signature(text) for text in texts])
    link_near_copies(signatures, np.arange(len(texts)), params, clusters)
    return [clusters.find(number) for number in range(len(texts))]


def test_signature_is_the_same_on_every_machine() -> None:
    assert MinHasher(PARAMS).signature("the quick brown fox 汉字")[:4].tolist() == FROZEN
    assert MinHasher(PARAMS).signature("").tolist() != MinHasher(PARAMS).signature("a").tolist()


@pytest.mark.parametrize("num_changed", [0, 2, 10, 30, 60, 120])
def test_agreement_estimates_the_overlap(num_changed: int) -> None:
    words, others = make_text(1).split(), make_text(2).split()
    one, other = " ".join(words), " ".join([*others[:num_changed], *words[num_changed:]])
    hasher = MinHasher(MANY)
    estimate = np.mean(hasher.signature(one) == hasher.signature(other))
    assert estimate == pytest.approx(jaccard(one, other), abs=0.05)


@pytest.mark.feature(35)
def test_planted_copies_are_found_and_nothing_else() -> None:
    texts = [make_text(number) for number in range(300)]
    copies = [text.replace(text.split()[number % 100], "changed", 1) for number, text in enumerate(texts[:100])]
    assert cluster([*texts, *copies]) == [*range(300), *range(100)]


@pytest.mark.feature(37)
def test_chinese_copies_are_found_without_words() -> None:
    chance = np.random.default_rng(3)
    texts = ["".join(chr(0x4E00 + number) for number in chance.integers(0, 3_000, 200)) for _ in range(20)]
    copies = [text[:100] + "改" + text[101:] for text in texts]
    assert cluster([*texts, *copies]) == [*range(20), *range(20)]


def test_copies_of_copies_are_one_cluster() -> None:
    words = make_text(5, 200).split()
    steps = [" ".join([f"new{number}" for number in range(changed)] + words[changed:]) for changed in (0, 12, 24, 36)]
    assert jaccard(steps[0], steps[1]) > 0.8
    assert jaccard(steps[0], steps[3]) < 0.75
    assert cluster(steps, MinHashParams(num_bands=60, rows_per_band=4)) == [0, 0, 0, 0]


def test_threshold_decides_what_is_a_copy() -> None:
    words, others = make_text(1).split(), make_text(2).split()
    pair = [" ".join(words), " ".join([*others[:10], *words[10:]])]
    assert 0.75 < jaccard(*pair) < 0.9
    assert cluster(pair, MinHashParams(num_bands=60, rows_per_band=4, min_similarity=0.7)) == [0, 0]
    assert cluster(pair, MinHashParams(num_bands=60, rows_per_band=4, min_similarity=0.95)) == [0, 1]


def test_texts_shorter_than_a_shingle_are_told_apart() -> None:
    assert cluster(["", "a", "ab", "a", "abcd", "ab"]) == [0, 1, 2, 1, 4, 2]


def test_a_bucket_of_thousands_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pairs are 4.5 million; each member is linked once per band at most."""
    clusters, links = Clusters(3_000), []
    monkeypatch.setattr(clusters, "link", lambda one, other: (links.append(other), Clusters.link(clusters, one, other)))
    hasher = MinHasher(PARAMS)
    signatures = np.stack([hasher.signature(f"{make_text(7)} {number}") for number in range(3_000)])
    link_near_copies(signatures, np.arange(3_000), PARAMS, clusters)
    assert {clusters.find(number) for number in range(3_000)} == {0}
    assert 3_000 - 1 <= len(links) <= PARAMS.num_bands * 3_000


@settings(max_examples=20, deadline=None)
@given(st.permutations(list(range(12))))
def test_clusters_do_not_depend_on_the_order(order: list[int]) -> None:
    texts = [make_text(number % 5) + (" more" * (number // 5)) for number in range(12)]
    found = cluster([texts[number] for number in order])
    groups = {frozenset(order[place] for place in range(12) if found[place] == first) for first in set(found)}
    assert groups == {frozenset(number for number in range(12) if number % 5 == kind) for kind in range(5)}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9))))
def test_a_cluster_is_named_by_its_smallest_member(links: list[tuple[int, int]]) -> None:
    clusters = Clusters(10)
    groups = [{number} for number in range(10)]
    for one, other in links:
        clusters.link(one, other)
        joined = groups[one] | groups[other]
        for member in joined:
            groups[member] = joined
    assert [clusters.find(number) for number in range(10)] == [min(group) for group in groups]
