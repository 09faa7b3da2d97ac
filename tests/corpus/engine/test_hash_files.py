"""Hash files: what a dictionary would say, whatever the division into files and the memory."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.corpus.engine.hash_files import PAIR, FirstDocuments, groups, merge_pairs, write_pairs

PAIRS = st.lists(st.tuples(st.sampled_from([0, 1, 2**63, 2**64 - 1, 7, 8, 9]), st.integers(0, 20)), max_size=60)


def write(folder: Path, pairs: list[tuple[int, int]], num_files: int) -> list[Path]:
    paths = []
    for number in range(num_files):
        part = np.array(pairs[number::num_files], np.uint64).reshape(-1, 2)
        paths.append(folder / f"{num_files}-{number}.npy")
        write_pairs(paths[-1], part[:, 0], part[:, 1])
    return paths


@settings(max_examples=60, deadline=None)
@given(PAIRS, st.integers(1, 4), st.sampled_from([1, 100, 1 << 20]))
def test_first_documents_are_those_of_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[int, int]], num_files: int, memory_bytes: int
) -> None:
    folder = tmp_path_factory.mktemp("hashes")
    paths = write(folder, pairs, num_files)
    documents = defaultdict(set)
    for key, document in pairs:
        documents[key].add(document)
    found = FirstDocuments.build(paths, folder / "first.npy", memory_bytes)
    asked = np.array([0, 1, 5, 7, 8, 9, 2**63, 2**64 - 1], np.uint64)
    expected = [min(documents[key]) if len(documents[key]) > 1 else -1 for key in asked.tolist()]
    assert found.find(asked).tolist() == expected


def test_ranges_are_small_when_memory_is_and_never_part_a_hash(tmp_path: Path) -> None:
    hashes = np.repeat(np.arange(0, 2**64, 2**54, dtype=np.uint64), 3)
    write_pairs(tmp_path / "a.npy", hashes, np.arange(hashes.size, dtype=np.uint64))
    whole = list(merge_pairs([tmp_path / "a.npy"]))
    ranges = list(merge_pairs([tmp_path / "a.npy"], 20 * 3 * PAIR.itemsize))
    assert len(whole) == 1
    assert len(ranges) > 100
    assert max(part.size for part in ranges) <= 30
    assert np.array_equal(np.concatenate(ranges), whole[0])
    assert all((groups(part)[1] == 3).all() for part in ranges)


def test_a_pair_counts_once(tmp_path: Path) -> None:
    write_pairs(tmp_path / "a.npy", np.array([5, 5], np.uint64), np.array([1, 1], np.uint64))
    assert FirstDocuments.build([tmp_path / "a.npy"], tmp_path / "first.npy").num_hashes == 0
