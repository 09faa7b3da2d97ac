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

from cpt_pipeline import dvc
from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.layout import Layout
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
        "deps": [
            "data/02_intermediate/clean_words",
            "src/tiny/pipelines/__init__.py",
            "src/tiny/pipelines/train/__init__.py",
            "src/tiny/pipelines/train/nodes.py",
            "src/tiny/pipelines/train/pipeline.py",
            "src/tiny/words.py",
        ],
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
        ],
        "outs": ["data/06_models/model", {"data/08_reporting/train_provenance.json": {"cache": False}}],
        "plots": [{"data/08_reporting/train_log.json": {"cache": False}}],
    }


def test_stages_keep_their_order_and_metrics_are_metrics(stages: list[dvc.Stage]) -> None:
    found = rendered(stages)
    assert list(found) == ["draw", "clean", "train", "decide"]
    assert found["draw"]["metrics"] == [{"data/08_reporting/draw_metrics.json": {"cache": False}}]
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
    assert clean["outs"][1] == "data/other/02_intermediate/clean_words"
    assert dvc.target(layout("other")) == TINY / "conf/other/dvc.yaml"
    assert dvc.lock_of(layout("other")) == TINY / "conf/other/dvc.lock"


def naming(tmp_path: Path, *paths: str) -> Layout:
    """Give the layout of a project whose conf names these texts and one benchmark; none of them is there."""
    sources = [{"kind": "python_environment"}, *({"kind": "files", "path": path} for path in paths)]
    benchmarks = [{"name": "own", "path": "own/items.jsonl"}]
    return configured(tmp_path, {"sources": sources}, {"suite": {"benchmarks": benchmarks}})


def configured(tmp_path: Path, collect: object, evaluate: object) -> Layout:
    """Give the layout of a project that has these two parameter files."""
    for name, content in {
        "globals": {"data_root": "data"},
        "catalog": {},
        "parameters_collect": {"collect": collect},
        "parameters_evaluate": {"evaluate": evaluate},
    }.items():
        (tmp_path / "conf/base").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"conf/base/{name}.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    loader = OmegaConfigLoader(str(tmp_path / "conf"), env="base", base_env="base", default_run_env="local")
    return Layout(tmp_path, loader, "base")


def named_deps(layout: Layout, *inputs: str) -> list[str]:
    """Give the dependencies of a stage that has no code and no data, only parameters."""
    pipeline = Pipeline([Node(lambda *_: None, [f"params:{name}" for name in inputs], None, name="any")])
    stage = dvc.Stage("any", "Any.", pipeline, ())
    found: list[str] = yaml.safe_load(dvc.render([stage], layout, layout.project / "src/any"))["stages"]["any"]["deps"]
    return found


@pytest.mark.feature(123)
def test_texts_and_benchmarks_that_the_parameters_name_are_dependencies(tmp_path: Path) -> None:
    paths = ("data/own/book.md", "data/own/notes/**/*.md", "data/own/*.txt", "../texts", "/mnt/corpus/*.jsonl")
    found = naming(tmp_path, *paths)
    assert named_deps(found, "collect") == [
        "../texts",
        "/mnt/corpus",
        "data/own",
        "data/own/book.md",
        "data/own/notes",
    ]
    assert named_deps(found, "evaluate.suite") == ["own/items.jsonl"]
    assert named_deps(found, "evaluate") == [], "the scores come from the published items"


@pytest.mark.parametrize("nothing", [{}, None], ids=["empty", "null"])
def test_conf_that_names_no_texts_and_no_benchmarks_has_no_such_dependencies(tmp_path: Path, nothing: object) -> None:
    found = configured(tmp_path, nothing, {"suite": nothing})
    assert named_deps(found, "collect") == named_deps(found, "evaluate.suite") == []


@pytest.mark.parametrize("pattern", ["*.md", "data/*/*.md", "**/*.md"])
def test_a_pattern_that_begins_where_results_are_written_is_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(ParameterError, match="where the results of base are written too"):
        named_deps(naming(tmp_path, pattern), "collect")


@pytest.mark.feature(4)
@pytest.mark.feature(123)
@pytest.mark.feature(2)
def test_dvc_redoes_what_changed_and_nothing_else(recorded: Project) -> None:
    assert recorded.repro() == []

    recorded.replace("src/tiny/pipelines/clean/nodes.py", '"""Keep the long words."""', '"""Keep the longer words."""')
    assert recorded.repro() == ["clean"], "a comment gives the same documents"

    recorded.replace("conf/base/parameters_train.yml", "pause_seconds: 0.0", "pause_seconds: 0.01")
    assert recorded.repro() == [], "how it runs is no reason to run"

    recorded.replace("conf/base/parameters_train.yml", "num_steps: 4", "num_steps: 5")
    assert recorded.repro() == ["train", "decide"]
    assert "num_steps" in recorded.succeed("dvc", "params", "diff")

    recorded.replace("conf/base/parameters_clean.yml", "min_chars: 3", "min_chars: 4")
    assert recorded.repro() == ["clean", "train", "decide"]
    assert "num_words" in recorded.succeed("dvc", "metrics", "diff")


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
    assert "interrupted" in recorded.succeed("kedro", "workspaces")

    recorded.replace("conf/base/parameters_train.yml", "pause_seconds: 0.2", "pause_seconds: 0.0")
    assert f"train goes on at step {done}" in recorded.succeed("dvc", "repro")
    assert not steps.parent.exists()


def test_sync_writes_checks_and_shows_the_difference(tiny: Project) -> None:
    tiny.succeed("kedro", "sync-dvc", "--check")
    tiny.replace(
        "src/tiny/pipelines/clean/nodes.py",
        "from typing import Any\n",
        "from typing import Any\nimport tiny.settings\n",
    )
    done = tiny.run("kedro", "sync-dvc", "--check")
    assert done.returncode == 1
    assert "+      - src/tiny/settings.py" in done.stdout


def test_an_environment_of_its_own_sees_an_override_added_later(recorded: Project) -> None:
    recorded.succeed("kedro", "sync-dvc", "--env=other")
    assert (recorded.path / "conf/other/parameters_train.yml").read_text(encoding="utf-8") == "{}\n"
    target = "conf/other/dvc.yaml:clean"
    assert recorded.repro(target) == ["draw", "clean"]
    recorded.write("conf/other/parameters_clean.yml", "clean:\n  min_chars: 5\n")
    assert recorded.repro(target) == ["clean"]
    assert recorded.repro() == [], "base has a root of its own"


def test_an_environment_must_not_share_the_root_of_base(tiny: Project) -> None:
    tiny.write("conf/other/globals.yml", "data_root: data\n")
    done = tiny.run("kedro", "sync-dvc", "--env=other")
    assert done.returncode == ParameterError.exit_code
    assert "conf/other/globals.yml must set a data_root of its own" in done.stderr
