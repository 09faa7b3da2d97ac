"""Small JSON files: what a stage made of them is noted, and another content is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kedro.config import OmegaConfigLoader
from kedro.pipeline import Node, Pipeline

from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.wiring.json_check import note_digests, require_as_made
from cpt_pipeline.wiring.layout import Layout
from tests.conftest import TINY
from tests.project import Project


def train() -> None: ...


WHOLE = Pipeline([Node(train, None, ["train_log", "train_provenance", "model"], name="train")])


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """The tiny project with its data root elsewhere, and a log that stage train has made."""
    given = {"data_root": str(tmp_path)}
    loader = OmegaConfigLoader(str(TINY / "conf"), base_env="base", default_run_env="base", runtime_params=given)
    layout = Layout(TINY, loader, "base")
    outputs: dict[str, Any] = {
        "train_log": [{"loss": 0.1, "steps": (1, 2)}],
        "train_provenance": {"outputs": {"model": "a"}},
        "model": tmp_path,
    }
    note_digests(layout, outputs)
    assert list(outputs["train_provenance"]["outputs"]) == ["model", "train_log"]
    for name in ("train_log", "train_provenance"):
        layout.path(name).parent.mkdir(exist_ok=True)
        layout.path(name).write_text(json.dumps(outputs[name], indent=2), encoding="utf-8")
    return layout


def test_what_was_made_passes_and_a_changed_digit_does_not(layout: Layout) -> None:
    require_as_made(layout, WHOLE, "train_log")
    path = layout.path("train_log")
    path.write_text(path.read_text(encoding="utf-8").replace("0.1", "0.2"), encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"train_log\.json is not what train made"):
        require_as_made(layout, WHOLE, "train_log")


def test_a_cut_file_is_named_and_one_without_a_digest_is_taken(layout: Layout) -> None:
    layout.path("train_provenance").write_text('{"outputs": {}}', encoding="utf-8")
    layout.path("train_log").write_text("[1]", encoding="utf-8")
    require_as_made(layout, WHOLE, "train_log")
    layout.path("train_log").write_text("[1", encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"train_log\.json is damaged"):
        require_as_made(layout, WHOLE, "train_log")


def test_a_stage_refuses_a_small_file_that_was_changed_since(recorded: Project) -> None:
    recorded.replace("data/08_reporting/train_log.json", "3.0", "0.3")
    done = recorded.run("kedro", "run", "--pipelines=decide")
    assert done.returncode == 2
    assert "data/08_reporting/train_log.json is not what train made: it was changed or damaged since." in done.stderr
    assert "Traceback" not in done.stderr
