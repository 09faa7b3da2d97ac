"""The search for pairs: everything that shares a band is found, in bounded memory and time, whatever the partition."""

from __future__ import annotations

import tracemalloc
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.near import candidates
from cpt_pipeline.corpus.dedup.near.candidates import find_pairs
from cpt_pipeline.corpus.dedup.near.clusters import clusters
from cpt_pipeline.corpus.dedup.near.minhash import Signatures, Signer
from cpt_pipeline.corpus.dedup.near.pairs import Pairs, read_pairs
from cpt_pipeline.corpus.dedup.near.params import MinHashParams
from tests.corpus.dedup.near_copies import (
    PARAMS,
    cluster_signatures,
    random_signatures,
    with_agreement,
    write_parts,
)
from tests.corpus.texts import make_text


def similar_pairs(signatures: Signatures, lowest: float) -> dict[tuple[int, int], float]:
    """Compare everything with everything that agrees in a band."""
    found = {}
    for one, other in combinations(range(len(signatures)), 2):
        same = signatures[one] == signatures[other]
        if same.mean() >= lowest and same.reshape(20, 6).all(axis=1).any():
            found[one, other] = float(same.mean())
    return found


def components(pairs: dict[tuple[int, int], float], num_documents: int, threshold: float) -> list[int]:
    groups = [{number} for number in range(num_documents)]
    for (one, other), similarity in pairs.items():
        if similarity >= threshold:
            together = groups[one] | groups[other]
            for member in together:
                groups[member] = together
    return [min(group) for group in groups]


def families(seed: int, num_documents: int) -> Signatures:
    """Make documents that are copies, in 84 to 120 places, of one of four others."""
    originals = random_signatures(seed, 4)
    chance = np.random.default_rng(seed)
    rows = [
        with_agreement(originals[[chance.integers(4)]], int(chance.integers(84, 121)), seed + number)
        for number in range(num_documents)
    ]
    return np.concatenate(rows)


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    borders=st.lists(st.integers(0, 40), max_size=3),
    memory_bytes=st.sampled_from([500, 20_000, 1 << 30]),
)
def test_clusters_are_those_of_all_pairs_at_every_threshold(
    tmp_path_factory: pytest.TempPathFactory, seed: int, borders: list[int], memory_bytes: int
) -> None:
    """For any number of files and any memory, and for any order of the pairs that were found."""
    folder = tmp_path_factory.mktemp("search")
    signatures = families(seed, 40)
    paths = write_parts(folder, signatures, *sorted(borders))
    path = find_pairs(paths, PARAMS, folder / "work", memory_bytes=memory_bytes, lowest=0.7)
    batches = list(read_pairs(path))
    order = np.random.default_rng(seed).permutation(sum(batch.first.size for batch in batches))
    pairs = Pairs(*(np.concatenate(column)[order] for column in zip(*batches, strict=True))) if batches else None
    expected = similar_pairs(signatures, 0.7)
    for threshold in (0.7, 0.8, 0.9, 1.0):
        labels = clusters([pairs] if pairs else [], 40, folder / "labels.npy", min_similarity=threshold)
        assert labels.tolist() == components(expected, 40, threshold)


@pytest.mark.feature(35)
def test_copies_of_copies_are_one_cluster(tmp_path: Path) -> None:
    first = random_signatures(1, 1)
    chain = [first]
    for step in range(4):
        chain.append(chain[-1].copy())
        chain[-1][0, 18 * step : 18 * (step + 1)] += np.uint16(1)
    signatures = np.concatenate([random_signatures(2, 3), *chain])
    assert np.mean(signatures[3] == signatures[4]) > 0.8 > np.mean(signatures[3] == signatures[5])
    assert cluster_signatures(tmp_path, signatures) == [0, 1, 2, 3, 3, 3, 3, 3]


def test_ten_thousand_equal_pages_leave_few_pairs(tmp_path: Path) -> None:
    """50 million pairs are equal; one link to each page is enough."""
    page = random_signatures(1, 1)
    signatures = np.concatenate([random_signatures(2, 50), np.repeat(page, 10_000, axis=0)])
    path = find_pairs(write_parts(tmp_path, signatures), PARAMS, tmp_path / "work", memory_bytes=8 << 20)
    pairs = list(read_pairs(path))
    assert 9_999 <= sum(batch.first.size for batch in pairs) <= 20 * 10_000
    assert clusters(pairs, 10_050, tmp_path / "labels.npy").tolist() == [*range(50), *[50] * 10_000]


