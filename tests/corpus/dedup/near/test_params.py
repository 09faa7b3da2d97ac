"""The arithmetic of bands and errors, by literal numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.near.params import (
    MinHashParams,
    bands_for,
    count_places,
    detection_probability,
    standard_error,
)


def test_published_settings_have_their_published_probabilities() -> None:
    """datatrove says 0.924 of its 14 buckets of 8 at a similarity of 0.8."""
    assert detection_probability(0.8, 14, 8) == pytest.approx(0.924, abs=5e-4)
    assert detection_probability(0.8, 20, 6) == pytest.approx(0.998, abs=5e-4)
    assert detection_probability(0.3, 20, 6) == pytest.approx(0.0145, abs=5e-4)
    assert standard_error(0.8, 120) == pytest.approx(0.0365, abs=5e-5)
    assert MinHashParams().doubtful_range == pytest.approx((0.6905, 0.9095), abs=5e-5)
    assert MinHashParams(min_similarity=0.95).doubtful_range[1] == 1


def test_bands_are_the_widest_that_find_enough() -> None:
    assert bands_for(0.8, 120) == (20, 6)
    assert bands_for(0.6, 120) == (40, 3)
    assert bands_for(0.95, 120) == (8, 15)
    assert bands_for(0.01, 120) == (120, 1)


@given(st.floats(0.3, 0.99), st.integers(16, 512), st.floats(0.5, 0.999))
def test_wider_bands_would_find_too_few(threshold: float, num_hashes: int, recall: float) -> None:
    num_bands, rows = bands_for(threshold, num_hashes, recall)
    assert num_bands * rows <= num_hashes
    assert rows == 1 or detection_probability(threshold, num_bands, rows) >= recall
    assert all(
        detection_probability(threshold, num_hashes // wider, wider) < recall for wider in range(rows + 1, num_hashes)
    )


@pytest.mark.parametrize("num_hashes", [100, 120, 128])
def test_a_similarity_asks_for_its_own_number_of_places(num_hashes: int) -> None:
    for places in range(1, num_hashes + 1):
        assert count_places(places / num_hashes, num_hashes) == places
        assert count_places(float(np.float32(places / num_hashes)), num_hashes) == places
        assert count_places((places - 0.5) / num_hashes, num_hashes) == places
