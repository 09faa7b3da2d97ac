"""A release and its dvc.lock: of the same run or none; and the way back, typed as `kedro rollback` prints it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from dvc.repo import Repo
from kedro.config import OmegaConfigLoader

from cpt_pipeline.core.artifact import find_damage, seal, write_json
from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.wiring.layout import Layout
from cpt_pipeline.wiring.releases import check as release_check
from cpt_pipeline.wiring.releases import releases as release_store
from cpt_pipeline.wiring.releases.draft import RunFacts
from cpt_pipeline.wiring.releases.lock import complete_records, restore_commands
from tests.kills import killed_at
from tests.project import Project

STEPS = "conf/base/parameters_train.yml"
LEFT_OUT = (
    "data/.work/",
    "data/09_releases/",
    "data/other/.work/",
    "data/other/09_releases/",
    ".dvc/",
    ".git/",
    ".viz/",
    "mlruns/",
)


def releases(project: Project, root: str = "data") -> list[Path]:
    return sorted((project.path / root / "09_releases").glob("0*"))


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def snapshot(project: Project) -> dict[str, bytes]:
    """Code, conf, results and data of a project."""
    files = (path for path in project.path.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    named = {path.relative_to(project.path).as_posix(): path for path in files}
    return {name: path.read_bytes() for name, path in named.items() if not name.startswith((*LEFT_OUT, "mlflow.db"))}


@pytest.mark.long
@pytest.mark.feature(129)
@pytest.mark.parametrize("env", ["base", "other"])
def test_going_back_by_the_printed_commands_brings_everything_back(tiny: Project, env: str) -> None:
    at, root = (f"--env={env}", "data/other") if env == "other" else ("--env=base", "data")
    described = "conf/other/dvc.yaml" if env == "other" else "dvc.yaml"
    tiny.succeed("kedro", "run", "--pipeline=cpt", at)
    (first,) = releases(tiny, root)
    assert not (first / "dvc.lock").exists(), "DVC has nothing of this run yet"
    assert f"Release {first.name}: has its dvc.lock" in tiny.succeed("kedro", "adopt", at)
    assert (first / "dvc.lock").read_bytes() == (tiny.path / described).with_name("dvc.lock").read_bytes()
    tiny.commit("a run")
    before = snapshot(tiny)

    tiny.replace(STEPS, "num_steps: 4", "num_steps: 6")
    tiny.replace("src/tiny/words.py", 'f"{rows * params', 'f"{2 * rows * params')
    tiny.commit("longer, and twice as heavy")
    assert tiny.repro(described)[-2:] == ["train", "decide"]
    second = releases(tiny, root)[1]
    assert not (second / "dvc.lock").exists(), "while decide ran, its own entry was of the run before"
    tiny.commit("a second run")
    lock = (tiny.path / described).with_name("dvc.lock").read_bytes()
    weights = tiny.path / root / "06_models/model/weights.txt"
    assert weights.read_text(encoding="utf-8") == "84.0"

    said = tiny.succeed("kedro", "rollback", at)
    assert f"In use: train ({first.name})" in said
    assert (second / "dvc.lock").read_bytes() == lock, "the release that is left got its own in time"
    commands = re.findall(r"^ +(?:\w+ +)?((?:git|cp|dvc) .*)$", said, flags=re.MULTILINE)
    assert commands == [
        f"git checkout {read(first / 'release.json')['commit']}",
        f"cp -r {root}/09_releases/{first.name}/conf/. conf/",
        f"cp -r {root}/09_releases/{first.name}/results/. .",
        f"cp {root}/09_releases/{first.name}/dvc.yaml {described} && "
        f"cp {root}/09_releases/{first.name}/dvc.lock {described.replace('.yaml', '.lock')}",
        f"dvc checkout {described}",
    ]
    tiny.succeed("bash", "-c", " && ".join(commands))
    assert weights.read_text(encoding="utf-8") == "28.0"
    assert snapshot(tiny) == before
    assert "up to date" in tiny.succeed("dvc", "status", described)


@pytest.mark.feature(129)
def test_a_release_never_holds_a_lock_that_disagrees_with_its_parameters(tiny: Project) -> None:
    tiny.succeed("kedro", "run", "--pipeline=cpt")
    (release,) = releases(tiny)
    tiny.replace(STEPS, "learning_rate: 5.0e-1", "learning_rate: 4.0e-1")
    tiny.succeed("dvc", "commit", "--force", "dvc.yaml")  # the record is of an edit that no run has seen
    said = tiny.succeed("kedro", "adopt")
    assert f"Release {release.name}: no dvc.lock, it is of another run:" in said
    assert f"{STEPS}: train.learning_rate is 0.5 in the release and 0.4 in dvc.lock (stage train)" in said
    assert "kedro adopt" in tiny.succeed("kedro", "rollback", "--to", "0001"), "it says that there is none"
    assert not (release / "dvc.lock").exists()

    tiny.replace(STEPS, "learning_rate: 4.0e-1", "learning_rate: 5.0e-1")
    weights = tiny.path / "data/06_models/model/weights.txt"
    made = weights.read_bytes()
    weights.unlink()
    weights.write_text("0", encoding="utf-8")
    manifest = (weights.parent / "manifest.json").read_bytes()
    (weights.parent / "manifest.json").unlink()
    (weights.parent / "manifest.json").write_bytes(manifest.replace(b'"model"', b'"other"'))
    assert "data/06_models/model is another in dvc.lock" in tiny.succeed("kedro", "adopt")
    weights.unlink()
    weights.write_bytes(made)
    (weights.parent / "manifest.json").unlink()
    (weights.parent / "manifest.json").write_bytes(manifest)
    tiny.write("src/tiny/words.py", (tiny.path / "src/tiny/words.py").read_text(encoding="utf-8") + "\n# later\n")
    assert f"Release {release.name}: has its dvc.lock" in tiny.succeed("kedro", "adopt"), "a comment is no other code"
    assert read(release / "parameters.json")["train"]["learning_rate"] == 0.5
    assert "learning_rate: 0.5" in (release / "dvc.lock").read_text(encoding="utf-8")


@pytest.mark.feature(4)
@pytest.mark.feature(129)
def test_results_of_other_parameters_are_neither_released_nor_recorded_as_of_these(tiny: Project) -> None:
    """The model is trained for 4 steps; conf asks for 6 before it is decided upon and before it is adopted."""
    tiny.succeed("kedro", "run", "--pipelines=draw,clean,train")
    tiny.replace(STEPS, "num_steps: 4", "num_steps: 6")
    otherwise = "train was made otherwise: train.num_steps is 6 in conf and was 4"
    assert f"{otherwise}; it is not made again by this run" in tiny.succeed("kedro", "run", "--pipelines=decide")
    (release,) = releases(tiny)
    assert read(release / "release.json")["made_otherwise"] == [otherwise]
    said = tiny.succeed("kedro", "adopt")
    assert "train is not put on record, `dvc repro dvc.yaml` runs it again: train.num_steps is 6 in conf" in said
    assert f"Release {release.name}: no dvc.lock, it is of another run:\n  - {otherwise}" in said
    assert "train:" in tiny.succeed("dvc", "status")
    assert "clean:" not in tiny.succeed("dvc", "status")


@pytest.mark.long
@pytest.mark.feature(129)
def test_what_conf_and_commit_do_not_hold_is_said(tiny: Project) -> None:
    tiny.write("src/tiny/later.py", '"""Not committed."""\n')
    tiny.succeed("kedro", "run", "--pipeline=cpt", "--params=train.num_steps=5")
    (release,) = releases(tiny)
    about = read(release / "release.json")
    assert (about["beyond_conf"], about["uncommitted"]) == (["--params train.num_steps"], ["src/tiny/later.py"])
    said = tiny.succeed("kedro", "adopt")
    assert "the run had --params train.num_steps beside conf" in said
    assert not (release / "dvc.lock").exists()
    said = tiny.succeed("kedro", "rollback", "--to", "0001")
    assert "without what was not committed then: src/tiny/later.py" in said
    assert "beside conf the run had --params train.num_steps" in said


YAML = "stages: {train: {}, decide: {}, report: {}}"
LOCK = """
stages:
  train:
    params:
      conf/base/parameters_train.yml: {train: {rate: 0.0001}}
      conf/base/parameters_later.yml: {}
      data/08_reporting/code.json: {train: 0a1b}
    outs: [{path: data/scores.json, md5: SCORES}]
  decide: {deps: [{path: data/scores.json, md5: SCORES}], outs: [{path: data/decision.json, md5: DECISION}]}
  report: {deps: [{path: data/decision.json, md5: DECISION}]}
