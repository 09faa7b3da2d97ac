"""The worker, run here in the tests' own process."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cpt_pipeline.core.artifact import write_json
from cpt_pipeline.evaluation import worker
from cpt_pipeline.evaluation.evaluate import Material
from cpt_pipeline.evaluation.job import EvaluationJob, Questions, Subject, as_json, read_answer
from cpt_pipeline.evaluation.params import EvaluateRunParams
from cpt_pipeline.evaluation.texts import HeldoutText
from cpt_pipeline.formats.benchmarks import read_items
from cpt_pipeline.model.bits import continue_text, document_nll
from cpt_pipeline.model.load import load_causal_lm, load_tokenizer
from tests.weights import lose_weight


def write_job(place: Path, material: Material, folders: dict[str, Path]) -> Path:
    questions = Questions(
        texts=tuple(
            HeldoutText(
                channel="en", family=str(number), work=str(number), id=str(number), window=0, text="word " * number
            )
            for number in range(1, 31)
        ),
        items=tuple(read_items(material.benchmark_texts)),
        prompts=("The spleen",),
        sample_tokens=4,
        sequence_length=32,
    )
    write_json(place / "questions.json", as_json(questions))
    subjects = tuple(
        Subject(name=name, stage="stage1", step=1, folder=folder, answer=place / f"{name}.json")
        for name, folder in folders.items()
    )
    job = EvaluationJob(subjects=subjects, questions=place / "questions.json", run=EvaluateRunParams(device="cpu"))
    write_json(place / "job.json", as_json(job))
    return place / "job.json"


def test_answers_are_in_the_order_of_the_questions(
    material: Material, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = material.candidates / "stage1"
    assert worker.main(write_job(tmp_path, material, {"a": folder})) == 0
    answer = read_answer(tmp_path / "a.json")
    model, tokenizer = load_causal_lm(folder), load_tokenizer(folder)
    texts = ["word " * number for number in range(1, 31)]
    expected = document_nll(model, tokenizer, texts, sequence_length=32, tokens_per_batch=64)
    assert answer.nll == pytest.approx([each.nll for each in expected], abs=1e-3)
    assert answer.bytes == tuple(5 * number for number in range(1, 31))
    assert answer.continuations == (continue_text(model, tokenizer, "The spleen", 4),)
    assert len(set(answer.choices)) == 1, "both items ask the same"
    assert "evaluate    33/33 items  100%" in capfd.readouterr().err


def test_a_model_with_an_answer_is_not_loaded_again(material: Material, tmp_path: Path) -> None:
    job = write_job(tmp_path, material, {"gone": tmp_path / "no such folder", "a": material.candidates / "stage1"})
    (tmp_path / "gone.json").write_text("{}", encoding="utf-8")
    assert worker.main(job) == 0
    assert json.loads((tmp_path / "gone.json").read_text()) == {}
    assert len(read_answer(tmp_path / "a.json").nll) == 30


def test_the_users_faults_end_with_their_code_and_message(
    material: Material, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json", "config.json"):
        (empty / name).write_bytes((material.candidates / "stage1" / name).read_bytes())
    assert worker.main(write_job(tmp_path, material, {"empty": empty})) == 2
    assert "has no .safetensors weights" in caplog.text
    broken = lose_weight(
        Path(shutil.copytree(material.candidates / "stage1", tmp_path / "broken")), "model.norm.weight"
    )
    assert worker.main(write_job(tmp_path, material, {"broken": broken})) == 2
    assert "broken, read as LlamaForCausalLM, lacks model.norm.weight." in caplog.text
