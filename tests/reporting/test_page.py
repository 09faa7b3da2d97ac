"""The parts of a page."""

from __future__ import annotations

import pytest

from cpt_pipeline.reporting.page import Bar, bars, table


def test_bars_are_shares_of_the_longest_and_missing_stays_missing() -> None:
    assert bars([("1 s", 1.0), (None, None), ("4 s", 4.0)]) == [Bar("1 s", 0.25), None, Bar("4 s", 1.0)]
    assert bars([("0 s", 0.0)]) == [Bar("0 s", 0.0)]
    assert bars([]) == []


def test_a_row_that_does_not_fit_is_our_fault() -> None:
    with pytest.raises(AssertionError, match="does not fit"):
        table(("a", "b"), [["only one"]])
