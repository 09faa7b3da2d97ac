"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest

from cpt_pipeline.reporting import words


@pytest.mark.parametrize(
    "write", [words.count, words.decimal, words.significant, words.percent, words.size, words.tokens, words.duration]
)
@pytest.mark.parametrize("nothing", [None, math.nan, math.inf, "3", True])
def test_what_is_no_number_is_none(write: object, nothing: object) -> None:
    assert callable(write)
    assert write(nothing) is None


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (words.count(1234567.4), "1,234,567"),
        (words.decimal(-2.34567, 2), "−2.35"),
        (words.significant(0.000254), "0.000254"),
        (words.significant(1234.5), "1,234"),
        (words.significant(402.04), "402"),
        (words.significant(0), "0"),
        (words.significant(100.0), "100"),
        (words.percent(0.1234), "12.3%"),
        (words.percent(-0.1234, signed=True), "−12.3%"),
        (words.percent(0.02, 0, signed=True), "+2%"),
        (words.percent(-0.0004, signed=True), "0.0%"),
        (words.between("1", None), None),
        (words.size(999), "999 B"),
        (words.size(1_234_567), "1.2 MB"),
        (words.size(3.2e13), "32.0 TB"),
        (words.tokens(602_112), "602 k"),
        (words.tokens(1.2e6), "1.2 M"),
        (words.tokens(200e9), "200 B"),
        (words.tokens(12), "12"),
        (words.duration(0.44), "0.4 s"),
        (words.duration(41.2), "41 s"),
        (words.duration(725), "12 min 5 s"),
        (words.duration(12_000), "3 h 20 min"),
        (words.moment("2026-11-20T20:07:11+00:00"), "2026-11-20 20:07 UTC"),
        (words.moment("2026-11-20T20:07:11+08:00"), "2026-11-20 20:07+08:00"),
        (words.moment(None), None),
        (words.short("0123456789abcdef"), "0123456789"),
        (words.short(""), None),
    ],
)
def test_words(found: str | None, expected: str | None) -> None:
    assert found == expected
