"""What went in."""

from __future__ import annotations

from typing import Any

from cpt_pipeline.reporting import material
from cpt_pipeline.reporting.page import Bar
from cpt_pipeline.reporting.reading import Artifacts


def test_channels_are_followed_to_training(artifacts: dict[str, Any]) -> None:
    artifacts["clean_metrics"]["channels"]["en"]["documents"] = 871
    rows = material.channels(Artifacts(artifacts)).rows
    assert [row[0] for row in rows] == ["domain", "code", "en"]
    assert rows[2] == ("en", "general", "900", "871", "675", "153", "3.0 MB", "410 k")


def test_exclusions_are_counted_by_stage_and_reason_the_largest_first(artifacts: dict[str, Any]) -> None:
    artifacts["clean_metrics"]["excluded"] = {}
    del artifacts["collect_metrics"]
    rows = material.excluded(Artifacts(artifacts)).rows
    assert rows[0] == ("collect", None, None, None)
    assert rows[1] == ("clean", "nothing", "0", "")
    assert rows[2] == ("dedup", "near", "101", "3.87%")


def test_licences_are_counted(artifacts: dict[str, Any]) -> None:
    assert material.licenses(Artifacts(artifacts)).rows == (
        ("PSF-2.0", Bar("1,800", 1.0)),
        ("BSD-3-Clause", Bar("900", 0.5)),
    )
    assert material.sources(Artifacts(artifacts)).rows[1] == (
        "science-docstrings",
        "domain",
        "BSD-3-Clause",
        "900",
        "4.0 MB",
    )
