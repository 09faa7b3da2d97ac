"""dvc.yaml from the project: what each stage depends on, and what the real dvc then re-runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kedro.config import OmegaConfigLoader
from kedro.pipeline import Node, Pipeline

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.core.inputs import HubName, HubParams, InputFile, InputPattern
from cpt_pipeline.core.params import Params
from cpt_pipeline.wiring import dvc
from cpt_pipeline.wiring.layout import Layout
from tests.conftest import REPOSITORY, TINY
from tests.project import Project


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dvc.Stage]]:
    """The stages of the tiny project, imported here."""
    monkeypatch.syspath_prepend(TINY / "src")
    from tiny.pipeline_registry import STAGES

    yield dvc.describe_stages(STAGES)
    for name in [name for name in sys.modules if name.split(".")[0] == "tiny"]:
        del sys.modules[name]


def layout(env: str = "base") -> Layout:
    return Layout(TINY, OmegaConfigLoader(str(TINY / "conf"), env=env, base_env="base", default_run_env="local"), env)


def rendered(stages: list[dvc.Stage], env: str = "base") -> dict[str, Any]:
    text = dvc.render(stages, layout(env), TINY / "src/tiny")
    found: dict[str, Any] = yaml.safe_load(text)["stages"]
    return found


@pytest.mark.feature(2)
def test_a_stage_lists_its_data_code_parameters_and_outputs(stages: list[dvc.Stage]) -> None:
    assert rendered(stages)["train"] == {
        "desc": "Train the model.",
        "cmd": "exec kedro run --env=base --pipelines=train",
        "deps": ["data/02_intermediate/clean_words"],
        "params": [
            {"conf/base/parameters_train.yml": ["train"]},
            {
                "conf/base/catalog.yml": [
                    "clean_words.type",
                    "model.type",
                    "{stage}_log.type",
                    "{stage}_provenance.type",
                ]
            },
            {"data/08_reporting/code.json": ["train"]},
        ],
        "outs": [
            "data/06_models/model",
            {"data/08_reporting/train_log.json": {"cache": False}},
            {"data/08_reporting/train_provenance.json": {"cache": False}},
        ],
    }


def test_one_light_stage_turns_the_source_folder_into_fingerprints(stages: list[dvc.Stage]) -> None:
    assert rendered(stages, "other")["code"] == {
        "desc": "Write the fingerprint of every stage's code.",
        "wdir": "../..",
        "cmd": "exec python -m cpt_pipeline.core.fingerprint src/tiny data/other/08_reporting/code.json",
        "deps": ["src/tiny"],
        "outs": [{"data/other/08_reporting/code.json": {"cache": False}}],
    }


def test_stages_keep_their_order_and_what_they_count_is_no_metric_of_dvc(stages: list[dvc.Stage]) -> None:
    found = rendered(stages)
    assert list(found) == ["code", "draw", "clean", "train", "decide"]
    assert {"data/08_reporting/draw_metrics.json": {"cache": False}} in found["draw"]["outs"]
    assert not [name for name, stage in found.items() if "metrics" in stage or "plots" in stage]
    assert found["draw"]["desc"] == "Draw words."


def test_neither_provenance_nor_the_releases_are_a_reason_to_run(stages: list[dvc.Stage]) -> None:
    decide = rendered(stages)["decide"]
    assert "data/08_reporting/train_log.json" in decide["deps"]
    assert not [name for name in decide["deps"] if "provenance" in name]
    assert decide["outs"] == [{"data/08_reporting/decision.json": {"cache": False}}]


def test_the_text_is_the_same_every_time(stages: list[dvc.Stage]) -> None:
    first = dvc.render(stages, layout(), TINY / "src/tiny")
    assert first == dvc.render(stages, layout(), TINY / "src/tiny")
    assert str(TINY) not in first


def test_another_environment_works_from_its_own_folder_in_its_own_root(stages: list[dvc.Stage]) -> None:
    clean = rendered(stages, "other")["clean"]
    assert clean["wdir"] == "../.."
    assert clean["cmd"] == "exec kedro run --env=other --pipelines=clean"
    assert "data/other/02_intermediate/clean_words" in clean["outs"]
    assert dvc.target(layout("other")) == TINY / "conf/other/dvc.yaml"
    assert dvc.lock_of(layout("other")) == TINY / "conf/other/dvc.lock"


class FilesParams(Params):
    path: InputPattern


class CollectParams(Params):
    sources: tuple[FilesParams, ...] = ()


class SuiteParams(Params):
    items: InputFile | None = None


class Model(HubParams):
    name: HubName | None = None


class EvaluateParams(Params):
    suite: SuiteParams = SuiteParams()
    judge: Model = Model()


def collect(sources: CollectParams, suite: SuiteParams) -> None: ...


def evaluate(params: EvaluateParams) -> None: ...


STAGES = [
    dvc.Stage("collect", "Collect.", Pipeline([Node(collect, ["params:collect", "params:evaluate.suite"], None)])),
    dvc.Stage("evaluate", "Evaluate.", Pipeline([Node(evaluate, "params:evaluate", None)])),
]


def named_deps(project: Path, collect: object, evaluate: object) -> dict[str, list[str]]:
    """Give the dependencies of two stages that have no data, only parameters; nothing that they name is there."""
    for name, content in {
        "globals": {"data_root": "data"},
        "catalog": {},
        "parameters_collect": {"collect": collect},
        "parameters_evaluate": {"evaluate": evaluate},
    }.items():
        (project / "conf/base").mkdir(parents=True, exist_ok=True)
        (project / f"conf/base/{name}.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    loader = OmegaConfigLoader(str(project / "conf"), env="base", base_env="base", default_run_env="local")
    text = dvc.render(STAGES, Layout(project, loader, "base"), project / "src/any")
    return {name: stage["deps"] for name, stage in yaml.safe_load(text)["stages"].items() if name != "code"}


@pytest.mark.feature(123)
def test_files_folders_and_models_that_the_parameters_name_are_dependencies(tmp_path: Path) -> None:
    paths = ("data/own/book.md", "data/own/notes/**/*.md", "data/own/*.txt", "../texts", "/mnt/corpus/*.jsonl")
    evaluate = {"suite": {"items": "own/items.jsonl"}, "judge": {"name": "/models/judge"}}
    assert named_deps(tmp_path, {"sources": [{"path": path} for path in paths]}, evaluate) == {
        "collect": ["../texts", "/mnt/corpus", "data/own", "data/own/book.md", "data/own/notes", "own/items.jsonl"],
        "evaluate": ["/models/judge"],
    }, "the scores come from the items that collect published"


def test_a_hub_name_is_known_by_its_commit_and_is_no_dependency(tmp_path: Path) -> None:
    evaluate = {"suite": {}, "judge": {"name": "owner/judge", "revision": "a" * 40}}
    assert named_deps(tmp_path, {}, evaluate) == {"collect": [], "evaluate": []}


@pytest.mark.parametrize("pattern", ["*.md", "data/*/*.md", "**/*.md"])
def test_a_pattern_that_begins_where_results_are_written_is_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(ParameterError, match=r"collect\.sources\.0\.path: .* the results of base are written too"):
        named_deps(tmp_path, {"sources": [{"path": pattern}]}, {"suite": {}})


@pytest.mark.feature(4)
@pytest.mark.feature(123)
@pytest.mark.feature(2)
def test_dvc_redoes_what_changed_and_nothing_else(recorded: Project) -> None:
    recorded.replace(
        "src/tiny/words.py", '"""Keep the long ones."""', '"""Keep the longer ones."""  # not the short ones'
    )
    recorded.replace("src/tiny/words.py", "def draw_words(out: Path,", "def draw_words(out: Path | str,")
    assert recorded.repro() == ["code"], "how code is written is no reason to run"
    assert recorded.repro() == []

    recorded.replace("src/tiny/pipelines/clean/nodes.py", 'work.out / "clean_words"', '(work.out / "clean_words")')
    recorded.replace("src/tiny/pipelines/clean/pipeline.py", 'name="clean"', 'name="cl" + "ean"')
    assert recorded.repro() == ["code", "clean"], "the same documents are no reason to train"

    recorded.replace("conf/base/parameters_train.yml", "pause_seconds: 0.0", "pause_seconds: 0.01")
    assert "up to date" in recorded.succeed("dvc", "status"), "how it runs is no reason to run"

    recorded.replace("conf/base/parameters_train.yml", "num_steps: 4", "num_steps: 5")
    assert "num_steps" in recorded.succeed("dvc", "params", "diff")
    assert recorded.repro() == ["train", "decide"]


def test_a_file_that_conf_names_is_not_read_before_dvc_knows_it(recorded: Project) -> None:
    recorded.write("own/words.txt", "one\n")
    recorded.write("conf/base/parameters_clean.yml", "clean:\n  min_chars: 3\n  extra_words: own/words.txt\n")
    done = recorded.run("dvc", "repro", "clean")
    assert done.returncode != 0
    assert "conf names own/words.txt for stage clean, and dvc.yaml does not list it" in done.stdout + done.stderr
    recorded.succeed("kedro", "sync-dvc")
    assert recorded.repro("clean") == ["clean"]
    recorded.write("own/words.txt", "two\n")
    assert "own/words.txt" in recorded.succeed("dvc", "status", "clean")


@pytest.mark.feature(123)
def test_conf_that_dvc_does_not_know_is_not_run_with(recorded: Project) -> None:
    (recorded.path / "conf/base/parameters_clean.yml").rename(recorded.path / "conf/base/parameters_zz.yml")
    done = recorded.run("kedro", "run", "--pipelines=clean")
    assert done.returncode == 2
    assert "conf/base/parameters_zz.yml: dvc.yaml does not list this file, so DVC would not see" in done.stderr


@pytest.mark.feature(127)
def test_another_machine_pulls_and_needs_to_run_nothing(recorded: Project, tmp_path: Path) -> None:
    recorded.succeed("dvc", "remote", "add", "--default", "store", str(tmp_path / "store"))
    recorded.succeed("dvc", "push")
    recorded.commit("with a store")
    recorded.succeed("git", "clone", "-q", str(recorded.path), str(tmp_path / "clone"))
    clone = Project(tmp_path / "clone")

    described = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    outs = [out for stage in ("stage1", "stage2", "merge") for out in described[stage]["outs"] if isinstance(out, str)]
    assert {f"data/06_models/{name}candidates" for name in ("", "stage1_", "stage2_")} <= set(outs), "in the real one"

    clone.succeed("dvc", "pull")
    assert (clone.path / "data/06_models/model/manifest.json").is_file()
    assert clone.repro() == []
    assert "in use: train" in clone.succeed("kedro", "run", "--pipelines=decide")
    assert "the base model" in clone.succeed("kedro", "rollback")


@pytest.mark.long
def test_a_killed_dvc_leaves_no_stage_behind_and_the_next_one_goes_on(recorded: Project) -> None:
    recorded.replace("conf/base/parameters_train.yml", "num_steps: 4", "num_steps: 300")
    recorded.replace("conf/base/parameters_train.yml", "pause_seconds: 0.0", "pause_seconds: 0.2")
    child = recorded.start("dvc", "repro", SHELL="/bin/sh")
    steps = recorded.wait_for("data/.work/train-*/steps")
    assert "in use" in recorded.succeed("kedro", "workspaces", "--clear"), "work in use is not cleared"
    child.kill()
    child.wait()
    time.sleep(1)
    done = len(steps.read_text(encoding="utf-8").splitlines())
    time.sleep(1)
    assert len(steps.read_text(encoding="utf-8").splitlines()) == done, "the stage outlived dvc"
    assert 0 < done < 300
    assert "unfinished" in recorded.succeed("kedro", "workspaces")

    recorded.replace("conf/base/parameters_train.yml", "pause_seconds: 0.2", "pause_seconds: 0.0")
    assert f"train goes on at step {done}" in recorded.succeed("dvc", "repro")
    assert not steps.parent.exists()


def test_sync_writes_checks_and_shows_the_difference(tiny: Project) -> None:
    tiny.replace(
        "src/tiny/pipelines/clean/nodes.py", "from typing import Any\n", "import tiny.words\nfrom typing import Any\n"
    )
    tiny.succeed("kedro", "sync-dvc", "--check")
    tiny.replace("src/tiny/pipelines/clean/pipeline.py", '"""Keep the long words."""', '"""Keep the longer words."""')
    done = tiny.run("kedro", "sync-dvc", "--check")
    assert done.returncode == 1
    assert "+    desc: Keep the longer words." in done.stdout


@pytest.mark.feature(4)
def test_code_edited_while_a_run_was_going_on_is_still_to_come(recorded: Project) -> None:
    recorded.replace("src/tiny/pipelines/train/nodes.py", 'work.out / "model", params', 'work.out / "MODEL", params')
    recorded.succeed("dvc", "commit", "--force", "dvc.yaml")
    recorded.succeed("dvc", "repro", "--force", "--single-item", "code")  # as `make demo` does
    said = recorded.succeed("dvc", "status")
    assert [line for line in said.splitlines() if not line.startswith("\t")] == ["train:"]


@pytest.mark.long
def test_an_environment_of_its_own_sees_an_override_added_later(recorded: Project) -> None:
    recorded.succeed("kedro", "sync-dvc", "--env=other")
    assert (recorded.path / "conf/other/parameters_train.yml").read_text(encoding="utf-8") == "{}\n"
    target = "conf/other/dvc.yaml:clean"
    assert recorded.repro(target) == ["code", "draw", "clean"]
    recorded.write("conf/other/parameters_clean.yml", "clean:\n  min_chars: 5\n")
    assert recorded.repro(target) == ["clean"]
    assert recorded.repro() == [], "base has a root of its own"


def test_an_environment_must_not_share_the_root_of_base(tiny: Project) -> None:
    tiny.write("conf/other/globals.yml", "data_root: data\n")
    done = tiny.run("kedro", "sync-dvc", "--env=other")
    assert done.returncode == ParameterError.exit_code
    assert "conf/other/globals.yml must set a data_root of its own" in done.stderr
