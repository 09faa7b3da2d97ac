"""Recency: the border lies months before the release, and only a date that is surely earlier is old."""

from __future__ import annotations

from datetime import date

import pytest

from cpt_pipeline.corpus.collect.admission.recency import RecencyParams, is_older


@pytest.mark.feature(12)
@pytest.mark.parametrize(
    ("released", "months", "border"),
    [
        ("2024-09-19", 6, date(2024, 3, 19)),
        ("2024-02-10", 6, date(2023, 8, 10)),
        ("2024-08-31", 6, date(2024, 2, 29)),
        ("2024-01-05", 0, date(2024, 1, 5)),
        ("2024-06-01", 18, date(2022, 12, 1)),
    ],
)
def test_the_border_lies_months_before_the_release(released: str, months: int, border: date) -> None:
    params = RecencyParams(base_released=date.fromisoformat(released), months_before=months)
    assert params.published_after == border


def test_no_release_no_border() -> None:
    assert RecencyParams().published_after is None


@pytest.mark.parametrize(
    ("published", "older"),
    [
        ("2024-03-18", True),
        ("2024-03-19", False),
        ("2024-03", False),
        ("2024-02", True),
        ("2023", True),
        ("2024", False),
    ],
)
def test_only_what_is_surely_earlier_is_old(published: str, older: bool) -> None:
    assert is_older(published, date(2024, 3, 19)) is older