def test_copies_meet_among_hundreds_that_share_each_of_their_bands(tmp_path: Path) -> None:
    """2,000 pages take each band from one of eight templates: copies lie far apart, and are neighbours all the same."""
    chance, templates = np.random.default_rng(1), random_signatures(1, 8)
    pages = np.repeat(chance.integers(0, 8, (2_000, 20)), 6, axis=1)
    pages = templates[pages, np.arange(120)]
    signatures = np.concatenate([pages, with_agreement(pages[:100], 108, 3)])
    few = MinHashParams(max_comparisons=48)
    assert cluster_signatures(tmp_path, signatures, params=few) == [*range(2_000), *range(100)]


@given(st.lists(st.sampled_from([5, 6, 7, 1 << 40, (1 << 40) + 1, (1 << 64) - 1]), max_size=20))
def test_keys_that_differ_in_their_last_bits_are_told_apart(keys: list[int]) -> None:
    found = candidates._sharing(np.array(keys, np.uint64)).tolist()
    assert found == sorted(found, key=lambda place: (keys[place], place))
    assert {place for place, key in enumerate(keys) if keys.count(key) > 1} <= set(found)


def test_time_grows_with_the_size_of_a_bucket_and_not_with_its_square(
    tmp_path: Path,
) -> None:
    """Of 3,000 pages that share all bands each is compared with the 5 before it, so far copies are not all met."""
    pages = random_signatures(1, 3_000)
    pages[:, :6] = pages[0, :6]
    pages[[0, 2_999]] = random_signatures(9, 1)
    pages[[0, 2_999], :6] = pages[1, :6]
    few = MinHashParams(max_comparisons=5)
    assert cluster_signatures(tmp_path, pages, params=few) == [*range(2_999), 0]


def test_documents_that_are_skipped_take_no_part(tmp_path: Path) -> None:
    signatures = np.repeat(random_signatures(1, 1), 6, axis=0)
    skip = np.array([True, False, True, False, False, True])
    path = find_pairs(write_parts(tmp_path, signatures, 2), PARAMS, tmp_path / "work", skip=skip)
    assert clusters(read_pairs(path), 6, tmp_path / "labels.npy").tolist() == [0, 1, 2, 1, 1, 5]


@pytest.mark.parametrize("num_documents", [0, 1])
def test_nothing_to_compare_gives_no_pair(tmp_path: Path, num_documents: int) -> None:
    assert cluster_signatures(tmp_path, random_signatures(1, num_documents)) == list(range(num_documents))


def test_doubtful_pairs_are_written_and_not_relied_on(tmp_path: Path) -> None:
    """0 is surely a copy of 1; 2 is doubtful beside both, so both pairs must be seen by who decides."""
    base = random_signatures(1, 1)
    signatures = np.concatenate([base, with_agreement(base, 119, 2), with_agreement(base, 100, 3), base])
    signatures[3, :30] += np.uint16(1)
    paths = write_parts(tmp_path, signatures)
    pairs = next(read_pairs(find_pairs(paths, PARAMS, tmp_path / "work", doubtful=True)))
    found = set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    assert {(0, 1), (0, 2), (1, 2), (0, 3), (1, 3)} <= found
    sure = next(read_pairs(find_pairs(paths, PARAMS, tmp_path / "work")))
    assert 3 not in {*sure.first.tolist(), *sure.second.tolist()}


def test_memory_does_not_grow_with_the_number_of_documents(tmp_path: Path) -> None:
    peaks = []
    for num_documents in (10_000, 40_000):
        folder = tmp_path / str(num_documents)
        signatures = random_signatures(1, num_documents)
        signatures[num_documents // 2 :] = signatures[: num_documents // 2]
        paths = write_parts(folder, signatures, *range(5_000, num_documents, 5_000))
        del signatures
        find_pairs(paths[:1], PARAMS, folder / "work")
        tracemalloc.start()
        find_pairs(paths, PARAMS, folder / "work", memory_bytes=1 << 21)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[0] < 3 << 21
    assert peaks[1] < 1.5 * peaks[0]


def test_detection_follows_the_formula_also_for_short_texts(tmp_path: Path) -> None:
    """Pairs of 60 characters near similarity 0.55 are compared with the probability of the bands, within chance."""
    signer, found, expected = Signer(PARAMS), 0, 0.0
    for number in range(400):
        words, others = make_text(number, 12).split(), make_text(5_000 + number, 12).split()
        one, other = " ".join(words), " ".join([*others[:3], *words[3:]])
        same = signer.sign(one) == signer.sign(other)
        found += bool(same.reshape(20, 6).all(axis=1).any())
        expected += 1 - (1 - signer.similarity(one, other) ** 6) ** 20
    assert 80 < expected < 320
    assert found == pytest.approx(expected, abs=4 * 400**0.5 / 2)
