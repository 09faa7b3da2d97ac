"""The releases: append-only, one pointer, whatever is killed in between."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline import releases
from cpt_pipeline.core.artifact import find_damage, seal, write_json
from cpt_pipeline.core.errors import ArtifactError, ParameterError
from cpt_pipeline.core.workspace import locked
from cpt_pipeline.datasets import ReleaseDataset

NOTHING = releases.RunFacts()


def outcome(folder: Path, weights: str, verdict: str = "promote") -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_text(weights, encoding="utf-8")
    return {
        "verdict": verdict,
        "model": "stage2",
        "folder": folder,
        "decision": {"verdict": verdict},
        "scores": {"domain": 1.5},
    }


def test_nothing_promoted_is_the_base_model(tmp_path: Path) -> None:
    assert releases.current(tmp_path / "none") == {"release": None, "model": "base", "folder": None}
    assert releases.list_releases(tmp_path / "none") == []


@pytest.mark.feature(129)
def test_a_promotion_keeps_model_decision_parameters_commit_and_lock(tmp_path: Path) -> None:
    lock = tmp_path / "dvc.lock"
    lock.write_text("schema: '2.0'\n", encoding="utf-8")
    facts = releases.RunFacts({"stage2": {"num_steps": 4}}, "base", "c0ffee", lock)
    root = tmp_path / "releases"

    pointer = releases.settle(root, outcome(tmp_path / "model", "w1"), facts)

    place = root / pointer["release"]
    assert pointer["release"].startswith("0001-")
    assert (root / pointer["folder"] / "model.safetensors").read_text(encoding="utf-8") == "w1"
    assert (place / "model/model.safetensors").samefile(tmp_path / "model/model.safetensors")
    assert json.loads((place / "parameters.json").read_text(encoding="utf-8")) == {"stage2": {"num_steps": 4}}
    assert json.loads((place / "release.json").read_text(encoding="utf-8"))["commit"] == "c0ffee"
    assert (place / "dvc.lock").read_text(encoding="utf-8") == "schema: '2.0'\n"
    assert find_damage(place) == []
    assert releases.current(root) == pointer


FOUND = {"probes": {"items": 30, "unguarded_items": 12, "found_items": 1, "documents": 4, "examples": {"p7": "text"}}}


def contamination(root: Path, release: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / release / "contamination.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.feature(43)
def test_what_was_found_of_each_benchmark_is_kept_with_the_model(tmp_path: Path) -> None:
    metrics = tmp_path / "dedup_metrics.json"
    write_json(metrics, {"records_in": 9, "benchmarks": FOUND})
    root = tmp_path / "releases"
    release = releases.settle(root, outcome(tmp_path / "a", "w1"), releases.RunFacts(dedup_metrics=metrics))["release"]
    assert contamination(root, release) == {"benchmarks": FOUND, "unknown_because": None}
    write_json(metrics, {"benchmarks": {}})
    assert contamination(root, release)["benchmarks"] == FOUND, "a release is a copy, not a link"
    assert find_damage(root / release) == []


@pytest.mark.parametrize("content", [None, "{", "{}", "[]"])
def test_a_release_without_a_contamination_report_says_so(tmp_path: Path, content: str | None) -> None:
    metrics = tmp_path / "dedup_metrics.json"
    if content is not None:
        metrics.write_text(content, encoding="utf-8")
    root = tmp_path / "releases"
    release = releases.settle(root, outcome(tmp_path / "a", "w1"), releases.RunFacts(dedup_metrics=metrics))["release"]
    known = contamination(root, release)
    assert known["benchmarks"] is None
    assert known["unknown_because"].startswith("dedup_metrics ")


def test_the_same_decision_twice_is_one_release_and_a_new_one_is_appended(tmp_path: Path) -> None:
    root = tmp_path / "releases"
    first = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    again = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    second = releases.settle(root, outcome(tmp_path / "b", "w2"), NOTHING)

    assert again == first
    assert releases.list_releases(root) == [first["release"], second["release"]]
    assert releases.current(root) == second


@pytest.mark.parametrize("verdict", ["hold", "roll_back"])
def test_a_decision_for_nothing_new_leaves_the_pointer(tmp_path: Path, verdict: str) -> None:
    root = tmp_path / "releases"
    first = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    base = {**outcome(tmp_path / "b", "w2", verdict), "model": "base", "folder": None}
    assert releases.settle(root, base, NOTHING) == first
    assert releases.list_releases(root) == [first["release"]]


def test_a_roll_back_to_a_passing_checkpoint_is_released(tmp_path: Path) -> None:
    pointer = releases.settle(tmp_path / "releases", outcome(tmp_path / "a", "w1", "roll_back"), NOTHING)
    assert pointer["release"] is not None


def test_rolling_back_goes_one_release_at_a_time_down_to_the_base(tmp_path: Path) -> None:
    root = tmp_path / "releases"
    first = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    releases.settle(root, outcome(tmp_path / "b", "w2"), NOTHING)

    assert releases.roll_back(root) == first
    assert releases.roll_back(root)["model"] == "base"
    with pytest.raises(ParameterError, match="no release to go back from"):
        releases.roll_back(root)
    assert releases.roll_back(root, "0002")["release"].startswith("0002-")
    assert len(releases.list_releases(root)) == 2


def test_an_unknown_or_ambiguous_release_is_refused_with_the_list(tmp_path: Path) -> None:
    root = tmp_path / "releases"
    first = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    second = releases.settle(root, outcome(tmp_path / "b", "w2"), NOTHING)
    for wanted in ("9", "000"):
        with pytest.raises(ParameterError, match=f"base, {first['release']}, {second['release']}"):
            releases.roll_back(root, wanted)


def test_a_damaged_release_is_never_pointed_at(tmp_path: Path) -> None:
    root = tmp_path / "releases"
    first = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    second = releases.settle(root, outcome(tmp_path / "b", "w2"), NOTHING)
    (root / first["folder"] / "model.safetensors").write_text("w9", encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"model/model\.safetensors: bytes differ"):
        releases.roll_back(root)
    assert releases.current(root) == second


def interrupted(tmp_path: Path) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """Give releases whose pointer is at the second and was meant to move to the first, and both pointers."""
    root = tmp_path / "releases"
    first = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    second = releases.settle(root, outcome(tmp_path / "b", "w2"), NOTHING)
    write_json(root / releases.INTENT, {"release": first["release"]})
    return root, first, second


def test_an_unfinished_intent_is_completed_when_a_run_starts(tmp_path: Path) -> None:
    root, first, _ = interrupted(tmp_path)
    ReleaseDataset(filepath=str(root)).describe_run(NOTHING)
    assert releases.current(root) == first
    assert not (root / releases.INTENT).exists()


def test_an_unfinished_intent_is_completed_before_the_pointer_moves_again(tmp_path: Path) -> None:
    root, first, _ = interrupted(tmp_path / "hold")
    held = outcome(tmp_path / "c", "w3", "hold")
    assert releases.settle(root, held, NOTHING) == first
    root, _, _ = interrupted(tmp_path / "back")
    assert releases.roll_back(root)["model"] == "base"
    assert not (root / releases.INTENT).exists()


def test_looking_at_the_pointer_changes_nothing_and_waits_for_nobody(tmp_path: Path) -> None:
    root, _, second = interrupted(tmp_path)
    with locked(root / ".lock"):
        assert releases.current(root) == second
    assert json.loads((root / releases.INTENT).read_text(encoding="utf-8"))["release"].startswith("0001-")


def test_a_number_is_never_given_twice(tmp_path: Path) -> None:
    root = tmp_path / "releases"
    first = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    releases.settle(root, outcome(tmp_path / "b", "w2"), NOTHING)
    shutil.rmtree(root / first["release"])
    assert releases.settle(root, outcome(tmp_path / "c", "w3"), NOTHING)["release"].startswith("0003-")


def test_a_draft_left_by_a_kill_is_no_release(tmp_path: Path) -> None:
    root = tmp_path / "releases"
    (root / ".draft/model").mkdir(parents=True)
    (root / ".draft/model/half").write_text("w", encoding="utf-8")
    seal(root / ".draft", "release")
    pointer = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    assert not (root / pointer["folder"] / "half").exists()
    assert releases.list_releases(root) == [pointer["release"]]
