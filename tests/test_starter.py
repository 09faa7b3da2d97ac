"""The wheel: what is in it, and that a project made from its starter has the stages and conf of the package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from cpt_pipeline.core.fingerprint import stage_fingerprints
from cpt_pipeline.pipeline_registry import STAGES
from tests.conftest import REPOSITORY

SOURCES = ("src", "starter", "conf/base")
FILES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "conf/logging.yml")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel was unpacked into: nothing of the repository is on the path."""
    copy, place = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("site")
    for name in SOURCES:
        shutil.copytree(REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in FILES:
        shutil.copyfile(REPOSITORY / name, copy / name)
    build = "from setuptools import build_meta; print(build_meta.build_wheel('.'))"
    done = subprocess.run([sys.executable, "-c", build], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(copy / done.stdout.split()[-1]) as wheel:
        wheel.extractall(place)
    return place


def run(folder: Path, installed: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_wheel_has_the_licence_the_templates_and_every_data_file(installed: Path) -> None:
    (metadata,) = installed.glob("*.dist-info/METADATA")
    assert "License-Expression: Apache-2.0" in metadata.read_text(encoding="utf-8")
    assert (metadata.parent / "licenses/LICENSE").read_bytes() == (REPOSITORY / "LICENSE").read_bytes()
    source = REPOSITORY / "src"
    wanted = {path.relative_to(source) for path in (source / "cpt_pipeline").rglob("*") if path.is_file()}
    missing = {path for path in wanted if not (installed / path).is_file() and "__pycache__" not in path.parts}
    assert missing == set()


def test_a_project_from_the_starter_has_the_stages_and_the_conf_of_the_package(installed: Path, tmp_path: Path) -> None:
    starter = installed / "cpt_pipeline/share/starter"
    run(tmp_path, installed, "kedro", "new", f"--starter={starter}", "--name=My Law", "--telemetry=no")
    project = tmp_path / "my-law"
    base = REPOSITORY / "conf/base"
    named = {path.relative_to(base) for path in base.rglob("*") if path.is_file()}
    assert {
        path for path in named if (project / "conf/base" / path).read_bytes() != (base / path).read_bytes()
    } == set()

    assert yaml.safe_load(run(project, installed, "kedro", "registry", "list")) == sorted(
        ["__default__", "cpt", *STAGES]
    )
    assert "15 stages, up to date" in run(project, installed, "kedro", "sync-dvc")
    described = yaml.safe_load((project / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert list(described) == ["code", *STAGES]
    assert sorted(stage_fingerprints(project / "src/my_law")) == sorted(STAGES)
