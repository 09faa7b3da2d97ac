"""What the report says of the quality scorer."""

from __future__ import annotations

from typing import Any

import pytest

from cpt_pipeline.reporting import scoring
from cpt_pipeline.reporting.page import Mark
from cpt_pipeline.reporting.reading import Artifacts


@pytest.mark.feature(18)
def test_the_scorer_is_described_with_its_worth_and_its_borders(
    artifacts: dict[str, Any], scorer_metrics: dict[str, Any]
) -> None:
    artifacts["clean_metrics"]["scorer"] = scorer_metrics
    found = scoring.scorer(Artifacts(artifacts))
    assert found is not None
    assert found.rows == (
        ("kind", "linear"),
        ("labels", "500"),
        ("documents a language model was asked about", "520"),
        ("answers that did not come", "3"),
        ("answers without a mark", "17"),
        ("labels held back to judge it by", "100"),
        ("AUC on them", "0.893"),
        ("its 95 % interval", "0.840 to 0.941"),
        ("documents scored", "900"),
        ("not scored: strong format", "94"),
    )
    assert scoring.borders(Artifacts(artifacts)).rows == (
        ("en", "all others", "0.4123", "800", "480", "60.0%"),
        ("en", "news", Mark("none", "quiet"), "800", "800", "100.0%"),
    )


def test_a_scorer_that_is_off_is_not_one_that_is_missing(artifacts: dict[str, Any]) -> None:
    artifacts["clean_metrics"]["scorer"] = None
    assert scoring.scorer(Artifacts(artifacts)) is None
    del artifacts["clean_metrics"]["scorer"]
    found = scoring.scorer(Artifacts(artifacts))
    assert found is not None
    assert found.rows[:2] == (("kind", None), ("labels", None))
    assert scoring.borders(Artifacts(artifacts)).rows == ()
