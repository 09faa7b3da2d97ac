"""Provenance: what made an artifact, without its secrets."""

from __future__ import annotations

import json
import platform
import subprocess
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


def test_a_library_that_is_not_there_is_recorded_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "_LIBRARIES", ("numpy", "no-such-library"))
    versions = record()["versions"]
    assert versions["no-such-library"] == "not installed"
    assert set(versions) == {"python", "numpy", "no-such-library"}
