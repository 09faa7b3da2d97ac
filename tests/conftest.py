"""What all tests share: where real files may lie, a quiet environment, and a tiny project with the real wiring.

The tiny project is another Kedro project (package `tiny`, four stages) that uses this package's hooks,
datasets and commands, so the wiring is tested with the real kedro, dvc and mlflow in seconds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests.project import Project

REPOSITORY = Path(__file__).parents[1]
settings.register_profile("untimed", deadline=None)  # how long a machine takes is no property of the code
settings.load_profile("untimed")

TINY = Path(__file__).parent / "tiny_project"
HOUSE_FILES = (
    ".gitignore",
    ".dvcignore",
    ".dvc/config",
    ".dvc/.gitignore",
    "conf/logging.yml",
    "conf/base/mlflow.yml",
)
ONE_PROCESS = {
    "house_template": (
        *("test_end_to_end", "test_make", "test_notebooks", "test_project", "test_readme", "test_repro", "test_viz"),
        "wiring/test_run_check",
    ),
    "tiny_template": (
        *("test_cli", "test_hooks", "wiring/test_dvc", "wiring/test_json_check"),
        *("wiring/releases/test_lock", "wiring/tracking/test_runs", "wiring/tracking/test_hook"),
    ),
}
"""Fixtures that take long to make, and the files below `tests/` that ask for them."""
QUIET = {"DO_NOT_TRACK": "true", "KEDRO_DISABLE_TELEMETRY": "1", "DVC_NO_ANALYTICS": "1", "DS_ACCELERATOR": "cpu"}


def pytest_configure() -> None:
    """Keep every process of the tests silent and on the CPU."""
    os.environ.update(QUIET)


class OneProcessPerFixture(LoadScopeScheduling):
    """Run the tests of one file, and of the files that share a fixture of `ONE_PROCESS`, in one process."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        name = file.removeprefix("tests/").removesuffix(".py")
        return next((fixture for fixture, names in ONE_PROCESS.items() if name in names), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneProcessPerFixture:
    """Say how tests are handed to processes (`pytest -n 2`)."""
    return OneProcessPerFixture(config, log)


@pytest.fixture(scope="session")
def mlflow_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database with its tables made, which takes ten seconds; copied into every project."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    code = f"import mlflow; mlflow.set_tracking_uri('sqlite:///{path}'); mlflow.search_experiments()"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return path


@pytest.fixture(scope="session")
def tiny_template(tmp_path_factory: pytest.TempPathFactory, mlflow_database: Path) -> Path:
    """The tiny project, in Git, its dvc.yaml written, nothing run yet."""
    project = Project(tmp_path_factory.mktemp("template") / "tiny")
    shutil.copytree(TINY, project.path)
    for name in HOUSE_FILES:
        (project.path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / name, project.path / name)
    shutil.copyfile(mlflow_database, project.path / "mlflow.db")
    project.write("conf/local/.gitkeep", "")
    project.succeed("git", "init", "-q", "-b", "main")
    project.succeed("kedro", "sync-dvc")
    project.commit("nothing run yet")
    return project.path


@pytest.fixture(scope="session")
def recorded_template(tmp_path_factory: pytest.TempPathFactory, tiny_template: Path) -> tuple[Path, str]:
    """The tiny project after one run that DVC adopted, everything small in Git, and what the run said."""
    project = Project(tmp_path_factory.mktemp("recorded") / "tiny")
    shutil.copytree(tiny_template, project.path)
    said = project.succeed("kedro", "run", "--pipeline=cpt")
    project.succeed("dvc", "commit", "--force", "dvc.yaml")
    project.commit("a run")
    return project.path, said


@pytest.fixture
def tiny(tmp_path: Path, tiny_template: Path) -> Project:
    """A tiny project with nothing run yet."""
    return Project(Path(shutil.copytree(tiny_template, tmp_path / "tiny")))


@pytest.fixture
def recorded(tmp_path: Path, recorded_template: tuple[Path, str]) -> Project:
    """A tiny project that was run once and adopted by DVC."""
    return Project(Path(shutil.copytree(recorded_template[0], tmp_path / "tiny")))


@pytest.fixture(scope="session")
def house_template(tmp_path_factory: pytest.TempPathFactory, mlflow_database: Path) -> Path:
    """A copy of this project in a Git of its own, with a dvc.yaml for `smoke`, nothing run yet."""
    project = Project(tmp_path_factory.mktemp("house") / "project")
    for name in ("conf", "src"):
        shutil.copytree(
            REPOSITORY / name, project.path / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
    for name in ("pyproject.toml", "dvc.yaml", *HOUSE_FILES):
        (project.path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / name, project.path / name)
    shutil.copyfile(mlflow_database, project.path / "mlflow.db")
    project.succeed("git", "init", "-q", "-b", "main")
    project.succeed("kedro", "sync-dvc", "--env=smoke")
    project.commit("nothing run yet")
    return project.path


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory: pytest.TempPathFactory, house_template: Path) -> tuple[Path, str]:
    """The real pipeline after `kedro run --env=smoke`, adopted by DVC, and what the run said. Copy it to change it."""
    project = Project(tmp_path_factory.mktemp("smoke") / "project")
    shutil.copytree(house_template, project.path)
    said = project.succeed("kedro", "run", "--env=smoke", "--pipeline=cpt")
    project.succeed("dvc", "commit", "--force", "conf/smoke/dvc.yaml")
    project.commit("a run")
    return project.path, said


@pytest.fixture
def smoke(tmp_path: Path, smoke_run: tuple[Path, str]) -> Project:
    """The real pipeline after a run at smoke scale, to be changed by one test."""
    return Project(Path(shutil.copytree(smoke_run[0], tmp_path / "project")))


@pytest.fixture
def shared() -> Iterator[Path]:
    """Folder of real models and corpora, named by CPT_SHARED."""
    place = os.environ.get("CPT_SHARED")
    if not place:
        pytest.skip("CPT_SHARED names no folder of real files")
    yield Path(place)
