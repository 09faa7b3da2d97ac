"""Full weights, LoRA and LoRA on 4 bits: what each stage publishes, and the whole models that merge makes of it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.errors import ParameterError, TrainingFailedError
from cpt_pipeline.formats.candidates import read_list
from cpt_pipeline.training.merge import MergeParams, MergeReport, merge_candidates
from tests.training.stages import Serve, merging, run_stage
from tests.training.tiny import TinyData
from tests.weights import edit_weights

LORA: dict[str, Any] = {"mode": "lora", "precision": "bf16", "lora": {"rank": 4, "alpha": 8.0}}
QLORA = {**LORA, "lora": {**LORA["lora"], "quantization": "nf4"}}
RATE = {"optimizer": {"peak_lr": 5.0e-3}, "heldout_every_steps": 50}


@dataclass(frozen=True)
class Modes:
    """A base that is stored in bf16, what stage 1 published in each mode, and stage 2 after LoRA."""

    base: Path
    published: dict[str, Path]

    def artifacts(self, name: str) -> tuple[Path, Path]:
        """Give the model and the candidates of one of them."""
        stage = "stage2" if name == "lora2" else "stage1"
        return self.published[name] / f"{stage}_model", self.published[name] / f"{stage}_candidates"


@pytest.fixture(scope="module")
def modes(tiny: TinyData, untrained: Path, serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Modes:
    import torch

    from cpt_pipeline.model.load import load_causal_lm, save_model

    root = tmp_path_factory.mktemp("modes")
    base = root / "base_model"
    shutil.copytree(untrained, base)
    (base / "manifest.json").unlink()
    save_model(load_causal_lm(untrained).to(torch.bfloat16), base)
    seal(base, "model")
    published = {
        name: run_stage(serve, root / name, "stage1", base, tiny.root, **RATE, **params).out
        for name, params in {"full": {}, "lora": {**LORA, "candidate_every_steps": 12}, "qlora": QLORA}.items()
    }
    two = run_stage(serve, root / "lora2", "stage2", base, tiny.root, before=published["lora"], **RATE, **LORA)
    return Modes(base, {**published, "lora2": two.out})


@pytest.fixture(scope="module")
def merged(modes: Modes, tmp_path_factory: pytest.TempPathFactory) -> tuple[MergeReport, Path]:
    """All of them merged at once, each under its own name."""
    place = tmp_path_factory.mktemp("merged")
    stages = {name: modes.artifacts(name) for name in modes.published}
    with merging():
        return merge_candidates(modes.base, stages, place, place, MergeParams()), place / "candidates"


def _logits(model: Any) -> Any:
    import torch

    with torch.no_grad():
        return model(torch.arange(20)[None]).logits


@pytest.mark.feature(74)
def test_each_mode_trains_what_it_says_and_stage_2_goes_on_with_its_adapter(
    modes: Modes, tiny: TinyData, serve: Serve, tmp_path: Path
) -> None:
    from cpt_pipeline.training.probe import read_probe

    found = {name: modes.artifacts(name)[0] for name in modes.published}
    held = {name: read_probe(folder).held for name, folder in found.items()}
    assert held == {"full": "float32", "lora": "bfloat16", "lora2": "bfloat16", "qlora": "nf4"}
    for name, folder in found.items():
        assert (folder / "model.safetensors").exists() == (name == "full")
        assert (folder / "adapter_model.safetensors").exists() == (name != "full")
    adapters = {name: json.loads((found[name] / "adapter_config.json").read_text()) for name in ("lora", "lora2")}
    assert {(each["r"], each["lora_alpha"], each["base_model_name_or_path"]) for each in adapters.values()} == {
        (4, 8.0, None)
    }
    weights = {(found[name] / "adapter_model.safetensors").read_bytes() for name in adapters}
    assert len(weights) == 2, "stage 2 trained the adapter on"
    other = {**LORA, "lora": {"rank": 8, "alpha": 8.0}}
    with pytest.raises(ParameterError, match=r"stage2\.lora\.rank is 8, the adapter has 4"):
        run_stage(serve, tmp_path, "stage2", modes.base, tiny.root, before=modes.published["lora"], **other)


@pytest.mark.feature(93)
def test_an_adapter_becomes_a_whole_model_in_the_number_format_of_the_base(
    modes: Modes, merged: tuple[MergeReport, Path]
) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    report, candidates = merged
    assert report.dtype == "bfloat16"
    assert report.merged_adapters == 4
    assert [(each.name, each.stage, each.step) for each in read_list(candidates)] == [
        ("full", "full", 24),
        ("lora-step-000012", "lora", 12),
        ("lora", "lora", 24),
        ("qlora", "qlora", 24),
        ("lora2", "lora2", 5),
    ]
    found = AutoModelForCausalLM.from_pretrained(candidates / "lora2")
    assert str(found.dtype) == "torch.bfloat16"
    base = AutoModelForCausalLM.from_pretrained(modes.base).float().eval()
    before = _logits(base)
    adapted = _logits(PeftModel.from_pretrained(base, str(modes.artifacts("lora2")[0])))
    assert float((_logits(found.float().eval()) - adapted).abs().max()) < 0.02
    assert float((adapted - before).abs().max()) > 0.2
    assert (candidates / "lora2" / "adapter" / "adapter_model.safetensors").is_file()
    assert (candidates / "lora2" / "tokenizer.json").is_file()


@pytest.mark.feature(94)
def test_a_candidate_that_does_not_answer_as_what_was_trained_is_not_published(
    modes: Modes, merged: tuple[MergeReport, Path], tmp_path: Path
) -> None:
    """What is read back has other weights than what was trained: what the last layer adds has the other sign."""
    report, _ = merged
    assert {name: gap.trained_in for name, gap in report.gap.items() if name != "lora-step-000012"} == {
        "full": "float32",
        "lora": "bfloat16",
        "lora2": "bfloat16",
        "qlora": "nf4",
    }
    assert all(0 < gap.mean_logit < gap.max_logit < 0.3 for gap in report.gap.values())
    for name in ("full", "lora", "qlora"):
        model, kept = modes.artifacts(name)
        shutil.copytree(model, tmp_path / name / "model")
        (tmp_path / name / "model" / "manifest.json").unlink()
        edit_weights(tmp_path / name / "model" / _weights_of(name), _turn_the_last_layer_round)
        seal(tmp_path / name / "model", "model")
        with merging(), pytest.raises(TrainingFailedError, match=f"^{name}.*: its logits differ by .* from what was"):
            stages = {name: (tmp_path / name / "model", kept)}
            merge_candidates(modes.base, stages, tmp_path / name, tmp_path / name, MergeParams())


def _weights_of(name: str) -> str:
    return "model.safetensors" if name == "full" else "adapter_model.safetensors"


def _turn_the_last_layer_round(weights: dict[str, Any]) -> None:
    for key in [key for key in weights if key == "model.norm.weight" or ("layers.1" in key and "lora_B" in key)]:
        weights[key] = weights[key] * -1.0
