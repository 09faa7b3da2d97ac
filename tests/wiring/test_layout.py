"""Where things live: the data root that can be moved, and the catalog read without building a dataset."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.wiring.layout import ConfLoader, Layout, has_key
from tests.conftest import REPOSITORY


def layout(env: str | None = None, project: Path = REPOSITORY, **given: str) -> Layout:
    loader = OmegaConfigLoader(
        str(project / "conf"), env=env, base_env="base", default_run_env="local", runtime_params=given
    )
    return Layout(project, loader, env)


def test_the_environment_and_the_command_line_move_all_data() -> None:
    assert layout().path("raw_documents") == REPOSITORY / "data/01_raw/raw_documents"
    assert layout("smoke").path("raw_documents") == REPOSITORY / "data/smoke/01_raw/raw_documents"
    moved = layout("smoke", data_root="data/trial")
    assert moved.data_root == REPOSITORY / "data/trial"
    assert moved.path("clean_metrics") == REPOSITORY / "data/trial/08_reporting/clean_metrics.json"


@pytest.mark.parametrize(
    ("root", "said"),
    [
        ("", "must be the name of a folder, found ''"),
        (" ", "must be the name of a folder"),
        (".", "holds the project itself"),
        ("/", "holds the project itself"),
        ("..", r"write it without \.\. \("),
        ("data/smoke/../mine", r"write it without \.\. \(data/mine\)"),
        ("../elsewhere", rf"write it without \.\. \({REPOSITORY.parent}/elsewhere\)"),
        ("~/x", rf"write the folder itself \({Path.home()}/x\)"),
        ("src", "src/ is not for data"),
        ("./src/data", "src/ is not for data"),
        ("conf/mine", "conf/ is not for data"),
        (".git", r"\.git/ is not for data"),
        (".dvc/cache", r"\.dvc/ is not for data"),
        (str(REPOSITORY), "holds the project itself"),
    ],
)
def test_a_data_root_that_is_no_folder_of_its_own_is_refused(root: str, said: str) -> None:
    with pytest.raises(ParameterError, match=f"--data-root: data_root.*{said}"):
        Layout.read(REPOSITORY, "smoke", data_root=root)


def test_a_data_root_in_globals_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "conf/base").mkdir(parents=True)
    (tmp_path / "conf/base/globals.yml").write_text("data_root: 7\n", encoding="utf-8")
    (tmp_path / "conf/base/catalog.yml").write_text("a: {type: x}\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"globals\.yml: data_root must be the name of a folder, found 7"):
        layout("base", tmp_path)


@pytest.mark.parametrize("root", ["data/trial/", "./data/trial", "data//trial"])
def test_one_place_has_one_name(root: str) -> None:
    assert layout("smoke", data_root=root).data_root == REPOSITORY / "data/trial"
    assert (
        layout("smoke", data_root=root).path("clean_metrics")
        == REPOSITORY / "data/trial/08_reporting/clean_metrics.json"
    )


def test_a_data_root_may_lie_on_another_disk_or_behind_a_link(tmp_path: Path) -> None:
    assert layout("smoke", data_root=str(tmp_path / "big")).data_root == tmp_path / "big"


def test_a_second_layout_does_not_answer_for_the_first() -> None:
    smoke = layout("smoke")
    layout("base")
    assert smoke.path("tokens") == REPOSITORY / "data/smoke/04_feature/tokens"


def test_an_entry_names_the_pattern_that_makes_it_and_what_changes_the_bytes() -> None:
    found = layout().entry("stage1_metrics")
    assert found is not None
    assert found.key == "{stage}_metrics"
    assert tuple(found.options) == ("fs_args", "save_args", "type")
    assert layout().entry("nobody_knows_this") is None


@pytest.mark.parametrize(
    ("env", "owner"), [(None, "base"), ("base", "base"), ("local", "base"), ("smoke", "smoke")], ids=str
)
def test_a_plain_run_and_a_local_one_work_on_the_data_of_base(env: str | None, owner: str) -> None:
    assert layout(env).owner == owner


def test_an_unknown_environment_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ParameterError, match=r"conf/smok does not exist; the environments are .*smoke"):
        Layout.read(REPOSITORY, "smok")


@pytest.mark.parametrize(("content", "message"), [("a: [1", "readable YAML"), ("- 1\n- 2\n", "keys and values")])
def test_a_parameter_file_that_is_no_mapping_is_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "conf/base").mkdir(parents=True)
    (tmp_path / "conf/base/globals.yml").write_text("data_root: data\n", encoding="utf-8")
    (tmp_path / "conf/base/catalog.yml").write_text("a: {type: x}\n", encoding="utf-8")
    (tmp_path / "conf/base/parameters_a.yml").write_text(content, encoding="utf-8")
    with pytest.raises(ParameterError, match=rf"parameters_a\.yml.*{message}"):
        layout("base", tmp_path).parameter_files("base")


def test_a_dotted_key_reaches_into_lists() -> None:
    content = {"collect": {"sources": [{"name": "a"}, {"name": "b"}]}}
    assert has_key(content, "collect.sources.1.name")
    assert not has_key(content, "collect.sources.2.name")
    assert not has_key(content, "collect.sources.name")


@pytest.mark.parametrize("name", ["globals.yml", "catalog.yml", "credentials.yml", "parameters_clean.yml"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: [1", "is not readable YAML"),
        (b"- 1\n- 2\n", "must hold keys and values, found a list"),
        (b"a: caf\xe9\n", "is not UTF-8 (invalid continuation byte at byte 6); store it as UTF-8"),
        ("a: 1".encode("utf-16"), "is not UTF-8"),
        (b"1: 2\n", "the key 1 is no text"),
    ],
)
def test_every_file_of_conf_that_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    for folder in ("base", "local", "mine"):
        (tmp_path / "conf" / folder).mkdir(parents=True)
    (tmp_path / "conf/base/globals.yml").write_text("data_root: data\n", encoding="utf-8")
    (tmp_path / "conf/base/catalog.yml").write_text("a: {type: x}\n", encoding="utf-8")
    (tmp_path / "conf/mine" / name).write_bytes(content)
    arguments = {"base_env": "base", "default_run_env": "local"}
    with pytest.raises(ParameterError) as error:
        _ = Layout(tmp_path, ConfLoader(str(tmp_path / "conf"), "mine", **arguments), "mine").parameters
    assert f"conf/mine/{name}" in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize("command", [["run"], ["verdict"], ["catalog", "describe-datasets"], ["mlflow", "ui"]])
def test_no_command_ends_in_a_traceback_because_of_conf(command: list[str]) -> None:
    """Those of Kedro and its plugins too: `kedro mlflow ui` stands in the README."""
    ended = subprocess.run(
        [sys.executable, "-m", "kedro", *command, "--env=nope"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert "conf/nope does not exist; the environments are base, " in ended.stderr
