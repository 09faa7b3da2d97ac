"""Verdicts on numbers: what an interval says about a limit.

Three answers, because evidence may be lacking: the whole interval is on the good side (promote), the whole of it is on
the bad side (roll back), or it says neither (hold). Several checks give the worst of their verdicts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """From best to worst."""

    PROMOTE = "promote"
    HOLD = "hold"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval, `low <= point <= high`."""

    point: float
    low: float
    high: float

    @property
    def is_finite(self) -> bool:
        """Say whether all three are numbers."""
        return all(math.isfinite(value) for value in (self.point, self.low, self.high))

    def negated(self) -> Interval:
        """Turn a change into a gain, or back."""
        return Interval(-self.point, -self.high, -self.low)


def judge_gain(gain: Interval, minimum: float) -> Verdict:
    """Promote when the gain is surely at least `minimum`, roll back when it is surely a loss or not a number."""
    if not gain.is_finite or gain.high < 0.0:
        return Verdict.ROLL_BACK
    return Verdict.PROMOTE if gain.low >= minimum else Verdict.HOLD


def judge_rise(rise: Interval, maximum: float) -> Verdict:
    """Promote when the rise is surely at most `maximum`, roll back when it is surely above it or not a number."""
    if not rise.is_finite or rise.low > maximum:
        return Verdict.ROLL_BACK
    return Verdict.PROMOTE if rise.high <= maximum else Verdict.HOLD


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Give the worst verdict; of none, hold: nothing was shown."""
    return max(verdicts, key=list(Verdict).index, default=Verdict.HOLD)
