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
from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.evaluation.params import EvaluateParams
from cpt_pipeline.formats.candidates import Candidate, write_list
from cpt_pipeline.mixture.params import MixParams
from cpt_pipeline.pipelines.decide import create_pipeline
from cpt_pipeline.release.params import DecideParams
from cpt_pipeline.training.params import TrainParams

CONF = Path(__file__).parents[3] / "conf" / "base"


def params(key: str) -> Any:
    return yaml.safe_load((CONF / f"parameters_{key}.yml").read_text(encoding="utf-8"))[key]


ROLES = ("code", "domain", "en")


def compared(general_change: float, domain_change: float) -> dict[str, dict[str, float]]:
    changes = {"domain": domain_change, "en": general_change, "code": 0.0}
    return {
        name: {"relative_change": value, "low": value - 0.005, "high": value + 0.005} for name, value in changes.items()
    }


def scores(general_change: float, domain_change: float) -> dict[str, Any]:
    """Scores of two candidates: the first learnt a little and forgot nothing."""
    measured = {name: {"bits_per_byte": 2.0, "documents": 150} for name in ROLES}
    return {
        "models": {
            "base": {"stage": "base", "step": 0},
            "stage1-step-000004": {"stage": "stage1", "step": 4, "channels": measured},
            "stage2": {"stage": "stage2", "step": 9, "channels": measured},
        },
        "comparisons": {
            "stage1-step-000004": {"channels": compared(0.001, -0.1)},
            "stage2": {"channels": compared(general_change, domain_change)},
        },
        "samples": [],
        "confidence": 0.95,
    }


def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: float,
    *,
    domain_change: float = -0.3,
    unread: float = 0.0,
    **policy: Any,
) -> dict[str, Any]:
    """Run the stage on scores of two candidates with the parameters of conf/base but for the given ones of decide."""
    monkeypatch.setenv("CPT_DATA_ROOT", str(tmp_path / "data"))
    for folder in ("base_model", "candidates/stage1-step-000004", "candidates/stage2"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "config.json").write_text("{}", encoding="utf-8")
    seal(tmp_path / "base_model", "model")
    earlier = Candidate("stage1-step-000004", "stage1-step-000004", "stage1", 4, 44)
    write_list(tmp_path / "candidates", [earlier, Candidate("stage2", "stage2", "stage2", 9, 99)])
    seal(tmp_path / "candidates", "candidates")
    given = {
        "scores": scores(change, domain_change),
        "base_model": tmp_path / "base_model",
        "candidates": tmp_path / "candidates",
        "dedup_metrics": {
            "works": dict.fromkeys(ROLES, 1350),
            "heldout_works": dict.fromkeys(ROLES, 150),
        },
        "mix_metrics": {
            "unread": dict.fromkeys(ROLES, unread),
            "stage1": {
                "tokens": 491520,
                "channels": {name: {"share": 0.33, "available_tokens": 400_000} for name in ROLES},
            },
        },
        "params:dedup": DedupParams.model_validate(params("dedup")),
        "params:evaluate": EvaluateParams.model_validate(params("evaluate")),
        "params:decide": DecideParams.model_validate({**params("decide"), **policy}),
        "params:channels": ChannelsParams.model_validate(params("channels")),
        "params:mix": MixParams.model_validate(params("mix")),
        "params:stage1": TrainParams.model_validate(params("stage1")),
    }
    catalog = DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in given.items()})
    return {name: dataset.load() for name, dataset in SequentialRunner().run(create_pipeline(), catalog).items()}


EARLIER = "stage1-step-000004"


@pytest.mark.feature(110)
@pytest.mark.parametrize(
    ("change", "policy", "verdict", "model"),
    [
        (0.0, {}, "promote", "stage2"),
        (0.2, {}, "roll_back", EARLIER),
        (0.2, {"max_general_rise": 0.3}, "promote", "stage2"),
        (0.0, {"max_general_rise": 0.004}, "hold", "base"),
        (0.0, {"min_domain_gain": 0.5}, "hold", "base"),
        (0.0, {"min_documents": 151}, "hold", "base"),
        (0.2, {"judge": EARLIER, "min_domain_gain": 0.05}, "promote", EARLIER),
    ],
)
def test_decision_and_release_by_the_policy_in_conf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: float, policy: dict[str, Any], verdict: str, model: str
) -> None:
    """The last candidate changed a general channel by `change` and the domain by -0.3, each give or take 0.005."""
    found = run(tmp_path, monkeypatch, change, **policy)
    assert set(found) == {"decide_metrics", "decide_provenance", "decision", "release"}
    assert (found["decision"]["verdict"], found["decision"]["model"]) == (verdict, model)
    folder = "base_model" if model == "base" else f"candidates/{model}"
    assert found["release"]["folder"] == str(tmp_path / folder)
    assert found["decide_metrics"]["promoted"] == (verdict == "promote")
    said = " ".join(found["decision"]["reasons"])
    if verdict == "promote":
        assert said.startswith(f"{model} is promoted: all 3 checks passed.")
        assert found["decision"]["remedy"] == {}
    if verdict == "roll_back":
        assert "Channel en (general) was forgotten: bits per byte rose by 20.0% (95% interval" in said
        assert "The last good checkpoint is released: stage1-step-000004" in said
        rate, share = params("stage1")["optimizer"]["peak_lr"], params("mix")["domain_share"]
        expected = {"stage1.optimizer.peak_lr": rate / 4, "mix.domain_share": share / 2}
        assert found["decision"]["remedy"] == expected
        assert f"stage1.optimizer.peak_lr={rate / 4}" in found["decision"]["remedy_command"]
        assert found["decide_provenance"]["params"]["stage1"]["optimizer"]["peak_lr"] == rate


def test_a_hold_asks_for_the_text_that_no_stage_read_before_rate_and_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the domain was not read: twice the tokens; rate and share stay."""
    decision = run(tmp_path, monkeypatch, 0.0, domain_change=-0.05, unread=0.5)["decision"]
    assert decision["verdict"] == "hold"
    assert decision["remedy"] == {"mix.stage1.num_tokens": 980_000}
    assert "mix.stage1.num_tokens=980000" in decision["remedy_command"]
    assert any(
        "then at the tokens (mix.stage1.num_tokens: 50% of channel domain was read by no stage)" in reason
        for reason in decision["reasons"]
    )


def test_a_hold_for_thin_evidence_names_the_key_that_binds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decision = run(tmp_path, monkeypatch, 0.018, unread=0.5)["decision"]
    assert decision["verdict"] == "hold"
    assert decision["remedy"] == {}
    assert decision["reasons"][-1] == (
        "Channel en: 150 of 1500 documents were held out; dedup.heldout_documents_per_channel (150), "
        "dedup.heldout_max_share (0.1) and evaluate.documents_per_channel (150) are the limits: raise them together."
    )
