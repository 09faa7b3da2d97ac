"""What is settled before the first node: a recorded output is not overwritten by a run DVC would not repeat."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.hooks import _losses, refuse_overwrite
from cpt_pipeline.wiring.layout import Layout

LOCK = """
schema: '2.0'
stages:
  train:
    cmd: kedro run
    outs:
    - path: {root}/model
    - path: {root}/train_log.json
  plan:
    cmd: kedro run
    params:
      conf/base/parameters_plan.yml:
        plan: {{}}
      conf/base/parameters_train.yml:
        train_run: {{}}
      conf/mine/parameters_train.yml: {{}}
    outs:
    - path: {root}/permit.json
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose base and `mine` were recorded by DVC."""
    for name, text in {
        "conf/base/globals.yml": "data_root: data",
        "conf/mine/globals.yml": "data_root: data/mine",
        "conf/careless/globals.yml": "{}",
        "conf/local/globals.yml": "{}",
        "conf/base/catalog.yml": """
_root: ${runtime_params:data_root,${globals:data_root}}
model: {type: x, filepath: "${_root}/model"}
permit: {type: x, filepath: "${_root}/permit.json"}
"{stage}_log": {type: x, filepath: "${_root}/{stage}_log.json"}
""",
        "dvc.lock": LOCK.format(root="data"),
        "conf/mine/dvc.lock": LOCK.format(root="data/mine"),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


TRAINED = ("model", "train_log", "in_memory")


def check(project: Path, env: str | None, outputs: Iterable[str] = TRAINED, **given: object) -> None:
    conf = str(project / "conf")
    loader = OmegaConfigLoader(conf, env=env, base_env="base", default_run_env="local", runtime_params=given)
    refuse_overwrite(Layout(project, loader, env), outputs, given)


@pytest.mark.parametrize("env", [None, "base", "local", "mine"])
def test_a_run_that_dvc_would_repeat_is_allowed(project: Path, env: str | None) -> None:
    check(project, env)
    check(project, env, train_run={"num_processes": 2})


@pytest.mark.parametrize("env", [None, "base", "mine"])
def test_params_over_recorded_outputs_are_refused(project: Path, env: str | None) -> None:
    with pytest.raises(
        ParameterError, match=r"--params train\.optimizer\.learning_rate would replace model, train_log"
    ):
        check(project, env, train={"optimizer": {"learning_rate": 1.0}})


def test_a_run_key_that_a_recorded_bill_depends_on_is_refused(project: Path) -> None:
    with pytest.raises(ParameterError, match=r"--params train_run\.num_processes would replace permit, which"):
        check(project, None, [*TRAINED, "permit"], train_run={"num_processes": 2})
    check(project, None, [*TRAINED, "permit"], draw_run={"num_processes": 2})


def test_another_environment_in_the_same_root_is_refused(project: Path) -> None:
    with pytest.raises(ParameterError, match=r"--env careless would replace model, train_log, which dvc\.lock"):
        check(project, "careless")


def test_a_data_root_of_its_own_makes_room(project: Path) -> None:
    check(project, None, train={"num_steps": 5}, data_root="data/trial")
    with pytest.raises(ParameterError, match=r"conf/mine/dvc\.lock"):
        check(project, None, data_root="data/mine")


def test_no_other_spelling_of_a_recorded_place_gets_round_the_record(project: Path) -> None:
    (project / "data/mine").mkdir(parents=True)
    (project / "data/link").symlink_to(project / "data/mine")
    for root in ("data/link", "./data//mine/", str(project / "data/mine")):
        with pytest.raises(ParameterError, match=r"would replace model, train_log, which conf/mine/dvc\.lock"):
            check(project, None, data_root=root)
    (project / "data/trial").mkdir()
    (project / "data/mine/train_log.json").write_text("[]", encoding="utf-8")
    (project / "data/trial/train_log.json").symlink_to(project / "data/mine/train_log.json")
    check(project, None, data_root="data/trial")  # as DVC links both to one file of its cache


def test_nothing_recorded_is_nothing_to_lose(project: Path) -> None:
    (project / "dvc.lock").unlink()
    check(project, None, train={"num_steps": 5})


def test_a_stage_that_excludes_half_of_its_records_says_why() -> None:
    metrics = {"records_in": 10, "excluded": {"too_short": 1, "few_letters": 4, "c4_too_few_sentences": 2}}
    assert list(_losses("clean", metrics)) == [
        "clean: 70% of its records are excluded (few_letters 4, c4_too_few_sentences 2, too_short 1); "
        "clean_excluded names each"
    ]
    assert list(_losses("clean", {"records_in": 20, "excluded": {"too_short": 9}})) == []
    assert list(_losses("plan", {"money": 1.0})) == []
