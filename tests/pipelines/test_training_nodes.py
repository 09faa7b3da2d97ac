"""The nodes that train: one model is not made by two states of the code unless conf says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.errors import OtherCodeError
from cpt_pipeline.core.workspace import ROOT_VARIABLE, workspace
from cpt_pipeline.pipelines.base import nodes as base
from cpt_pipeline.pipelines.stage1 import nodes as stage1
from cpt_pipeline.pipelines.stage2 import nodes as stage2
from tests.recipes.run_settings import settings


class ReachedError(Exception):
    """The node went on to its training."""


@pytest.mark.feature(81)
@pytest.mark.parametrize("stage", ["base", "stage1", "stage2"])
def test_a_training_that_other_code_began_is_gone_on_with_only_where_conf_says_so(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "data"))
    artifacts = {}
    for name in ("unique_documents", "start_model", "tokens", "mixture", "stage1_model", "stage1_optimizer"):
        artifacts[name] = tmp_path / name
        artifacts[name].mkdir()
        seal(artifacts[name], name)
    found = settings()
    model, tokens, mixture = artifacts["start_model"], artifacts["tokens"], artifacts["mixture"]
    before = {name: artifacts[name] for name in ("stage1_model", "stage1_optimizer")}
    nodes: dict[str, tuple[dict[str, Path], Any, Callable[[Any], object]]] = {
        "base": (
            {"unique_documents": artifacts["unique_documents"]},
            {"base": found.base, "channels": found.channels},
            lambda run: base.make(artifacts["unique_documents"], found.base, found.channels, run),
        ),
        "stage1": (
            {"start_model": model, "tokens": tokens, "mixture_stage1": mixture},
            found.stage1,
            lambda run: stage1.train(model, tokens, mixture, {}, found.stage1, run),
        ),
        "stage2": (
            {"start_model": model, "tokens": tokens, "mixture_stage2": mixture, **before},
            found.stage2,
            lambda run: stage2.anneal(model, *before.values(), tokens, mixture, {}, found.stage2, run),
        ),
    }
    inputs, params, train = nodes[stage]

    def reached(*_: object) -> None:
        raise ReachedError

    monkeypatch.setattr(base, "make_base", reached)
    monkeypatch.setattr(stage1, "train_stage", reached)
    monkeypatch.setattr(stage2, "train_stage", reached)
    monkeypatch.setattr("cpt_pipeline.core.workspace.stage_fingerprint", lambda *_: "before the edit")
    with workspace(stage, inputs, params) as work:
        (work.path / "checkpoints").mkdir()
        (work.out / "half").mkdir()
    monkeypatch.setattr("cpt_pipeline.core.workspace.stage_fingerprint", lambda *_: "after it")
    run = found.runs[stage if stage != "base" else "base.scratch.training"]
    with pytest.raises(OtherCodeError, match=rf"{stage}_run\.resume_other_code: true"):
        train(run)
    assert (work.path / "checkpoints").is_dir()
    with pytest.raises(ReachedError):
        train(run.model_copy(update={"resume_other_code": True}))
    assert (work.path / "checkpoints").is_dir()
