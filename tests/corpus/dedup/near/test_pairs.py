"""Pairs come back as they were written."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cpt_pipeline.corpus.dedup.near.pairs import Pairs, PairWriter, exact_pairs, read_pairs


def test_pairs_come_back_as_they_were_written(tmp_path: Path) -> None:
    batches = [
        Pairs(np.array([1, 2]), np.array([3, 1 << 40]), np.array([0.8, 1.0], np.float32)),
        Pairs(*(np.empty(0, kind) for kind in (np.int64, np.int64, np.float32))),
        Pairs(np.array([5]), np.array([6]), np.array([0.9], np.float32)),
    ]
    with PairWriter(tmp_path / "pairs.parquet") as writer:
        for batch in batches:
            writer.write(batch)
    found = [pair for batch in read_pairs(tmp_path / "pairs.parquet") for pair in zip(*batch, strict=True)]
    expected = [(1, 3, np.float32(0.8)), (2, 1 << 40, 1.0), (5, 6, np.float32(0.9))]
    assert found == expected


def test_equal_texts_are_pairs_of_similarity_one() -> None:
    pairs = exact_pairs([(7, 2), (3, 9)])
    assert [column.tolist() for column in pairs] == [[2, 3], [7, 9], [1.0, 1.0]]
    assert exact_pairs([]).first.size == 0


def test_chosen_pairs_keep_their_columns_together() -> None:
    pairs = exact_pairs([(0, 1), (2, 3), (4, 5)])
    assert pairs.where(np.array([True, False, True])).second.tolist() == [1, 5]
    assert pairs.take(np.array([2, 0])).first.tolist() == [4, 0]
