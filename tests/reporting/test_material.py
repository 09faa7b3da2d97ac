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


def test_what_text_with_faults_and_text_of_a_model_gave_is_shown_by_stage(artifacts: dict[str, Any]) -> None:
    rows = material.routes(Artifacts(artifacts)).rows
    assert rows[:3] == (
        ("stage1", "any: no fault known", "1,800", "562 k"),
        ("stage1", "stage1_only: faults that stage 1 stands", "33", "40 k"),
        ("stage1", "made from other text: questions", "12", "9 k"),
    )


def test_documents_that_no_stage_read_are_shown_with_the_reason(artifacts: dict[str, Any]) -> None:
    artifacts["mix_metrics"]["stage2"]["unused"] = {"en": {"new_reason": {"documents": 1}}}
    assert material.unused(Artifacts(artifacts)).rows == (
        ("stage1", "domain", "to make questions from", "4", "5.1 k"),
        ("stage1", "en", "category not asked for", "64", "7"),
        ("stage2", "en", "new_reason", "1", None),
    )


def test_without_a_mixture_there_are_no_rows(artifacts: dict[str, Any]) -> None:
    del artifacts["mix_metrics"]
    assert material.routes(Artifacts(artifacts)).rows == material.unused(Artifacts(artifacts)).rows == ()
