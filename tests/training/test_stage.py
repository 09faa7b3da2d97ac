"""A training stage: permission, modes that fit together, adapters and their merge."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from cpt_pipeline.core.artifact import read_manifest, seal
from cpt_pipeline.core.errors import (
    ArtifactError,
    NotPermittedError,
    ParameterError,
    UnfitModelError,
)
from cpt_pipeline.core.workspace import ROOT_VARIABLE, workspace
from cpt_pipeline.training.merge import MergeParams, merge_candidates
from cpt_pipeline.training.params import TrainParams, TrainRunParams
from cpt_pipeline.training.stage import train_stage
from tests.training.stages import Serve, merging
from tests.training.tiny import TinyData
from tests.weights import lose_weight

PERMIT: dict[str, Any] = {"stages": {"stage1": True, "stage2": True}, "reasons": []}
RUN = TrainRunParams(micro_batch_rows=4, num_threads=1, device="cpu")


@pytest.fixture(scope="module")
def trained(tiny: TinyData, serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained base model."""
    job = tiny.job(tmp_path_factory.mktemp("trained") / "base", stage="base", optimizer_artifact=False)
    assert serve(job)["code"] == 0
    return job.out / "base_model"


@pytest.fixture
def base(trained: Path, forked: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trained base model; the workspaces of the test lie below a folder of its own."""
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    return trained


def _stage(tiny: TinyData, base: Path, stage: str, before: Path | None = None, **params: Any) -> Path:
    chosen = TrainParams.model_validate(
        {"optimizer": {"peak_lr": 5e-3}, "heldout_every_steps": 50, "heldout_tokens_per_channel": 128, **params}
    )
    inputs = {"start_model": base, "tokens": tiny.tokens, f"mixture_{stage}": tiny.root / f"mixture_{stage}"}
    if before is not None:
        inputs.update({name: before / name for name in ("stage1_model", "stage1_optimizer")})
    with workspace(stage, inputs, chosen) as work:
        train_stage(work, inputs, PERMIT, chosen, RUN)
        return Path(work.out)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


def test_a_kept_candidate_that_was_damaged_in_the_workspace_is_refused_by_name(tiny: TinyData, base: Path) -> None:
    params = {"candidate_every_steps": 12, "keep_candidates": 2}
    out = _stage(tiny, base, "stage1", **params)
    kept = out.parent / "candidates/step-000012/model.safetensors"
    kept.write_bytes(b"\0" * 4096 + kept.read_bytes()[4096:])
    with pytest.raises(ArtifactError, match=r"step-000012 is damaged(.|\n)*model\.safetensors: bytes differ"):
        _stage(tiny, base, "stage1", **params)
    shutil.rmtree(kept.parent)
    again = _stage(tiny, base, "stage1", **params)
    assert read_manifest(again / "stage1_candidates")["steps"] == []


@pytest.mark.parametrize("mode", ["full", "lora"])
def test_merge_takes_nothing_that_is_damaged(tiny: TinyData, base: Path, tmp_path: Path, mode: str) -> None:
    out = _stage(tiny, base, "stage1", candidate_every_steps=12, mode=mode)
    weights = "model.safetensors" if mode == "full" else "adapter_model.safetensors"
    stages = {"stage1": (out / "stage1_model", out / "stage1_candidates")}
    _flip(out / "stage1_candidates/step-000012" / weights)
    (tmp_path / "merge").mkdir()
    with merging(), pytest.raises(ArtifactError, match=rf"step-000012 is damaged(.|\n)*  - {weights}: bytes differ"):
        merge_candidates(base, stages, tmp_path / "merge", tmp_path / "merge", MergeParams())
    assert not (tmp_path / "merge/candidates/manifest.json").exists()


@pytest.mark.feature(74)
def test_qlora_trains_an_adapter_as_lora_does(tiny: TinyData, base: Path) -> None:
    lora: dict[str, Any] = {"mode": "lora", "lora": {"rank": 4, "alpha": 16.0}, "heldout_every_steps": 6}
    plain = _stage(tiny, base, "stage1", **lora)
    lora["lora"] = {**lora["lora"], "quantization": "nf4"}
    quantized = _stage(tiny, base, "stage1", **lora)
    pairs = list(zip(_rows(plain), _rows(quantized), strict=True))
    differences = [abs(one["loss"] - other["loss"]) for one, other in pairs]
    assert 0 < max(differences) < 0.05
    # gradients through the 4-bit layers are those of the whole ones, also after the held-out measurement of step 6
    ratios = [math.log(one["gradient_norm"] / other["gradient_norm"]) for one, other in pairs]
    assert abs(mean(ratios[:6])) < 0.25
    assert abs(mean(ratios[6:])) < 0.15
    assert (quantized / "stage1_model" / "adapter_model.safetensors").is_file()


def test_a_stage_and_the_merge_refuse_an_adapter_that_lacks_a_weight(
    tiny: TinyData, base: Path, tmp_path: Path
) -> None:
    lora = {"mode": "lora", "lora": {"rank": 4, "alpha": 8.0}}
    one = _stage(tiny, base, "stage1", **lora)
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    lose_weight(one / "stage1_model", name, "adapter_model.safetensors")
    seal(one / "stage1_model", "model")
    with pytest.raises(UnfitModelError, match=rf"stage1_model, read as an adapter of LlamaForCausalLM, lacks {name}"):
        _stage(tiny, base, "stage2", before=one, **lora)
    stages = {"stage1": (one / "stage1_model", one / "stage1_candidates")}
    said = rf"stage1_model, read as an adapter of LlamaForCausalLM, lacks {name}"
    with merging(), pytest.raises(UnfitModelError, match=said):
        merge_candidates(base, stages, tmp_path, tmp_path / "merged", MergeParams())


def test_the_merge_refuses_whole_weights_that_lack_one(tiny: TinyData, base: Path, tmp_path: Path) -> None:
    one = _stage(tiny, base, "stage1")
    lose_weight(one / "stage1_model", "model.norm.weight")
    seal(one / "stage1_model", "model")
    stages = {"stage1": (one / "stage1_model", one / "stage1_candidates")}
    with pytest.raises(UnfitModelError, match=r"stage1, read as LlamaForCausalLM, lacks model\.norm\.weight"):
        merge_candidates(base, stages, tmp_path, tmp_path / "merged", MergeParams())


def _logits(folder: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    with torch.no_grad():
        return model(torch.arange(20)[None]).logits


@pytest.mark.feature(80)
def test_moments_are_fresh_unless_annealing_asks_for_them(tiny: TinyData, base: Path) -> None:
    one = _stage(tiny, base, "stage1", publish_optimizer=True)
    fresh = _first_losses(_stage(tiny, base, "stage2", before=one))
    anneal = _first_losses(_stage(tiny, base, "stage2", before=one, optimizer={"peak_lr": 5e-3, "state": "anneal"}))
    assert fresh[0] == anneal[0]
    assert abs(fresh[2] - anneal[2]) > 1e-4
    with pytest.raises(ParameterError, match="a base model's optimizer is never loaded"):
        _stage(tiny, base, "stage1", optimizer={"peak_lr": 1e-3, "state": "anneal"})


def _rows(out: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (out.parent / "log.jsonl").read_text().splitlines()]
    return [row for row in rows if row["kind"] == "train"]


def _first_losses(out: Path) -> list[float]:
    return [row["loss"] for row in _rows(out)]


def test_wishes_that_do_not_fit_are_refused_before_training(tiny: TinyData, base: Path) -> None:
    one = _stage(tiny, base, "stage1")
    with pytest.raises(ParameterError, match=r"set stage1\.publish_optimizer: true"):
        _stage(tiny, base, "stage2", before=one, optimizer={"peak_lr": 1e-3, "state": "anneal"})
    with pytest.raises(ParameterError, match="give both stages the same mode"):
        _stage(tiny, base, "stage2", before=one, mode="lora")


def test_deepspeed_does_not_promise_moments_it_cannot_publish(tiny: TinyData, base: Path) -> None:
    params = TrainParams.model_validate({"optimizer": {"peak_lr": 1e-3}, "publish_optimizer": True})
    inputs = {"start_model": base, "tokens": tiny.tokens, "mixture_stage1": tiny.root / "mixture_stage1"}
    run = TrainRunParams(backend="deepspeed", device="cpu")
    with (
        workspace("stage1", inputs, params) as work,
        pytest.raises(ParameterError, match=r"stage1_run\.backend: torch"),
    ):
        train_stage(work, inputs, PERMIT, params, run)


def test_over_budget_does_not_start(tiny: TinyData, base: Path) -> None:
    permit = {"stages": {"stage1": False}, "reasons": ["money would be at least 9 USD, plan.max_money is 1"]}
    params = TrainParams.model_validate({"optimizer": {"peak_lr": 1e-3}})
    inputs = {"start_model": base, "tokens": tiny.tokens, "mixture_stage1": tiny.root / "mixture_stage1"}
    with (
        workspace("stage1", inputs, params) as work,
        pytest.raises(NotPermittedError, match="money would be at least 9 USD"),
    ):
        train_stage(work, inputs, permit, params, RUN)
