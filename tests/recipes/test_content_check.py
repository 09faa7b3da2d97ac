"""What stands in the files of later stages is refused before collect, each by its key and stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.recipes.content_check import find_content_problems
from tests.recipes.run_settings import settings


def found(changes: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(stage, problem.key): problem.words for stage, problem in find_content_problems(settings(changes))}


def test_the_demonstration_has_no_problem() -> None:
    assert found({}) == {}


@pytest.mark.parametrize(
    ("key", "changes", "says"),
    [
        ("clean.blocked_words.lists", {"clean.blocked_words": {"lists": {"own": {"file": "FILE"}}}}, "FILE"),
        ("clean.dialogues", {"clean.dialogues": {"enabled": True, "tool_claims": {"files": ["FILE"]}}}, "FILE"),
        ("clean.language.candidates", {"clean.language.candidates": ["en", "bo"]}, "no model of bo"),
        (
            "clean.augmentation.synonyms.files",
            {"clean.augmentation": {"synonyms": {"enabled": True, "files": ["FILE"]}}},
            "FILE",
        ),
        ("clean.scorer.labels", {"clean.scorer": {"enabled": True, "labels": {"path": "FILE"}}}, "FILE"),
        ("dedup.coverage.terms", {"dedup.coverage.terms": {"own": "FILE"}}, "FILE"),
        ("dedup.earlier_index", {"dedup.earlier_index": "FOLDER"}, "has no manifest.json"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(key: str, changes: dict[str, Any], says: str, tmp_path: Path) -> None:
    path = tmp_path / "latin.jsonl"
    path.write_bytes("a, öde\n".encode("latin-1"))
    problems = found(_placed(changes, {"FILE": str(path), "FOLDER": str(tmp_path)}))
    assert [place for _, place in problems] == [key]
    assert says.replace("FILE", str(path)) in problems[key.partition(".")[0], key]


def _placed(value: Any, places: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _placed(each, places) for key, each in value.items()}
    if isinstance(value, list):
        return [_placed(each, places) for each in value]
    return places.get(value, value) if isinstance(value, str) else value
