"""What an interval says about a limit."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.core.verdicts import Interval, Verdict, judge_gain, judge_rise, worst

_ORDER = list(Verdict)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.16, 0.20, "promote"),
        (0.15, 0.20, "promote"),
        (0.14, 0.20, "hold"),
        (-0.05, 0.20, "hold"),
        (-0.05, 0.0, "hold"),
        (-0.05, -0.01, "roll_back"),
        (math.nan, 0.2, "roll_back"),
        (0.2, math.inf, "roll_back"),
    ],
)
def test_gain(low: float, high: float, verdict: str) -> None:
    assert judge_gain(Interval((low + high) / 2, low, high), 0.15) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.05, -0.01, "promote"),
        (-0.05, 0.02, "promote"),
        (0.01, 0.021, "hold"),
        (0.02, 0.03, "hold"),
        (0.021, 0.03, "roll_back"),
        (-0.1, math.nan, "roll_back"),
    ],
)
def test_rise(low: float, high: float, verdict: str) -> None:
    assert judge_rise(Interval((low + high) / 2, low, high), 0.02) == verdict


@given(low=st.floats(-1, 1), width=st.floats(0, 1), worse=st.floats(0, 1), limit=st.floats(0, 1))
def test_a_higher_rise_or_a_lower_gain_is_never_judged_better(
    low: float, width: float, worse: float, limit: float
) -> None:
    rise = Interval(low, low, low + width)
    higher = Interval(low + worse, low + worse, low + width + worse)
    assert _ORDER.index(judge_rise(higher, limit)) >= _ORDER.index(judge_rise(rise, limit))
    assert _ORDER.index(judge_gain(higher.negated(), limit)) >= _ORDER.index(judge_gain(rise.negated(), limit))


def test_negated_swaps_the_ends() -> None:
    assert Interval(-0.3, -0.4, -0.1).negated() == Interval(0.3, 0.1, 0.4)


def test_worst_of_several_and_of_none() -> None:
    assert worst([Verdict.HOLD, Verdict.ROLL_BACK, Verdict.PROMOTE]) == "roll_back"
    assert worst([Verdict.PROMOTE, Verdict.HOLD]) == "hold"
    assert worst([Verdict.PROMOTE]) == "promote"
    assert worst([]) == "hold"
