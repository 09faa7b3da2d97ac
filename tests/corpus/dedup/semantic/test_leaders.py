"""Leaders against their definition, whatever the size of a block."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.semantic.leaders import find_leaders

THRESHOLDS = (0.3, 0.7, 0.95)


def unit(rows: list[list[float]]) -> np.ndarray:
    vectors = np.array(rows, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@given(st.lists(st.lists(st.integers(1, 9), min_size=3, max_size=3), max_size=25), st.integers(1, 9))
def test_each_follows_the_first_leader_within_the_threshold(rows: list[list[float]], block: int) -> None:
    vectors = unit(rows) if rows else np.empty((0, 3), np.float32)
    found = find_leaders(vectors, THRESHOLDS, block=block)
    assert found.num_compared == len(rows) * (len(rows) - 1) // 2
    cosines = vectors.astype(np.float64) @ vectors.T
    for threshold, leader in zip(THRESHOLDS, found.leader.tolist(), strict=True):
        for row, follows in enumerate(leader):
            near = [each for each in range(row) if leader[each] < 0 and cosines[row, each] >= threshold - 1e-6]
            if follows < 0:
                assert all(cosines[row, each] < threshold + 1e-6 for each in near)
            else:
                assert follows in near
                assert all(cosines[row, each] < threshold + 1e-6 for each in near if each < follows)


def test_a_chain_of_small_steps_is_not_one_group() -> None:
    """Of five directions 20 degrees apart, each near the next, the second and fourth are copies and no more."""
    angles = np.radians([0, 20, 40, 60, 80])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    for block in (1, 2, 5):
        found = find_leaders(vectors, [0.9], block=block)
        assert found.leader.tolist() == [[-1, 0, -1, 2, -1]]
        assert found.pairs.tolist() == [4]
