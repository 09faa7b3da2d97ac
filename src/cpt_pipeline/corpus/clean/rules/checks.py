"""A rule as a number and its limits, whatever it measures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Final, NamedTuple

from pydantic import Field

NgramLimits = dict[Annotated[int, Field(ge=1)], Annotated[float, Field(ge=0)]]
"""Length of an n-gram to the largest share of a text that such n-grams may take."""

_PAGE_WORDS: Final = 2_000
"""Most web pages are not longer."""


class Check(NamedTuple):
    """A number and its limits, inclusive; None is no limit. Without a number the rule cannot read the text."""

    reason: str
    what: str
    value: float | None
    minimum: float | None = None
    maximum: float | None = None

    @property
    def detail(self) -> str | None:
        """Say what broke which limit; None where none is broken."""
        if self.value is None:
            return None
        if self.minimum is not None and self.value < self.minimum:
            return f"{self.what} {_round(self.value)}, at least {_round(self.minimum)}"
        if self.maximum is not None and self.value > self.maximum:
            return f"{self.what} {_round(self.value)}, at most {_round(self.maximum)}"
        return None


def grown(limit: float, num_words: int, growth: float) -> float:
    """Compute the limit for a text of so many words; see `GopherRepetitionParams.growth`."""
    return limit * (1 + growth * max(math.log10(max(num_words, 1) / _PAGE_WORDS), 0.0)) if growth else limit


def unread(*reasons: str) -> Iterator[Check]:
    """Return the checks of rules that cannot read a text."""
    return (Check(reason, "", None) for reason in reasons)


def _round(value: float) -> str:
    return f"{value:.4g}" if value % 1 else str(int(value))
