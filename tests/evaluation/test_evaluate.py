"""The whole evaluation with the real worker on tiny models."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cpt_pipeline.core.artifact import find_damage, seal
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import ParameterError, UnfitModelError
from cpt_pipeline.evaluation.evaluate import Evaluation, EvaluationFailedError, Material, evaluate_models
from cpt_pipeline.evaluation.params import EvaluateParams, EvaluateRunParams

PARAMS = EvaluateParams(
    documents_per_channel=20, bootstrap_resamples=200, sample_prompts=("The heart",), sample_tokens=5
)
RUN = EvaluateRunParams(tokens_per_batch=500, device="cpu", num_threads=1)


def out_below(place: Path) -> Path:
    (place / "out").mkdir(parents=True)
    return place / "out"


@pytest.fixture(scope="module")
def evaluated(
    material: Material, channels: ChannelsParams, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Evaluation, Path]:
    out = out_below(tmp_path_factory.mktemp("work"))
    return evaluate_models(material, out, PARAMS, channels, RUN), out


@pytest.mark.feature(100)
@pytest.mark.feature(148)
def test_base_and_candidates_answer_the_same_questions(evaluated: tuple[Evaluation, Path]) -> None:
    scores = evaluated[0].scores
    assert list(scores["models"]) == ["base", "stage1-step-000002", "stage1"]
    for model in scores["models"].values():
        assert {name: channel["documents"] for name, channel in model["channels"].items()} == {"domain": 3, "en": 20}
        assert model["channels"]["domain"]["bytes"] == 25 + 208 + 27
        assert model["benchmarks"]["quiz"] == {"accuracy": 0.5, "items": 2}
    assert scores["samples"][0]["prompt"] == "The heart"
    assert set(scores["samples"][0]["continuations"]) == {"base", "stage1-step-000002", "stage1"}


def test_a_copy_of_the_base_did_not_change_and_another_model_did(evaluated: tuple[Evaluation, Path]) -> None:
    comparisons = evaluated[0].scores["comparisons"]
    assert comparisons["stage1"]["channels"]["en"] == {"relative_change": 0.0, "low": 0.0, "high": 0.0}
    change = comparisons["stage1-step-000002"]["channels"]["en"]
    assert change["low"] < change["relative_change"] < change["high"]


def test_published_rows_are_sealed_and_hold_what_the_scores_say(evaluated: tuple[Evaluation, Path]) -> None:
    import pyarrow.parquet as pq

    evaluation, out = evaluated
    assert find_damage(out / "document_scores") == []
    rows = [
        row
        for row in pq.read_table(out / "document_scores" / "documents.parquet").to_pylist()
        if row["model"] == "stage1"
    ]
    domain = [row for row in rows if row["channel"] == "domain"]
    bits = sum(row["nll"] for row in domain) / 0.6931471805599453 / sum(row["bytes"] for row in domain)
    assert evaluation.scores["models"]["stage1"]["channels"]["domain"]["bits_per_byte"] == pytest.approx(bits, abs=1e-6)


def test_dead_worker_names_its_log_and_keeps_finished_models(
    material: Material, channels: ChannelsParams, tmp_path: Path
) -> None:
    broken = tmp_path / "candidates"
    shutil.copytree(material.candidates, broken)
    tokenizer = json.loads((broken / "stage1" / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["pre_tokenizer"] = {"type": "Unheard"}
    (broken / "stage1" / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    wounded = Material(material.base_model, broken, material.heldout_documents, material.benchmark_texts)
    out = out_below(tmp_path / "work")
    with pytest.raises(EvaluationFailedError) as caught:
        evaluate_models(wounded, out, PARAMS, channels, RUN)
    assert str(out.parent / "evaluate.log") in str(caught.value)
    assert "Unheard" in str(caught.value) or "untagged enum" in str(caught.value)
    assert sorted(path.name.rpartition("-")[0] for path in (out.parent / "answers").iterdir()) == [
        "base",
        "stage1-step-000002",
    ]


def test_a_cut_candidate_is_refused_by_name_with_exit_code_2(
    material: Material, channels: ChannelsParams, tmp_path: Path
) -> None:
    broken = tmp_path / "candidates"
    shutil.copytree(material.candidates, broken)
    weights = broken / "stage1-step-000002" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    wounded = Material(material.base_model, broken, material.heldout_documents, material.benchmark_texts)
    with pytest.raises(UnfitModelError, match=rf"{weights} is cut or no safetensors file") as caught:
        evaluate_models(wounded, out_below(tmp_path / "work"), PARAMS, channels, RUN)
    assert caught.value.exit_code == 2


def test_next_start_asks_only_models_without_an_answer_and_never_takes_another_models(
    evaluated: tuple[Evaluation, Path], material: Material, channels: ChannelsParams, tmp_path: Path
) -> None:
    """All answers of an earlier start lie there, but `stage1` has other weights now."""
    swapped = tmp_path / "candidates"
    shutil.copytree(material.candidates, swapped)
    shutil.copytree(swapped / "stage1-step-000002", swapped / "stage1", dirs_exist_ok=True)
    (swapped / "manifest.json").unlink()
    seal(swapped, "candidates")
    out = out_below(tmp_path / "work")
    shutil.copytree(evaluated[1].parent / "answers", out.parent / "answers")
    before = {path: path.stat().st_mtime_ns for path in (out.parent / "answers").iterdir()}
    other = Material(material.base_model, swapped, material.heldout_documents, material.benchmark_texts)
    found = evaluate_models(other, out, PARAMS, channels, RUN).scores
    assert found["models"]["stage1"]["channels"] == found["models"]["stage1-step-000002"]["channels"]
    assert found["models"]["base"] == evaluated[0].scores["models"]["base"]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(list((out.parent / "answers").iterdir())) == len(before) + 1


def test_context_that_a_model_cannot_read_is_refused(
    material: Material, channels: ChannelsParams, tmp_path: Path
) -> None:
    params = PARAMS.model_copy(update={"sequence_length": 64})
    with pytest.raises(ParameterError, match=r"evaluate\.sequence_length is 64, but .* reads 48"):
        evaluate_models(material, out_below(tmp_path), params, channels, RUN)


def test_context_must_be_known(material: Material, channels: ChannelsParams, tmp_path: Path) -> None:
    unknown = tmp_path / "candidates"
    shutil.copytree(material.candidates, unknown)
    config = json.loads((unknown / "stage1" / "config.json").read_text())
    del config["max_position_embeddings"]
    (unknown / "stage1" / "config.json").write_text(json.dumps(config))
    with pytest.raises(ParameterError, match=r"stage1.*set evaluate.sequence_length"):
        evaluate_models(
            Material(material.base_model, unknown, material.heldout_documents, material.benchmark_texts),
            out_below(tmp_path / "work"),
            PARAMS,
            channels,
            RUN,
        )


def test_parent_loads_no_torch() -> None:
    code = "import sys, cpt_pipeline.evaluation.evaluate; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)
