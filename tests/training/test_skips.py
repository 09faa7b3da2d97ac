"""A batch whose loss is no number is passed over, whatever carries the model, and the run goes on."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cpt_pipeline.formats.mixture import Mixture
from cpt_pipeline.formats.tokens import open_shard
from cpt_pipeline.training.job import TrainJob
from cpt_pipeline.training.log import TrainingLog
from cpt_pipeline.training.params import OptimizerParams
from cpt_pipeline.training.supervisor import train
from tests.training.stages import Serve
from tests.training.tiny import TinyData

CLIPPED = OptimizerParams(peak_lr=3.0e-3, max_gradient_norm=0.05)


@dataclass(frozen=True)
class Poisoned:
    """A model to which one token is no number, tokens that have it once, and the steps (from 1) that read it."""

    model: Path
    tokens: Path
    steps: list[int]


@pytest.fixture(scope="module")
def poisoned(tiny: TinyData, tmp_path_factory: pytest.TempPathFactory) -> Poisoned:
    import torch

    from cpt_pipeline.model.load import new_causal_lm, save_model

    root = tmp_path_factory.mktemp("poisoned")
    shutil.copytree(tiny.model, root / "model")
    shutil.copytree(tiny.tokens, root / "tokens")
    config = json.loads((root / "model" / "config.json").read_text())
    poison = config["vocab_size"]
    config.update(vocab_size=poison + 1, tie_word_embeddings=False)
    (root / "model" / "config.json").write_text(json.dumps(config))
    model = new_causal_lm(root / "model", seed=0)
    with torch.no_grad():
        model.get_input_embeddings().weight[poison] = math.inf
    save_model(model, root / "model")
    mixture = Mixture(tiny.root / "mixture_stage1", tiny.tokens)
    number, spans = mixture.spans(38)
    channel, document = mixture.channels[number], int(spans["document"][0])
    place = int(open_shard(tiny.tokens, "train", channel).starts[document] + spans["start"][0])
    np.memmap(root / "tokens" / "train" / f"{channel}.bin", np.uint16, "r+")[place] = poison
    read = Mixture(tiny.root / "mixture_stage1", root / "tokens")
    rows = [row for row in range(24 * 4) if poison in read.row(row).input_ids]
    return Poisoned(root / "model", root / "tokens", sorted({row // 4 + 1 for row in rows}))


def _job(tiny: TinyData, poisoned: Poisoned, work: Path, run: dict[str, Any], precision: str = "fp32") -> TrainJob:
    params = {"publish_optimizer": False, "precision": precision, "heldout_every_steps": 100, "max_skipped_steps": 4}
    start = {"model": poisoned.model, "tokens": poisoned.tokens, "init": "pretrained"}
    return tiny.job(work, **start, params=params, run=run)


def _rows(job: TrainJob) -> list[dict[str, Any]]:
    return [row for row in TrainingLog(job.work / "log.jsonl").rows() if row["kind"] == "train"]


@pytest.fixture(scope="module")
def passed_over(
    tiny: TinyData, poisoned: Poisoned, serve: Serve, tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    """The log of plain torch in one process, which leaves weights and moments as they were."""
    job = _job(tiny, poisoned, tmp_path_factory.mktemp("torch") / "work", {})
    assert serve(job)["code"] == 0
    rows = _rows(job)
    assert [row["step"] for row in rows if not math.isfinite(row["loss"])] == poisoned.steps
    assert 1 <= len(poisoned.steps) <= 4
    assert rows[-1]["loss"] < rows[0]["loss"] - 0.3
    return rows


def _assert_same(rows: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    for key in ("loss", "gradient_norm"):
        assert [row[key] for row in rows] == pytest.approx(
            [row[key] for row in expected], abs=1e-4, rel=1e-4, nan_ok=True
        ), key


def _moments(job: TrainJob, step: int) -> tuple[bytes, float]:
    """Give the weights after a step, and the norm of the gradients that the first moments stand for after the first."""
    from safetensors.torch import load_file

    folder = job.work / "checkpoints" / f"step-{step:06}"
    moments = load_file(folder / "optimizer.safetensors")
    squares = sum(float(each.square().sum()) for name, each in moments.items() if name.endswith("exp_avg"))
    return (folder / "weights.safetensors").read_bytes(), math.sqrt(squares) / (1 - 0.9)


@pytest.mark.feature(84)
def test_a_bad_step_changes_nothing_several_stop_the_stage_and_good_ones_are_clipped(
    tiny: TinyData, poisoned: Poisoned, serve: Serve, tmp_path: Path
) -> None:
    bad = poisoned.steps[0]
    every = {"checkpoint_every_steps": 1}
    job = _job(tiny, poisoned, tmp_path / "work", {**every, "stop_after_steps": 2})
    job = job.model_copy(
        update={"params": job.params.model_copy(update={"max_skipped_steps": 0, "optimizer": CLIPPED})}
    )
    assert serve(job)["code"] == 75
    assert _rows(job)[0]["gradient_norm"] > 0.5, "logged before it is clipped"
    assert _moments(job, 1)[1] == pytest.approx(0.05, rel=1e-3)
    further = job.model_copy(update={"run": job.run.model_copy(update={"stop_after_steps": bad})})
    assert serve(further)["code"] == 4
    norms = [row["gradient_norm"] for row in _rows(job)]
    assert len(norms) == bad - 1
    said = (job.work / "attempts.log").read_text(encoding="utf-8")
    assert f"step {bad}: loss or gradient is not finite; its data is passed over" in said
    assert "training is unstable: 1 of the last 100 steps" in said
    assert not (job.out / "stage1_model").exists()
    patient = further.model_copy(update={"params": job.params.model_copy(update={"max_skipped_steps": 1})})
    assert serve(patient)["code"] == 75
    norms = [row["gradient_norm"] for row in _rows(job)]
    assert [math.isfinite(norm) for norm in norms] == [True] * (bad - 1) + [False]
    assert _moments(job, bad)[0] == _moments(job, bad - 1)[0]


@pytest.mark.feature(84)
@pytest.mark.parametrize("zero_stage", range(4))
@pytest.mark.parametrize("precision", ["fp32", pytest.param("bf16", marks=pytest.mark.long)])
def test_deepspeed_passes_over_a_batch_that_is_no_number_as_torch_does(
    tiny: TinyData,
    poisoned: Poisoned,
    passed_over: list[dict[str, Any]],
    serve: Serve,
    tmp_path: Path,
    zero_stage: int,
    precision: str,
) -> None:
    job = _job(tiny, poisoned, tmp_path / "work", {"backend": "deepspeed", "zero_stage": zero_stage}, precision)
    assert serve(job)["code"] == 0, (job.work / "attempts.log").read_text()[-3000:]
    rows = _rows(job)
    if precision == "fp32":
        _assert_same(rows, passed_over)
    assert [row["step"] for row in rows if not math.isfinite(row["gradient_norm"])] == poisoned.steps
    assert rows[-1]["loss"] < rows[0]["loss"] - 0.3
    said = (job.work / "attempts.log").read_text()
    assert f"step {poisoned.steps[0]}: loss or gradient is not finite; its data is passed over" in said


@pytest.mark.feature(84)
@pytest.mark.parametrize(
    "run",
    [
        {"backend": "deepspeed", "zero_stage": 2},
        pytest.param({"backend": "torch"}, marks=pytest.mark.long),
        *(pytest.param({"backend": "deepspeed", "zero_stage": stage}, marks=pytest.mark.long) for stage in (0, 1, 3)),
    ],
    ids=lambda run: "-".join(map(str, run.values())),
)
def test_a_bad_batch_of_one_rank_is_passed_over_by_all(
    tiny: TinyData, poisoned: Poisoned, passed_over: list[dict[str, Any]], tmp_path: Path, run: dict[str, Any]
) -> None:
    """The poisoned row is the third of its step, so rank 0 of two sees nothing of it."""
    job = _job(tiny, poisoned, tmp_path / "work", {"launcher": "torchrun", "num_ranks": 2, **run})
    report, rows = train(job)
    assert report.skipped_steps == tuple(poisoned.steps)
    _assert_same([row for row in rows if row["kind"] == "train"], passed_over)
