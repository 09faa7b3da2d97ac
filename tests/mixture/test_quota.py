"""Shares of the channels, and the rows of every step that keep them exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.mixture.quota import channel_shares, rows_by_step
from tests.mixture.corpus import CHANNELS, assert_exact


@pytest.mark.feature(55)
def test_rows_of_three_shares_literally() -> None:
    counts = rows_by_step([0.715, 0.215, 0.07], 20, 10)
    assert counts.sum(0).tolist() == [143, 43, 14]
    assert counts.tolist() == [
        [14, 4, 2],
        [15, 4, 1],
        [14, 5, 1],
        [14, 4, 2],
        [15, 4, 1],
        [14, 5, 1],
        [14, 4, 2],
        [15, 4, 1],
        [14, 5, 1],
        [14, 4, 2],
    ]


@pytest.mark.feature(55)
@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(st.floats(1e-3, 1.0), st.sampled_from([0.1, 0.2, 0.25, 0.5, 1.0])), min_size=1, max_size=16),
    st.integers(1, 64),
    st.integers(1, 60),
)
def test_every_step_and_every_prefix_is_exact(weights: list[float], rows_per_step: int, num_steps: int) -> None:
    shares = (np.asarray(weights) / sum(weights)).tolist()
    assert_exact(shares, rows_per_step, rows_by_step(shares, rows_per_step, num_steps))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([5, 22, 29, 30, 45, 48, 54, 55, 57, 58, 59]), min_size=8, max_size=24))
def test_many_channels_of_almost_a_whole_row_stay_exact(sixtieths: list[int]) -> None:
    rest = -sum(sixtieths) % 60
    parts = [*sixtieths, *([rest] if rest else [])]
    rows_per_step = sum(parts) // 60
    shares = [part / sum(parts) for part in parts]
    assert_exact(shares, rows_per_step, rows_by_step(shares, rows_per_step, 120))


def test_ten_channels_that_earliest_deadline_first_cannot_serve() -> None:
    shares = [part / 540 for part in (29, 54, 54, 54, 54, 59, 59, 59, 59, 59)]
    assert_exact(shares, 9, rows_by_step(shares, 9, 120))


def test_whole_shares_need_no_rounding() -> None:
    assert rows_by_step([0.5, 0.3, 0.2], 10, 3).tolist() == [[5, 3, 2]] * 3
    assert rows_by_step([1 / 3] * 3, 3, 2).tolist() == [[1, 1, 1]] * 2
    assert rows_by_step([1.0], 7, 2).tolist() == [[7], [7]]


def test_a_share_below_one_row_a_step_comes_up_at_its_rate() -> None:
    counts = rows_by_step([0.99, 0.01], 10, 100)
    assert counts.sum(0).tolist() == [990, 10]
    (steps,) = np.nonzero(counts[:, 1])
    assert [step // 10 for step in steps] == list(range(10))


def test_shares_have_two_levels() -> None:
    shares = channel_shares(CHANNELS, 0.1, {"en": 3.0})
    assert shares == pytest.approx({"code": 0.225, "domain": 0.1, "en": 0.675})
    assert list(shares) == ["code", "domain", "en"]


def test_a_role_without_share_is_left_out() -> None:
    assert channel_shares(CHANNELS, 0.0, {}) == {"code": 0.5, "en": 0.5}
    assert channel_shares(CHANNELS, 1.0, {}) == {"domain": 1.0}


def test_a_share_for_nobody_is_refused() -> None:
    only = ChannelsParams(roles={"domain": "domain"})
    assert channel_shares(only, 1.0, {}) == {"domain": 1.0}
    with pytest.raises(ParameterError, match=r"mix\.domain_share is 0\.3, but channels\.roles has no general channel"):
        channel_shares(only, 0.3, {})
    with pytest.raises(ParameterError, match=r"  - fr: not in channels\.roles\n  - zh: not in channels\.roles"):
        channel_shares(CHANNELS, 0.3, {"zh": 1.0, "en": 1.0, "fr": 2.0})