"""


_SCORES = "data/scores.json is another in dvc.lock"
_REPORT = "stage report is not on record yet"
_DECISION = "data/decision.json is neither on disk nor in Git as dvc.lock has it"


@pytest.fixture
def waiting(tmp_path: Path) -> tuple[Layout, Path]:
    """A project whose lock is of the run that made its one release, as one process sees it."""
    return make_waiting(tmp_path)


def make_waiting(tmp_path: Path, note: str = "") -> tuple[Layout, Path]:
    files = {
        "conf/base/globals.yml": "data_root: data",
        "conf/base/catalog.yml": "decision: {type: x, filepath: data/decision.json}\n"
        "release: {type: x, filepath: data/09_releases}",
        "conf/base/parameters_train.yml": f"train: {{rate: 1e-4{note}}}",
        "data/decision.json": '{"verdict": "promote"}',
        "data/scores.json": "{}",
        "dvc.yaml": YAML,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    write_lock(tmp_path, ("rate: 0.0001", f"rate: 0.0001{note}"))
    Repo.init(str(tmp_path), no_scm=True).close()
    (tmp_path / "model").mkdir()
    seal(tmp_path / "model", "model")
    outcome = {"verdict": "promote", "model": "train", "folder": tmp_path / "model", "decision": {"verdict": "promote"}}
    facts = RunFacts(
        conf={"base/parameters_train.yml": files["conf/base/parameters_train.yml"]},
        env="base",
        code={"train": "0a1b"},
        artifacts={"data/scores.json": tmp_path / "data/scores.json"},
    )
    root = tmp_path / "data/09_releases"
    pointer = release_store.settle(root, {**outcome, "scores": {}}, facts)
    return Layout(tmp_path, OmegaConfigLoader(str(tmp_path / "conf"), base_env="base"), None), root / pointer["release"]


def write_lock(project: Path, *changes: tuple[str, str]) -> None:
    text = LOCK
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    for name in ("decision", "scores"):
        text = text.replace(name.upper(), hashlib.md5((project / f"data/{name}.json").read_bytes()).hexdigest())
    (project / "dvc.lock").write_text(text, encoding="utf-8")


@pytest.mark.feature(129)
def test_a_lock_of_the_same_run_is_taken_over_with_the_small_results(waiting: tuple[Layout, Path]) -> None:
    layout, release = waiting
    assert complete_records(layout) == {release.name: []}
    assert (release / "dvc.lock").read_bytes() == (layout.project / "dvc.lock").read_bytes()
    assert (release / "dvc.yaml").read_text(encoding="utf-8") == YAML
    assert (release / "results/conf/base/parameters_later.yml").read_text(encoding="utf-8") == "{}\n"
    assert (release / "results/data/decision.json").read_text(encoding="utf-8") == '{"verdict": "promote"}'
    assert find_damage(release) == []
    assert complete_records(layout) == {}


@pytest.mark.feature(129)
def test_no_credential_of_a_parameter_stands_in_a_release(tmp_path: Path) -> None:
    layout, release = make_waiting(tmp_path, ", note: 'by password=Cana7yQzzz'")
    assert complete_records(layout) == {release.name: []}
    found = [path.name for path in release.rglob("*") if path.is_file() and b"Cana7yQzzz" in path.read_bytes()]
    assert found == []
    assert "note: by password=<hidden>" in (release / "dvc.lock").read_text(encoding="utf-8")
    said = "\n".join(restore_commands(layout, release))
    assert "dvc.lock held something secret: put it back by hand where it says <hidden>" in said


@pytest.mark.feature(129)
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([("rate: 0.0001", "rate: 0.0005")], "train.rate is 0.0001 in the release and 0.0005 in dvc.lock"),
        ([("outs: [{path: data/scores.json, md5: SCORES", "outs: [{path: data/scores.json, md5: b")], _SCORES),
        ([("path: data/scores.json", "path: data/trial/scores.json")], _SCORES),
        ([("train: 0a1b", "train: 0a1c")], "the code of stage train is another in dvc.lock"),
        ([], None),
        ([("  report:", "  reported:")], _REPORT),
        ([("deps: [{path: data/decision.json, md5: DECISION", "deps: [{path: data/decision.json, md5: b")], _REPORT),
        ([("outs: [{path: data/decision.json, md5: DECISION", "outs: [{path: data/decision.json, md5: b")], _DECISION),
    ],
    ids=["parameter", "artifact", "place", "code", "nothing", "stage missing", "stage of before", "result"],
)
def test_a_lock_of_another_run_is_left(waiting: tuple[Layout, Path], changes: Any, said: str | None) -> None:
    layout, release = waiting
    write_lock(layout.project, *changes)
    problems = complete_records(layout)[release.name]
    assert any(said in problem for problem in problems) if said else problems == []
    assert (release / "dvc.lock").exists() == (said is None)


@pytest.mark.feature(129)
def test_a_record_killed_at_any_operation_is_there_or_not(waiting: tuple[Layout, Path]) -> None:
    layout, release = waiting
    root, number, seen = release.parent, 0, set()
    kept = shutil.copytree(root, layout.project / "kept")
    while killed_at(root, number, lambda: complete_records(layout)):
        release_store.complete(root)
        with contextlib.suppress(ParameterError):
            release_store.roll_back(root, "none")  # whatever takes the lock cleans up
        seen.add(release_check.has_record(release))
        assert find_damage(release) == []
        complete_records(layout)
        assert release_check.has_record(release)
        assert sorted(path.name for path in root.iterdir()) == sorted([".lock", "current.json", release.name])
        shutil.rmtree(root)
        shutil.copytree(kept, root)
        number += 1
    assert number > 20
    assert seen == {True, False}


def test_a_release_of_an_earlier_version_says_what_it_does_not_know(waiting: tuple[Layout, Path]) -> None:
    layout, release = waiting
    (release / "contents.json").unlink()
    about = {"model": "train", "verdict": "promote", "env": "base", "commit": "c0ffee"}
    write_json(release / "release.json", about)
    seal(release, "release")
    assert "an earlier version" in complete_records(layout)[release.name][0]
    lines = restore_commands(layout, release)
    assert lines[2] == "  code        git checkout c0ffee"
    assert "an earlier version" in lines[3]


@pytest.mark.long
@pytest.mark.feature(129)
def test_the_lock_is_taken_over_before_the_next_run_changes_it(recorded: Project) -> None:
    (release,) = releases(recorded)
    assert not (release / "dvc.lock").exists(), "`dvc commit` alone tells nobody"
    lock = (recorded.path / "dvc.lock").read_bytes()
    recorded.replace(STEPS, "num_steps: 4", "num_steps: 6")
    assert recorded.repro() == ["train", "decide"]
    assert (release / "dvc.lock").read_bytes() == lock
    assert not (releases(recorded)[1] / "dvc.lock").exists()
