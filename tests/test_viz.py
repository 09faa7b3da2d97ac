"""The picture of the lineage: layers that follow the flow, and previews of what a run made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.project import Project


@pytest.fixture(scope="module")
def built(smoke_run: tuple[Path, str]) -> Iterator[Path]:
    """The static site of a finished run. `kedro viz build` ends with 0 on failure, so its page is what counts."""
    project = Project(smoke_run[0])
    project.succeed("kedro", "viz", "build", "--include-previews", KEDRO_ENV="smoke")
    assert (project.path / "build/index.html").is_file()
    yield project.path / "build/api"


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.feature(121)
def test_every_stage_is_a_box_and_the_layers_follow_the_flow(built: Path) -> None:
    main = read(built / "main")
    assert main["layers"] == [
        *("raw", "intermediate", "primary", "base", "feature", "model_input"),
        *("models", "model_output", "reporting", "releases"),
    ]
    assert set(main["modular_pipelines"]) == {"__root__", *(each["id"] for each in main["pipelines"][2:])}
    assert len(main["modular_pipelines"]) == 16


@pytest.mark.feature(121)
def test_metrics_figures_and_artifacts_have_previews(built: Path) -> None:
    names = {node["id"]: node["name"] for node in read(built / "main")["nodes"] if node["type"] == "data"}
    found = {names[path.name]: read(path) for path in (built / "nodes").iterdir() if path.name in names}
    kinds = {name: content.get("preview_type") for name, content in found.items() if content.get("preview")}
    assert kinds["curves_figure"] == "ImagePreview"
    assert set(names.values()) - set(kinds) == {"report"}
    assert json.loads(found["tokens"]["preview"])["kind"] == "tokens"
    assert "verdict" in found["decision"]["preview"]
