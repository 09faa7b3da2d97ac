"""Hashes, versions, and all numbers."""

from __future__ import annotations

from typing import Any

from cpt_pipeline.reporting import lineage
from cpt_pipeline.reporting.page import Lines
from cpt_pipeline.reporting.reading import STAGES, Artifacts


def test_every_stage_has_its_hashes(artifacts: dict[str, Any]) -> None:
    del artifacts["merge_provenance"]
    rows = {row[0]: row for row in lineage.stages(Artifacts(artifacts)).rows}
    assert list(rows) == list(STAGES)
    assert rows["collect"][1] == "2026-11-20 20:00 UTC"
    assert rows["collect"][2] == Lines(("0a7c19f2e3",))
    assert rows["collect"][5] == Lines(("collect_model 0a7c19f2e3",))
    assert rows["merge"][1:] == (None,) * 5


def test_versions_that_differ_name_their_stages(artifacts: dict[str, Any]) -> None:
    artifacts["stage2_provenance"]["versions"]["torch"] = "2.14.0"
    rows = dict(lineage.surroundings(Artifacts(artifacts)).rows)
    assert rows["python"] == "3.11.7"
    assert isinstance(rows["torch"], Lines)
    assert rows["torch"].lines[1] == "2.14.0 (stage2)"


def test_numbers_are_as_the_artifacts_hold_them(artifacts: dict[str, Any]) -> None:
    shown = dict(lineage.numbers(Artifacts(artifacts)))
    assert ("training.loss_last", "4.87") in shown["base_metrics"].rows
    assert ("checks[1].point", "0.2447") in shown["decision"].rows
    assert ("candidates", "stage1-step-000100, stage1, stage2") in shown["merge_metrics"].rows
