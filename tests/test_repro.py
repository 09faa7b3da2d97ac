"""The whole pipeline under the real dvc, at smoke scale: what an edit re-runs, what another machine must run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cpt_pipeline.core.artifact import content_hash, find_damage
from tests.project import Project

DVC_FILE = "conf/smoke/dvc.yaml"
MODEL = "data/smoke/06_models/stage1_model"
STAGES = [
    *("collect", "clean", "dedup", "base", "tokenizer", "tokenize", "mix_law", "mix", "plan"),
    *("stage1", "stage2", "merge", "evaluate", "decide", "report"),
]


@pytest.mark.feature(4)
def test_after_an_adopted_run_there_is_nothing_to_do(smoke: Project) -> None:
    assert smoke.repro(DVC_FILE) == []
    said = smoke.succeed("kedro", "run", "--env=smoke", "--only-missing-outputs")
    assert ": begins" not in said
    assert "Verdict:" in said


@pytest.mark.feature(3)
def test_dvc_shows_a_few_figures_and_draws_the_curves_without_a_warning(smoke: Project) -> None:
    (smoke.path / "dvc.yaml").unlink()  # base was not run here
    done = smoke.run("dvc", "metrics", "show", "--json")
    (shown,) = json.loads(done.stdout)[""]["data"].values()
    assert {"verdict", "gain", "rise", "tokens", "money"} <= shown["data"].keys()
    assert len(shown["data"]) < 25
    drawn = smoke.run("dvc", "plots", "show", "--out", "drawn")
    assert (drawn.returncode, drawn.stderr, done.stderr) == (0, "", "")
    page = (smoke.path / "drawn/index.html").read_text(encoding="utf-8")
    for field in ("loss", "learning_rate", "gradient_norm"):
        assert f'"title": "{field}"' in page
    rows = json.loads((smoke.path / "data/smoke/08_reporting/training_curve.json").read_text(encoding="utf-8"))
    assert [row["tokens"] for row in rows] == [512 * step for step in range(1, 51)]


@pytest.mark.feature(129)
def test_a_run_that_is_adopted_ends_with_a_release_that_has_its_lock(smoke: Project) -> None:
    (release,) = (smoke.path / "data/smoke/09_releases").glob("0*")
    assert not (release / "dvc.lock").exists()
    assert f"Release {release.name}: has its dvc.lock" in smoke.succeed("kedro", "adopt", "--env=smoke")
    assert (release / "dvc.lock").read_bytes() == (smoke.path / "conf/smoke/dvc.lock").read_bytes()
    assert find_damage(release) == []


@pytest.mark.long
@pytest.mark.feature(4)
@pytest.mark.feature(123)
def test_an_edit_that_changes_no_document_runs_clean_and_nothing_after_it(smoke: Project) -> None:
    smoke.replace("src/cpt_pipeline/corpus/clean/stage.py", "%d documents, %d excluded", "%d documents and %d excluded")
    smoke.replace("conf/base/parameters_clean.yml", "max_characters: null", "max_characters: 1000000000")
    assert smoke.repro(DVC_FILE) == ["code", "clean"]


@pytest.mark.feature(4)
@pytest.mark.feature(123)
def test_a_comment_in_the_training_code_runs_nothing(smoke: Project) -> None:
    smoke.replace("src/cpt_pipeline/training/loop.py", '"""', '# An edit.\n"""More words. ', count=1)
    assert smoke.repro(DVC_FILE) == ["code"]
    assert smoke.repro(DVC_FILE) == []


@pytest.mark.long
@pytest.mark.feature(4)
@pytest.mark.feature(123)
def test_a_parameter_of_the_second_stage_leaves_the_first_alone(smoke: Project) -> None:
    before = content_hash(smoke.path / MODEL)
    smoke.replace("conf/base/parameters_stage2.yml", "peak_lr: 5.0e-4", "peak_lr: 4.0e-4")
    ran = smoke.repro(DVC_FILE)
    assert [stage for stage in ran if stage != "plan"] == ["stage2", "merge", "evaluate", "decide", "report"]
    assert content_hash(smoke.path / MODEL) == before
    assert smoke.repro(DVC_FILE) == []


def test_how_far_and_how_a_stage_runs_is_a_new_bill_and_no_reason_to_run_it(smoke: Project) -> None:
    smoke.replace("conf/base/parameters_stage2.yml", "checkpoint_every_steps: 50", "checkpoint_every_steps: 3")
    assert smoke.repro(DVC_FILE) == ["plan"]


@pytest.mark.long
@pytest.mark.feature(4)
def test_a_fresh_clone_runs_each_stage_once(house_template: Path, tmp_path: Path) -> None:
    project = Project(Path(shutil.copytree(house_template, tmp_path / "project")))
    assert sorted(project.repro(DVC_FILE)) == sorted(["code", *STAGES])
    assert project.repro(DVC_FILE) == []


@pytest.mark.long
@pytest.mark.feature(127)
def test_another_machine_evaluates_and_decides_without_training(smoke: Project, tmp_path: Path) -> None:
    smoke.succeed("dvc", "remote", "add", "--default", "store", str(tmp_path / "store"))
    smoke.succeed("dvc", "push")
    # conf/smoke keeps its small files out of Git, so this test hands them over as a user's own environment would
    smoke.succeed("git", "add", "--force", "data/smoke/08_reporting")
    smoke.commit("with a store")
    smoke.succeed("git", "clone", "-q", str(smoke.path), str(tmp_path / "clone"))
    clone = Project(tmp_path / "clone")

    clone.succeed("dvc", "pull", DVC_FILE)
    for name in ("stage1_candidates", "candidates", "base_model"):
        assert find_damage(clone.path / "data/smoke/06_models" / name) == []
    assert clone.repro(DVC_FILE) == []
    clone.succeed("kedro", "run", "--env=smoke", "--pipelines=evaluate,decide")
    decided = json.loads((clone.path / "data/smoke/08_reporting/decision.json").read_text(encoding="utf-8"))
    made = json.loads((smoke.path / "data/smoke/08_reporting/decision.json").read_text(encoding="utf-8"))
    assert decided == made

    pointer = clone.path / "data/smoke/09_releases/current.json"
    assert json.loads(pointer.read_text(encoding="utf-8"))["model"] == decided["model"]
    assert "In use: base (the base model)" in clone.succeed("kedro", "rollback", "--env=smoke")
    assert json.loads(pointer.read_text(encoding="utf-8"))["model"] == "base"
