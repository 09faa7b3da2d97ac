"""What each rule took and would have taken."""

from __future__ import annotations

from typing import Any

from cpt_pipeline.reporting import rules
from cpt_pipeline.reporting.page import Mark
from cpt_pipeline.reporting.reading import Artifacts


def test_rules_stand_by_channel_and_category_the_largest_first(artifacts: dict[str, Any]) -> None:
    rows = rules.rules(Artifacts(artifacts)).rows
    assert {row[:2] for row in rows} == {("domain", "textbook")}
    assert [row[2:] for row in rows] == [
        (Mark("all that only count, together", "quiet"), "", "", "14", "25.05%", ""),
        ("too short", "40", "0.05%", "0", "0.00%", "0"),
        ("c4 curly bracket", "0", "0.00%", "12", "25.00%", "0"),
        ("gopher short doc", "0", "0.00%", "3", "0.10%", "0"),
        ("gopher enough stop words", "0", "0.00%", "0", "0.00%", "700"),
    ]


def test_a_number_that_is_not_there_is_missing_and_not_nothing(artifacts: dict[str, Any]) -> None:
    found = artifacts["clean_metrics"]["rules"]["domain"]["textbook"]
    del found["excluded"]["too_short"]["characters"], found["judged"]
    (row,) = [row for row in rules.rules(Artifacts(artifacts)).rows if row[2] == "too short"]
    assert row[3:] == ("40", None, "0", None, "0")
    del artifacts["clean_metrics"]["rules"]
    assert rules.rules(Artifacts(artifacts)).rows == ()
