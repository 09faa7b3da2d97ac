"""The paired bootstrap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.core.verdicts import Interval, Verdict, judge_rise
from cpt_pipeline.evaluation.compare import expanded_tail, relative_changes, seed_of


def change(base: list[float], candidate: list[float], resamples: int = 500, seed: int = 0) -> Interval:
    found = relative_changes(
        np.array(base), {"c": np.array(candidate)}, confidence=0.95, resamples=resamples, seed=(seed,)
    )
    return found["c"]


def test_point_is_a_ratio_of_sums() -> None:
    found = change([100.0, 1.0], [50.0, 2.0])
    assert found.point == pytest.approx(52 / 101 - 1)
    reach = 12.7062 * (2 * (1.48515**2 * 2)) ** 0.5 / 101  # t of one degree of freedom; both works are 1.485 off
    assert (found.low, found.high) == (pytest.approx(found.point - reach, abs=1e-4), pytest.approx(1.0))


@given(st.lists(st.floats(0.1, 1e4), min_size=1, max_size=30), st.floats(0.2, 3.0))
def test_pairing_removes_what_documents_have_in_common(losses: list[float], factor: float) -> None:
    found = change(losses, [factor * loss for loss in losses], resamples=100)
    for value in (found.point, found.low, found.high):
        assert value == pytest.approx(factor - 1, abs=1e-9)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(0.1, 100), st.floats(0.1, 100)), min_size=1, max_size=20))
def test_interval_holds_the_point(pairs: list[tuple[float, float]]) -> None:
    found = change([pair[0] for pair in pairs], [pair[1] for pair in pairs], resamples=100)
    assert found.low <= found.point <= found.high


def test_equal_seeds_give_equal_intervals_whoever_else_is_compared() -> None:
    random = np.random.default_rng(0)
    base, one, two = random.gamma(3.0, 20.0, size=(3, 60))
    settings_ = {"confidence": 0.95, "resamples": 450, "seed": seed_of(0, "en")}
    together = relative_changes(base, {"one": one, "two": two}, **settings_)
    alone = relative_changes(base, {"two": two}, **settings_)
    assert together["two"].low == pytest.approx(alone["two"].low, abs=1e-12)
    assert together["two"].high == pytest.approx(alone["two"].high, abs=1e-12)
    assert seed_of(0, "en") != seed_of(0, "code") != seed_of(1, "code")


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_one_broken_document_breaks_the_interval(broken: float) -> None:
    assert not change([1.0, 2.0, 3.0], [1.0, broken, 3.0]).is_finite


@pytest.mark.feature(100)
def test_interval_covers_the_truth_and_equal_models_are_seldom_rolled_back() -> None:
    """400 evaluations of two models that differ by noise alone: 80 documents each, true change 0."""
    random = np.random.default_rng(7)
    covered = rolled_back = 0
    for trial in range(400):
        hardness = random.gamma(4.0, 100.0, size=80)
        base, candidate = (hardness * random.normal(1.0, 0.05, size=80) for _ in range(2))
        found = change(base.tolist(), candidate.tolist(), resamples=200, seed=trial)
        covered += found.low <= 0.0 <= found.high
        rolled_back += judge_rise(found, 0.02) is Verdict.ROLL_BACK
    assert covered >= 364, f"{covered} of 400 intervals of 95% hold the truth"
    assert rolled_back <= 4


def coverage(num_works: int, parts: int, *, by_work: bool) -> int:
    """Count in 300 trials how often a 95% interval holds the true change, 0.1; parts of a work change alike."""
    random = np.random.default_rng(3)
    covered = 0
    for trial in range(300):
        base = random.gamma(4.0, 100.0, size=(num_works, parts))
        factors = 1.1 + random.normal(0.0, 0.1, size=(num_works, 1)) + random.normal(0.0, 0.05, size=base.shape)
        candidate = base * factors
        base, candidate = (each.sum(axis=1) if by_work else each.ravel() for each in (base, candidate))
        found = change(base.tolist(), candidate.tolist(), resamples=300, seed=trial)
        covered += found.low <= 0.1 <= found.high
    return covered


def test_intervals_over_works_hold_the_truth_where_those_over_parts_do_not() -> None:
    assert coverage(10, 15, by_work=False) < 220  # of 300: what taking parts for evidence would claim
    assert coverage(10, 15, by_work=True) >= 276  # 92% at the least


@pytest.mark.parametrize("num_works", [2, 3, 4, 6, 9])
def test_intervals_over_few_works_hold_the_truth_too(num_works: int) -> None:
    assert coverage(num_works, 15, by_work=True) >= 276  # 92% at the least


def test_few_works_widen_the_interval() -> None:
    assert expanded_tail(0.025, 10_000) == pytest.approx(0.025, abs=1e-3)
    assert expanded_tail(0.025, 10) == pytest.approx(0.008546, abs=1e-5)
    assert expanded_tail(0.025, 2) < 1e-30
