"""Provenance: what made an artifact, without its secrets."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import tomllib
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core import provenance
from cpt_pipeline.core.fingerprint import stage_fingerprints
from cpt_pipeline.core.provenance import describe

PACKAGE = Path(provenance.__file__).parents[1]


def record(stage: str = "mix", params: dict[str, Any] | None = None) -> dict[str, Any]:
    started = datetime.now(UTC) - timedelta(seconds=90)
    return describe(stage, params or {}, {"tokens": "a1"}, {"mixture_stage1": "b2"}, started)


@pytest.mark.feature(5)
@pytest.mark.feature(123)
def test_a_record_names_code_params_inputs_outputs_versions_and_time() -> None:
    found = record(params={"seed": 3})
    assert set(found) == {
        "stage",
        "params",
        "inputs",
        "outputs",
        "code",
        "versions",
        "machine",
        "started",
        "seconds",
    }
    assert (found["stage"], found["params"]) == ("mix", {"seed": 3})
    assert (found["inputs"], found["outputs"]) == ({"tokens": "a1"}, {"mixture_stage1": "b2"})
    assert found["versions"]["python"] == platform.python_version()
    assert found["versions"]["numpy"] == metadata.version("numpy")
    assert found["started"].endswith("+00:00")
    assert 90 <= found["seconds"] < 150
    assert json.loads(json.dumps(found)) == found


def test_secrets_stay_out() -> None:
    found = record(params={"source": {"api_key": "abc", "url": "https://me:pw@host/x"}, "num_tokens": 5})
    assert found["params"] == {"source": {"api_key": "<hidden>", "url": "https://<hidden>@host/x"}, "num_tokens": 5}


@pytest.mark.feature(123)
def test_the_code_digest_is_the_fingerprint_that_dvc_compares() -> None:
    digests = {stage: record(stage)["code"]["digest"] for stage in ("mix", "tokenize", "no_such_stage")}
    known = stage_fingerprints(PACKAGE)
    assert digests == {"mix": known["mix"], "tokenize": known["tokenize"], "no_such_stage": None}
    assert digests["mix"] != digests["tokenize"]


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.feature(5)
def test_commit_and_uncommitted_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("a")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    (tmp_path / "untracked.txt").write_text("b")
    code = record()["code"]
    assert (code["commit"], code["changed_files"]) == (git(tmp_path, "rev-parse", "HEAD"), 0)
    (tmp_path / "a.txt").write_text("changed")
    assert record()["code"]["changed_files"] == 1


def test_outside_of_git_and_without_git_the_rest_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert record()["code"]["commit"] is None
    monkeypatch.setenv("PATH", str(tmp_path))
    found = record()
    assert (found["code"]["commit"], found["code"]["changed_files"]) == (None, 0)
    assert found["inputs"] == {"tokens": "a1"}


def test_a_git_that_hangs_costs_no_finished_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*arguments: object, **_: object) -> None:
        raise subprocess.TimeoutExpired("git", 30)

    monkeypatch.setattr(subprocess, "run", hang)
    assert record()["code"]["commit"] is None


@pytest.mark.feature(5)
@pytest.mark.feature(129)
def test_every_package_that_decides_a_result_is_recorded() -> None:
    versions = record()["versions"]
    asked = tomllib.loads((PACKAGE.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "dependencies"
    ]
    names = {re.sub(r"[-_.]+", "-", re.split(r"[\[<>=,;]", line)[0].lower()) for line in asked}
    assert names <= set(versions), "what pyproject.toml asks for"
    for name in ("ftfy", "opencc", "spacy", "resiliparse", "pypdfium2", "scikit-learn", "torch", "transformers"):
        assert versions[name] == metadata.version(name)
    assert "ruff" not in versions and "pytest" not in versions, "tools of those who work on the package"

    deep = provenance.package_versions(deep=True)
    assert deep["huggingface-hub"] == metadata.version("huggingface-hub"), "asked for by transformers"
    assert set(versions) - {"python"} <= set(deep)


def install(place: Path, name: str, *lines: str) -> None:
    folder = place / f"{name}-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n" + "\n".join(lines) + "\n")


def test_a_library_that_is_not_there_and_the_extras_that_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extras = ("Provides-Extra: gpu", "Provides-Extra: dev", "Requires-Dist: in-gpu; extra == 'gpu'")
    install(tmp_path, "whole", "Requires-Dist: needed[more]>=1", "Requires-Dist: no-such-library", *extras)
    with (tmp_path / "whole-1.0.dist-info/METADATA").open("a") as stream:
        stream.write("Requires-Dist: not-on-this-machine; extra == 'gpu'\nRequires-Dist: tool; extra == 'dev'\n")
    install(tmp_path, "needed", "Requires-Dist: deeper; extra == 'more'", "Requires-Dist: whole")
    for name in ("in-gpu", "tool", "deeper"):
        install(tmp_path, name.replace("-", "_"))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(provenance, "_DISTRIBUTION", "whole")
    direct = {"in-gpu": "1.0", "needed": "1.0", "no-such-library": "not installed"}
    assert provenance.package_versions() == direct
    assert provenance.package_versions(deep=True) == {**direct, "deeper": "1.0", "whole": "1.0"}
    monkeypatch.setattr(provenance, "_DISTRIBUTION", "no-such-library")
    assert provenance.package_versions() == {}
