"""Coverage in the corpus card: shares of terms, and the gaps by name."""

from __future__ import annotations

from typing import Any

from cpt_pipeline.reporting import coverage
from cpt_pipeline.reporting.page import Bar, Mark
from cpt_pipeline.reporting.reading import Artifacts


def test_a_list_names_what_the_domain_lacks(artifacts: dict[str, Any]) -> None:
    given = artifacts["dedup_metrics"]["coverage"]["lists"]["anatomy"]
    assert coverage.lists(Artifacts(artifacts)).rows == (
        ("anatomy", "15", Bar("12 (80.0%)", 0.8), "尺神经, spleen, vena cava"),
    )
    given["gaps"] = [f"t{number}" for number in range(20)]
    given["covered"] = None
    assert coverage.lists(Artifacts(artifacts)).rows[0][2] is None
    given["terms"], given["covered"] = 1_000, 100
    (row,) = coverage.lists(Artifacts(artifacts)).rows
    assert row[3] == "t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11 and 888 more"


def test_topics_tell_the_domain_from_all_channels(artifacts: dict[str, Any]) -> None:
    assert coverage.topics(Artifacts(artifacts)).rows == (
        ("probes: english", "40", Bar("10 (25.0%)", 0.25), Bar("38 (95.0%)", 0.95), "10", "2", "1"),
    )


def test_items_that_are_gaps_are_named(artifacts: dict[str, Any]) -> None:
    ((name, short, listed),) = coverage.gaps(Artifacts(artifacts))
    assert (name, short) == ("probes: english", "2 items")
    assert listed.rows == (("e-1", "loud, cold", Mark("cover it", "quiet")), ("e-2", "iron", "do not"))
    artifacts["dedup_metrics"]["coverage"]["topics"]["probes/english"]["gaps"] *= 20
    assert coverage.gaps(Artifacts(artifacts))[0][1] == "2 items, the first 30"


def test_a_run_that_counted_nothing_shows_nothing(artifacts: dict[str, Any]) -> None:
    artifacts["dedup_metrics"]["coverage"] = {"lists": {}, "topics": {}}
    read = Artifacts(artifacts)
    assert (coverage.lists(read).rows, coverage.topics(read).rows, coverage.gaps(read)) == ((), (), [])
