"""What merge publishes answers as the model did that was trained, and not as its own copy does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.errors import TrainingFailedError
from cpt_pipeline.training.merge import MergeJob, MergeParams, MergeReport, MergeSource
from tests.training.stages import Serve
from tests.training.tiny import TinyData

LORA = {"mode": "lora", "lora": {"rank": 4, "alpha": 32.0}}
QLORA = {"mode": "lora", "lora": {"rank": 4, "alpha": 32.0, "quantization": "nf4"}, "precision": "bf16"}
MODES: dict[str, dict[str, Any]] = {
    "full": {},
    "full in bf16": {"precision": "bf16"},
    "lora": LORA,
    "lora in bf16": {**LORA, "precision": "bf16"},
    "qlora": QLORA,
}
Trained = Callable[..., tuple[Path, Path]]


@pytest.fixture(scope="module")
def trained(tiny: TinyData, serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train in a mode, on a trained base in fp32 or bf16; give the base and what was published."""
    import torch

    from cpt_pipeline.model.load import load_causal_lm, save_model

    first = tiny.job(tmp_path_factory.mktemp("base") / "work", stage="base", optimizer_artifact=False)
    assert serve(first)["code"] == 0
    bases = {"float32": first.out / "base_model"}
    bases["bfloat16"] = tmp_path_factory.mktemp("bf16") / "model"
    save_model(load_causal_lm(bases["float32"]).to(torch.bfloat16), bases["bfloat16"])
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (bases["bfloat16"] / name).write_bytes((tiny.model / name).read_bytes())
    seal(bases["bfloat16"], "model")
    done: dict[tuple[str, str], Path] = {}

    def train(mode: str, dtype: str = "float32") -> tuple[Path, Path]:
        if (mode, dtype) not in done:
            params = {"heldout_every_steps": 100, "candidate_every_steps": 0, **MODES[mode]}
            job = tiny.job(
                tmp_path_factory.mktemp("trained") / "work", model=bases[dtype], init="pretrained", params=params
            )
            assert serve(job)["code"] == 0, (job.work / "attempts.log").read_text()
            done[mode, dtype] = job.out / "stage1_model"
        return bases[dtype], done[mode, dtype]

    return train


def _merge(base: Path, folder: Path, out: Path, **params: Any) -> MergeReport:
    from cpt_pipeline.training.merge_worker import merge

    source = MergeSource(name="stage1", folder=folder, stage="stage1", step=24, tokens=24 * 128)
    return merge(MergeJob(start_model=base, sources=(source,), out=out, params=MergeParams(**params)))


@pytest.mark.feature(94)
@pytest.mark.parametrize("mode", MODES)
def test_every_mode_publishes_what_was_trained(trained: Trained, tmp_path: Path, mode: str) -> None:
    base, folder = trained(mode)
    report = _merge(base, folder, tmp_path / "out")
    gap = report.gap["stage1"]
    assert report.max_logit_difference["stage1"] < 1e-4
    assert report.allowed_logit_difference["stage1"] == 1e-4
    assert not list((tmp_path / "out").rglob("probe"))
    if mode == "lora":
        with pytest.raises(TrainingFailedError, match=r"logits differ by .* merge\.max_logit_difference"):
            _merge(base, folder, tmp_path / "strict", max_logit_difference=1e-12)
    if mode in ("full", "lora"):
        assert (gap.trained_in, gap.max_logit) == ("float32", report.max_logit_difference["stage1"])
        assert abs(gap.nats) < 1e-5
    elif mode == "qlora":
        assert gap.trained_in == "nf4"
        assert gap.max_logit > 0.01
        assert gap.max_logit > gap.mean_logit > 0
        assert gap.nats != 0
    else:
        assert gap.trained_in == "bfloat16"
        assert 1e-4 < gap.max_logit < 0.3


@pytest.mark.feature(93)
@pytest.mark.feature(94)
@pytest.mark.parametrize("mode", MODES)
def test_saved_weights_that_are_not_those_that_were_trained_are_not_published(
    trained: Trained, tmp_path: Path, mode: str
) -> None:
    """A published folder in good order, whose weights are others: the first matrix of the last layer is none."""
    import shutil

    from safetensors.torch import load_file, save_file

    base, folder = trained(mode)
    changed = tmp_path / "stage1_model"
    shutil.copytree(folder, changed)
    name = "adapter_model.safetensors" if "lora" in mode else "model.safetensors"
    weights = load_file(changed / name)
    for key in [key for key in weights if "layers.1" in key and ("mlp" in key or "lora_B" in key)]:
        weights[key] = weights[key] * 0.0
    save_file(weights, changed / name, metadata={"format": "pt"})
    (changed / "manifest.json").unlink()
    seal(changed, "model")
    with pytest.raises(TrainingFailedError, match=r"stage1: its logits differ by .* from what was trained"):
        _merge(base, changed, tmp_path / "out")


@pytest.mark.feature(93)
@pytest.mark.parametrize("mode", ["full", "lora"])
def test_a_candidate_is_written_as_the_base_is_stored_unless_asked_otherwise(
    trained: Trained, tmp_path: Path, mode: str
) -> None:
    from safetensors import safe_open

    base, folder = trained(mode, "bfloat16")
    sizes = {}
    for wanted, dtype in (("base", "bfloat16"), ("float32", "float32")):
        report = _merge(base, folder, tmp_path / wanted, dtype=wanted)
        assert report.dtype == dtype
        path = tmp_path / wanted / "stage1" / "model.safetensors"
        with safe_open(path, framework="pt") as stored:
            kinds = {stored.get_slice(name).get_dtype() for name in stored.keys()}  # noqa: SIM118
        assert kinds == {"BF16" if dtype == "bfloat16" else "F32"}
        assert f'"dtype": "{dtype}"' in path.with_name("config.json").read_text()
        sizes[dtype] = path.stat().st_size
        assert (report.max_logit_difference["stage1"] > 1e-4) == (dtype == "bfloat16")
    assert sizes["bfloat16"] < 0.52 * sizes["float32"]
    with pytest.raises(TrainingFailedError, match=r"merge\.max_logit_share"):
        _merge(base, folder, tmp_path / "strict", max_logit_share=1e-6)


def test_the_probe_is_the_same_at_every_training(tiny: TinyData, serve: Serve, tmp_path: Path) -> None:
    jobs = [tiny.job(tmp_path / name, run={"micro_batch_rows": 4}) for name in ("one", "two")]
    assert [serve(job)["code"] for job in jobs] == [0, 0]
    files = [(job.out / "stage1_model" / "probe" / "answers.safetensors").read_bytes() for job in jobs]
    assert files[0] == files[1]
