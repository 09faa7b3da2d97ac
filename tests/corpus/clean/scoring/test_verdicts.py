"""Borders: exact for a share, however many documents have the same score."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.scoring.params import ThresholdParams
from cpt_pipeline.corpus.clean.scoring.verdicts import find_border

COUNTS = Counter({0.9: 1, 0.7: 2, 0.5: 4, 0.2: 3})


@pytest.mark.parametrize(("share", "border"), [(0.1, 0.9), (0.11, 0.7), (0.3, 0.7), (0.6, 0.5), (0.7, 0.5), (1.0, 0.2)])
def test_the_best_stay_and_equals_stay_together(share: float, border: float) -> None:
    assert find_border(COUNTS, ThresholdParams(kept_share=share)) == border


def test_a_score_is_taken_as_it_is_and_nothing_is_no_border() -> None:
    assert find_border(COUNTS, ThresholdParams(min_score=0.6)) == 0.6
    assert find_border(COUNTS, ThresholdParams()) is None
    assert find_border(Counter(), ThresholdParams(kept_share=0.5)) is None


@given(st.lists(st.integers(0, 10_000), min_size=1), st.floats(0.001, 1))
def test_at_least_the_share_stays_and_one_border_higher_less_would(scores: list[int], share: float) -> None:
    counts = Counter(score / 10_000 for score in scores)
    border = find_border(counts, ThresholdParams(kept_share=share))
    assert border in counts
    assert sum(n for score, n in counts.items() if score >= border) >= share * len(scores) - 1e-6
    assert sum(n for score, n in counts.items() if score > border) < share * len(scores)
