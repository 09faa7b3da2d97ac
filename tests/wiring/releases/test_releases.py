"""The releases: append-only, one pointer, whatever is killed in between."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.artifact import find_damage, seal, write_json
from cpt_pipeline.core.errors import ArtifactError, ParameterError
from cpt_pipeline.core.workspace import locked
from cpt_pipeline.wiring.datasets import ReleaseDataset
from cpt_pipeline.wiring.releases import check as release_check
from cpt_pipeline.wiring.releases import releases
from cpt_pipeline.wiring.releases.draft import RunFacts
from tests.kills import killed_at

NOTHING = RunFacts()


def outcome(folder: Path, weights: str, verdict: str = "promote") -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_text(weights, encoding="utf-8")
    seal(folder, "model")
    return {
        "verdict": verdict,
        "model": "stage2",
        "folder": folder,
        "decision": {"verdict": verdict},
        "scores": {"domain": 1.5},
    }


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def go_back(root: Path, to: str | None = None, *, told: Path | None = None) -> dict[str, Any]:
    """Do what `kedro rollback` does: move, say so, forget the intent."""
    move = releases.roll_back(root, to)
    if told is not None:
        told.touch()
    releases.forget_intent(root)
    return move.pointer


def test_nothing_promoted_is_the_base_model(tmp_path: Path) -> None:
    assert releases.current(tmp_path / "none") == {"release": None, "model": "base", "folder": None}
    assert release_check.list_releases(tmp_path / "none") == []


@pytest.mark.feature(129)
def test_a_promotion_keeps_model_decision_parameters_commit_conf_and_versions(tmp_path: Path) -> None:
    scores = tmp_path / "scores.json"
    scores.write_text("{}", encoding="utf-8")
    facts = RunFacts(
        parameters={"stage2": {"num_steps": 4}},
        beyond_conf=("--params stage2.num_steps",),
        made_otherwise=("stage1 was made otherwise: its code is another now",),
        conf={
            "base/parameters_stage2.yml": "stage2: {num_steps: 3}  # a comment\n",
            "mine/globals.yml": "token: abc\n",
        },
        env="mine",
        commit="c0ffee",
        uncommitted=("src/a.py",),
        code={"stage2": "0a1b"},
        files={"own/items.jsonl": "0" * 32},
        artifacts={"data/words": tmp_path / "model", "data/scores.json": scores, "data/none": tmp_path / "none"},
    )
    root = tmp_path / "releases"
    pointer = releases.settle(root, outcome(tmp_path / "model", "w1"), facts)

    place = root / pointer["release"]
    assert pointer["release"].startswith("0001-")
    assert (root / pointer["folder"] / "model.safetensors").read_text(encoding="utf-8") == "w1"
    assert read(place / "decision.json") == {"verdict": "promote"}
    assert read(place / "scores.json") == {"domain": 1.5}
    assert read(place / "parameters.json") == {"stage2": {"num_steps": 4}}
    assert read(place / "release.json") == {
        "model": "stage2",
        "verdict": "promote",
        "env": "mine",
        "commit": "c0ffee",
        "uncommitted": ["src/a.py"],
        "beyond_conf": ["--params stage2.num_steps"],
        "made_otherwise": ["stage1 was made otherwise: its code is another now"],
        "hidden": ["mine/globals.yml"],
    }
    assert (place / "conf/base/parameters_stage2.yml").read_text(encoding="utf-8").endswith("# a comment\n")
    assert (place / "conf/mine/globals.yml.hidden").read_text(encoding="utf-8") == "token: <hidden>\n"
    assert not (place / "conf/mine/globals.yml").exists()
    assert read(place / "versions.json")["torch"] == metadata.version("torch")
    assert read(place / "versions.json")["huggingface-hub"] == metadata.version("huggingface-hub")
    assert read(place / "contents.json") == {
        "own/items.jsonl": "0" * 32,
        "data/scores.json": hashlib.md5(b"{}").hexdigest(),
        "data/words": hashlib.md5((tmp_path / "model/manifest.json").read_bytes()).hexdigest(),
    }
    assert not (place / "dvc.lock").exists(), "the lock is of the run before, until DVC has this one on record"
    assert find_damage(place) == []
    assert releases.current(root) == pointer


@pytest.mark.feature(129)
def test_writing_in_a_candidate_changes_no_release_and_the_other_way_round(tmp_path: Path) -> None:
    root = tmp_path / "releases"
    pointer = releases.settle(root, outcome(tmp_path / "model", "w1"), NOTHING)
    candidate, released = tmp_path / "model/model.safetensors", root / pointer["folder"] / "model.safetensors"
    with candidate.open("r+") as stream:
        stream.write("w2")
    assert released.read_text(encoding="utf-8") == "w1"
    with released.open("r+") as stream:
        stream.write("w3")
    assert candidate.read_text(encoding="utf-8") == "w2"


@pytest.mark.feature(129)
@pytest.mark.parametrize("whole", [True, False], ids=["an artifact", "a folder of one"])
@pytest.mark.parametrize("damage", ["flip", "zero", "cut", "remove", "add"])
def test_a_damaged_candidate_is_not_promoted(tmp_path: Path, damage: str, whole: bool) -> None:
    root = tmp_path / "releases"
    first = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    candidate = outcome(tmp_path / "b/stage2", "w2")
    if not whole:
        (tmp_path / "b/stage2/manifest.json").unlink()
        seal(tmp_path / "b", "candidates")
    weights = tmp_path / "b/stage2/model.safetensors"
    name = weights.name
    if damage == "remove":
        weights.unlink()
    elif damage == "add":
        name = "adapter.safetensors"
        weights.with_name(name).write_text("w", encoding="utf-8")
    else:
        stat = weights.stat()
        weights.write_bytes({"flip": b"w3", "zero": b"\0\0", "cut": b"w"}[damage])
        os.utime(weights, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # a release does not go by what was remembered
    with pytest.raises(ArtifactError, match=rf"b/stage2 is damaged.*\n  - {name}: (.|\n)*Run the stage that makes it"):
        releases.settle(root, candidate, NOTHING)
    assert release_check.list_releases(root) == [first["release"]]
    assert releases.current(root) == first


FOUND = {"probes": {"items": 30, "unguarded_items": 12, "found_items": 1, "documents": 4, "examples": {"p7": "text"}}}


def contamination(root: Path, release: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / release / "contamination.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.feature(43)
def test_what_was_found_of_each_benchmark_is_kept_with_the_model(tmp_path: Path) -> None:
    metrics = tmp_path / "dedup_metrics.json"
    write_json(metrics, {"records_in": 9, "benchmarks": FOUND})
    root = tmp_path / "releases"
    release = releases.settle(root, outcome(tmp_path / "a", "w1"), RunFacts(dedup_metrics=metrics))["release"]
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
    release = releases.settle(root, outcome(tmp_path / "a", "w1"), RunFacts(dedup_metrics=metrics))["release"]
    known = contamination(root, release)
    assert known["benchmarks"] is None
    assert known["unknown_because"].startswith("dedup_metrics ")


def test_the_same_decision_twice_is_one_release_and_a_new_one_is_appended(tmp_path: Path) -> None:
    root = tmp_path / "releases"
    first = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    again = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    second = releases.settle(root, outcome(tmp_path / "b", "w2"), NOTHING)

    assert again == first
    assert release_check.list_releases(root) == [first["release"], second["release"]]
    assert releases.current(root) == second


@pytest.mark.parametrize("verdict", ["hold", "roll_back"])
def test_a_decision_for_nothing_new_leaves_the_pointer(tmp_path: Path, verdict: str) -> None:
    root = tmp_path / "releases"
    first = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    base = {**outcome(tmp_path / "b", "w2", verdict), "model": "base", "folder": None}
    assert releases.settle(root, base, NOTHING) == first
    assert release_check.list_releases(root) == [first["release"]]


def test_a_roll_back_to_a_passing_checkpoint_is_released(tmp_path: Path) -> None:
    pointer = releases.settle(tmp_path / "releases", outcome(tmp_path / "a", "w1", "roll_back"), NOTHING)
    assert pointer["release"] is not None


def test_rolling_back_goes_one_release_at_a_time_down_to_the_base(tmp_path: Path) -> None:
    root = tmp_path / "releases"
    first = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    releases.settle(root, outcome(tmp_path / "b", "w2"), NOTHING)

    assert go_back(root) == first
    assert go_back(root)["model"] == "base"
    with pytest.raises(ParameterError, match="no release to go back from"):
        go_back(root)
    assert go_back(root, "0002")["release"].startswith("0002-")
    assert len(release_check.list_releases(root)) == 2


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


@pytest.mark.feature(129)
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("name", ["manifest.json", "release.json", "parameters.json", "versions.json", "decision.json"])
def test_a_damaged_release_that_is_not_in_use_keeps_nobody_from_the_others(
    tmp_path: Path, name: str, kept: float
) -> None:
    root = tmp_path / "releases"
    first, second, third = (
        releases.settle(root, outcome(tmp_path / name, weights), NOTHING)
        for name, weights in (("a", "w1"), ("b", "w2"), ("c", "w3"))
    )
    path = root / second["release"] / name
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    assert list(release_check.find_damaged(root)) == [second["release"]]
    assert str(path) in release_check.find_damaged(root)[second["release"]]
    assert release_check.list_releases(root) == [first["release"], third["release"]]
    for back in (None, "0002"):  # never past it in silence
        with pytest.raises(ArtifactError, match=rf"{path}(.|\n)*kedro rollback --to ID"):
            releases.roll_back(root, back)
        assert releases.complete(root) is None
        assert releases.current(root) == third
    assert go_back(root, "0001") == first
    assert go_back(root, "0003") == third
    assert releases.settle(root, outcome(tmp_path / "d", "w4"), NOTHING)["release"].startswith("0004-")
    assert go_back(root, "base")["model"] == "base"


@pytest.mark.feature(129)
@pytest.mark.parametrize("in_use", ["0001", "0003"])
@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_release_without_its_manifest_is_named_and_its_number_not_given_again(
    tmp_path: Path, lost: int, in_use: str
) -> None:
    root = tmp_path / "releases"
    made = [releases.settle(root, outcome(tmp_path / name, name), NOTHING) for name in ("w1", "w2", "w3")]
    pointer = go_back(root, in_use)
    damaged = made[lost]["release"]
    manifest = root / damaged / "manifest.json"
    kept = manifest.read_bytes()
    manifest.unlink()
    assert list(release_check.find_damaged(root)) == [damaged]
    assert str(manifest) in release_check.find_damaged(root)[damaged]
    assert damaged not in release_check.list_releases(root)
    assert releases.current(root) == pointer
    assert releases.complete(root) is None
    with pytest.raises(ArtifactError, match=rf"{manifest} is missing: it was removed(.|\n)*kedro rollback --to ID"):
        releases.roll_back(root, damaged)
    with pytest.raises(ArtifactError, match=rf"{manifest} is missing(.|\n)*Move that folder away"):
        releases.settle(root, outcome(tmp_path / "again", f"w{lost + 1}"), NOTHING)
    assert releases.settle(root, outcome(tmp_path / "w4", "w4"), NOTHING)["release"].startswith("0004-")
    manifest.write_bytes(kept)
    assert go_back(root, damaged) == made[lost]


@pytest.mark.feature(129)
def test_going_back_never_passes_over_a_release_that_lost_its_manifest(tmp_path: Path) -> None:
    root = tmp_path / "releases"
    first = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    second = releases.settle(root, outcome(tmp_path / "b", "w2"), NOTHING)
    (root / first["release"] / "manifest.json").unlink()
    with pytest.raises(ArtifactError, match=rf"{first['release']}/manifest.json is missing"):
        releases.roll_back(root)
    assert releases.current(root) == second


@pytest.mark.feature(129)
def test_a_copy_of_a_release_under_another_name_is_none(tmp_path: Path) -> None:
    root = tmp_path / "releases"
    first = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    second = releases.settle(root, outcome(tmp_path / "b", "w2"), NOTHING)
    for name in (f"{first['release']}-copy", f"copy-{first['release']}", "1-of-mine", "0001"):
        shutil.copytree(root / first["release"], root / name)
    assert release_check.find_names(root) == [first["release"], second["release"]]
    assert release_check.find_damaged(root) == {}
    assert go_back(root) == first
    assert go_back(root, "0002") == second
    with pytest.raises(ParameterError, match=r"names 0 releases; there are base, 0001-\w{8}, 0002-\w{8}\."):
        releases.roll_back(root, f"{first['release']}-copy")


@pytest.mark.feature(129)
def test_a_release_in_the_folder_of_another_is_damaged(tmp_path: Path) -> None:
    root = tmp_path / "releases"
    first = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    second = releases.settle(root, outcome(tmp_path / "b", "w2"), NOTHING)
    shutil.rmtree(root / first["release"])
    shutil.copytree(root / second["release"], root / first["release"])
    with pytest.raises(ArtifactError, match="is that of another release"):
        releases.roll_back(root)
    assert releases.current(root) == second


def test_the_release_after_9999_is_the_newest(tmp_path: Path) -> None:
    root = tmp_path / "releases"
    first = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
    last = root / first["release"].replace("0001", "9999")
    (root / first["release"]).rename(last)
    write_json(root / releases.POINTER, {**first, "release": last.name, "folder": f"{last.name}/model"})
    assert releases.settle(root, outcome(tmp_path / "b", "w2"), NOTHING)["release"].startswith("10000-")
    assert release_check.list_releases(root)[0] == last.name
    assert go_back(root)["release"] == last.name


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


@pytest.mark.feature(129)
def test_a_roll_back_that_was_interrupted_is_finished_and_nothing_else_is_done(tmp_path: Path) -> None:
    root, first, _ = interrupted(tmp_path)
    for _ in range(2):  # killed again before the user was told
        assert releases.roll_back(root) == releases.Move(first, resumed=True)
    releases.forget_intent(root)
    assert releases.roll_back(root) == releases.Move(releases.current(tmp_path / "none"), resumed=False)


def test_a_named_release_is_gone_to_whatever_was_interrupted(tmp_path: Path) -> None:
    root, _, second = interrupted(tmp_path)
    assert go_back(root, second["release"]) == second


@pytest.mark.feature(129)
@pytest.mark.parametrize("name", [releases.POINTER, releases.INTENT])
@pytest.mark.parametrize("content", ["", '{"release": "00', "[]", '{"model": "x"}', "\xff"])
def test_a_pointer_or_intent_that_cannot_be_read_is_named_with_the_way_out(
    tmp_path: Path, name: str, content: str
) -> None:
    root, first, _ = interrupted(tmp_path)
    (root / releases.INTENT).unlink()  # which would say where the pointer is to be
    (root / name).write_bytes(content.encode("latin-1"))
    for act in (
        lambda: ReleaseDataset(filepath=str(root)).describe_run(NOTHING),
        lambda: releases.settle(root, outcome(tmp_path / "c", "w3", "hold"), NOTHING),
        *([lambda: releases.current(root)] if name == releases.POINTER else [lambda: releases.roll_back(root)]),
    ):
        with pytest.raises(ArtifactError, match=rf"{name} is damaged(.|\n)*kedro rollback --to ID.*{first['release']}"):
            act()
    assert go_back(root, "0001") == first
    assert releases.current(root) == first


@pytest.mark.feature(129)
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"release": "0009-deadbeef", "folder": "0009-deadbeef/model"},
            "names release '0009-deadbeef', which is not there",
        ),
        ({"release": 7}, "names release 7, which is not there"),
        ({"release": ["0001"]}, r"names release \['0001'\], which is not there"),
        ({"release": "0001"}, "names release '0001', which is not there"),
        ({"release": False}, "names release False, which is not there"),
        ({"folder": "0001-abcdef01/model"}, "release '0002-.{8}' with folder '0001-abcdef01/model'"),
        ({"folder": None}, "release '0002-.{8}' with folder None"),
        ({"release": None}, "release None with folder '0002-.{8}/model'"),
        ({"release": None, "folder": None}, "release None with model 'stage2'"),
        ({"model": "base"}, "release '0002-.{8}' with model 'base'"),
        ({"model": 2}, "release '0002-.{8}' with model 2"),
    ],
)
def test_a_pointer_that_contradicts_itself_or_the_folder_is_named_with_the_way_out(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    root, first, second = interrupted(tmp_path)
    (root / releases.INTENT).unlink()
    write_json(root / releases.POINTER, {**second, **changed})
    for act in (
        lambda: releases.current(root),
        lambda: releases.complete(root),
        lambda: releases.roll_back(root),
        lambda: releases.settle(root, outcome(tmp_path / "c", "w3", "hold"), NOTHING),
    ):
        with pytest.raises(
            ArtifactError,
            match=rf"{releases.POINTER} is damaged \(.*{said}\)(.|\n)*kedro rollback --to ID.*base, {first['release']}",
        ):
            act()
    assert go_back(root, "0002") == second


@pytest.mark.feature(129)
@pytest.mark.parametrize("meant", [7, "0009-deadbeef", "../x", ["0001"], {}, True, ""])
def test_an_intent_to_what_is_no_release_is_named_with_the_way_out(tmp_path: Path, meant: Any) -> None:
    root, first, second = interrupted(tmp_path)
    write_json(root / releases.INTENT, {"release": meant})
    for act in (lambda: releases.complete(root), lambda: releases.roll_back(root)):
        with pytest.raises(ArtifactError, match=r"intent.json is damaged \(.*not there\)(.|\n)*kedro rollback --to ID"):
            act()
    assert releases.current(root) == second
    assert go_back(root, "0001") == first


@pytest.mark.feature(129)
@pytest.mark.parametrize("name", [releases.POINTER, releases.INTENT])
def test_a_folder_in_place_of_pointer_or_intent_is_named(tmp_path: Path, name: str) -> None:
    root, first, _ = interrupted(tmp_path)
    (root / releases.INTENT).unlink()
    (root / name).unlink(missing_ok=True)
    (root / name).mkdir()
    for act in (
        lambda: releases.complete(root),
        lambda: releases.roll_back(root),
        lambda: releases.roll_back(root, "0001"),
        lambda: releases.settle(root, outcome(tmp_path / "c", "w3"), NOTHING),
    ):
        with pytest.raises(ArtifactError, match=rf"{name} is damaged \(a folder.*Move that folder away"):
            act()
    (root / name).rmdir()
    assert go_back(root, "0001") == first


def state(root: Path) -> tuple[list[str], Any]:
    """What is there after a start: all names, and the pointer."""
    releases.complete(root)
    names = sorted(path.name for path in root.iterdir() if path.name != ".lock")
    for release in release_check.list_releases(root):
        assert find_damage(root / release) == []
    return names, releases.current(root)


@pytest.mark.feature(129)
def test_a_promotion_killed_at_any_operation_is_done_or_not_and_leaves_nothing(tmp_path: Path) -> None:
    number, seen = 0, set()
    while True:
        root = tmp_path / str(number)
        first = releases.settle(root, outcome(tmp_path / "a", "w1"), NOTHING)
        second = outcome(tmp_path / "b", "w2")
        killed = killed_at(root, number, lambda: releases.settle(root, second, NOTHING))  # noqa: B023
        names, pointer = state(root)
        made = release_check.list_releases(root)
        assert names == sorted([*made, releases.POINTER])
        assert pointer["release"] in {first["release"], made[-1]}
        seen.add(pointer["release"])
        again = releases.settle(root, second, NOTHING)
        assert release_check.list_releases(root) == [first["release"], again["release"]]
        assert state(root) == (sorted([first["release"], again["release"], releases.POINTER]), again)
        if not killed:
            break
        number += 1
    assert number > 20
    assert len(seen) == 2


@pytest.mark.feature(129)
def test_a_roll_back_killed_at_any_operation_and_typed_again_goes_back_once(tmp_path: Path) -> None:
    number = 0
    seen = set()
    while True:
        root = tmp_path / str(number)
        pointers = [releases.settle(root, outcome(tmp_path / name, name), NOTHING) for name in ("w1", "w2", "w3")]
        told = root / "told"
        killed = killed_at(root, number, lambda: go_back(root, told=told))  # noqa: B023
        seen.add(releases.current(root)["release"])
        done = told.exists()
        told.unlink(missing_ok=True)
        if not done:
            go_back(root)  # nothing was said, so the user types it again
        names, pointer = state(root)
        assert pointer == pointers[1], f"killed at operation {number}"
        assert names == sorted([*release_check.list_releases(root), releases.POINTER])
        if not killed:
            break
        number += 1
    assert number > 10
    assert seen == {pointers[2]["release"], pointers[1]["release"]}


def test_what_writers_of_pointer_and_intent_left_is_removed_at_the_next_start(tmp_path: Path) -> None:
    root, first, _ = interrupted(tmp_path)
    for name in (".intent.json.elsewhere-7.tmp", f".current.json.{platform.node()}-{os.getpid()}.tmp"):
        (root / name).write_text("{", encoding="utf-8")
    with locked(root / ".lock"):
        assert releases.complete(root) is None, "a live process is at it, and finishes it itself"
    assert state(root) == (sorted([*release_check.list_releases(root), releases.POINTER]), first)


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
    assert release_check.list_releases(root) == [pointer["release"]]
