"""What went in."""

from __future__ import annotations

from typing import Any

from cpt_pipeline.reporting import material
from cpt_pipeline.reporting.reading import Artifacts


def test_channels_are_followed_to_training(artifacts: dict[str, Any]) -> None:
    artifacts["clean_metrics"]["channels"]["en"]["documents"] = 871
    rows = material.channels(Artifacts(artifacts)).rows
    assert [row[0] for row in rows] == ["domain", "code", "en"]
    assert rows[2] == ("en", "general", "900", "871", "675", "153", "3.0 MB", "410 k")
