"""Stage decide, run by kedro."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.formats.candidates import Candidate, write_list
from cpt_pipeline.mixture.params import MixParams
from cpt_pipeline.pipelines.decide import create_pipeline
from cpt_pipeline.release.params import DecideParams
from cpt_pipeline.training.params import TrainParams

CONF = Path(__file__).parents[3] / "conf" / "base"


def params(key: str) -> Any:
    return yaml.safe_load((CONF / f"parameters_{key}.yml").read_text(encoding="utf-8"))[key]


def scores(general_change: float) -> dict[str, Any]:
    changes = {"domain": -0.3, "en": general_change, "code": 0.0}
    channels = {
        name: {"relative_change": value, "low": value - 0.005, "high": value + 0.005} for name, value in changes.items()
    }
    documents = {name: {"bits_per_byte": 2.0, "documents": 150} for name in changes}
    return {
        "models": {
            "base": {"stage": "base", "step": 0},
            "stage2": {"stage": "stage2", "step": 9, "channels": documents},
        },
        "comparisons": {"stage2": {"channels": channels}},
        "samples": [],
        "confidence": 0.95,
    }


@pytest.mark.feature(110)
@pytest.mark.parametrize(("change", "verdict", "model"), [(0.0, "promote", "stage2"), (0.2, "roll_back", "base")])
def test_decision_and_release_by_the_policy_in_conf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: float, verdict: str, model: str
) -> None:
    monkeypatch.setenv("CPT_DATA_ROOT", str(tmp_path / "data"))
    for folder in ("base_model", "candidates/stage2"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "config.json").write_text("{}", encoding="utf-8")
    seal(tmp_path / "base_model", "model")
    write_list(tmp_path / "candidates", [Candidate("stage2", "stage2", "stage2", 9, 99)])
    seal(tmp_path / "candidates", "candidates")
    given = {
        "scores": scores(change),
        "base_model": tmp_path / "base_model",
        "candidates": tmp_path / "candidates",
        "params:decide": DecideParams.model_validate(params("decide")),
        "params:channels": ChannelsParams.model_validate(params("channels")),
        "params:mix": MixParams.model_validate(params("mix")),
        "params:stage1": TrainParams.model_validate(params("stage1")),
    }
    catalog = DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in given.items()})
    found = {name: dataset.load() for name, dataset in SequentialRunner().run(create_pipeline(), catalog).items()}
    assert set(found) == {"decide_metrics", "decide_provenance", "decision", "release"}
    assert (found["decision"]["verdict"], found["decision"]["model"]) == (verdict, model)
    assert found["release"]["folder"] == str(tmp_path / ("candidates/stage2" if model == "stage2" else "base_model"))
    assert found["decide_metrics"]["promoted"] == (verdict == "promote")
    if verdict == "roll_back":
        rate = given["params:stage1"].optimizer.peak_lr
        assert found["decision"]["remedy"]["stage1.optimizer.peak_lr"] == rate / 4
        assert found["decide_provenance"]["params"]["stage1"]["optimizer"]["peak_lr"] == rate
