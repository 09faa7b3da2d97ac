"""From answers to scores, by literal numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cpt_pipeline.core.artifact import read_manifest
from cpt_pipeline.evaluation.job import Answer, Questions, Subject
from cpt_pipeline.evaluation.params import EvaluateParams
from cpt_pipeline.evaluation.scores import compute_scores, summarise, write_rows
from cpt_pipeline.evaluation.texts import HeldoutText
from cpt_pipeline.formats.benchmarks import BenchmarkItem

QUESTIONS = Questions(
    texts=tuple(
        HeldoutText(channel=channel, family=str(number), work=str(number), id=str(number), window=0, text="x")
        for number, channel in enumerate(["domain", "domain", "en"])
    ),
    items=tuple(
        BenchmarkItem(id=str(number), benchmark="quiz", ability="a", prompt="p", choices=("a", "b"), answer=1)
        for number in range(4)
    ),
    prompts=("Once",),
    sample_tokens=3,
    sequence_length=8,
)
SUBJECTS = [
    Subject(name=name, stage=name, step=step, folder=Path("f"), answer=Path("a"))
    for name, step in (("base", 0), ("stage1", 40))
]


def answer(*nll: float, choices: tuple[int, ...] = (1, 1, 0, 0), text: str = " upon") -> Answer:
    return Answer(nll=nll, tokens=(10, 30, 5), bytes=(40, 60, 20), choices=choices, continuations=(text,))


ANSWERS = {"base": answer(30.0, 50.0, 20.0), "stage1": answer(20.0, 40.0, 20.0, choices=(1, 1, 1, 0), text=" again")}


@pytest.mark.feature(97)
def test_scores_follow_the_frozen_format() -> None:
    scores = compute_scores(SUBJECTS, QUESTIONS, ANSWERS, EvaluateParams(bootstrap_resamples=100))
    assert set(scores) == {"models", "comparisons", "samples", "confidence"}
    assert scores["models"]["base"] == {
        "stage": "base",
        "step": 0,
        "channels": {
            "domain": {"bits_per_byte": 1.154156, "perplexity": 7.3891, "documents": 2, "windows": 2, "bytes": 100},
            "en": {"bits_per_byte": 1.442695, "perplexity": 54.5982, "documents": 1, "windows": 1, "bytes": 20},
        },
        "benchmarks": {"quiz": {"accuracy": 0.5, "items": 4}},
    }
    assert scores["models"]["stage1"]["step"] == 40
    assert scores["models"]["stage1"]["benchmarks"]["quiz"]["accuracy"] == 0.75
    # The t interval of two works: -0.25 +- 12.7062 * sqrt(2 * (2.5^2 + 2.5^2)) / 80.
    assert scores["comparisons"] == {
        "stage1": {
            "channels": {
                "domain": {"relative_change": -0.25, "low": -1.044138, "high": 0.544138},
                "en": {"relative_change": 0.0, "low": 0.0, "high": 0.0},
            }
        }
    }
    assert scores["samples"] == [{"prompt": "Once", "continuations": {"base": " upon", "stage1": " again"}}]
    report = summarise(scores, QUESTIONS)
    assert report.documents == report.windows == {"domain": 2, "en": 1}
    assert report.relative_change == {"stage1": {"domain": -0.25, "en": 0.0}}


def test_broken_losses_become_null_and_the_json_stays_valid() -> None:
    broken = {**ANSWERS, "stage1": answer(math.nan, 40.0, 20.0)}
    scores = compute_scores(SUBJECTS, QUESTIONS, broken, EvaluateParams(bootstrap_resamples=100))
    assert scores["models"]["stage1"]["channels"]["domain"]["bits_per_byte"] is None
    assert scores["comparisons"]["stage1"]["channels"]["domain"] == {"relative_change": None, "low": None, "high": None}
    assert scores["comparisons"]["stage1"]["channels"]["en"]["relative_change"] == 0.0
    json.dumps(scores, allow_nan=False)


def test_rows_hold_every_model_and_document(tmp_path: Path) -> None:
    write_rows(tmp_path / "document_scores", QUESTIONS, ANSWERS)
    manifest = read_manifest(tmp_path / "document_scores")
    assert (manifest["kind"], manifest["rows"], manifest["items"]) == ("scores", 6, 8)
    rows = pq.read_table(tmp_path / "document_scores" / "documents.parquet").to_pylist()
    assert rows[3] == {
        "model": "stage1",
        "channel": "domain",
        "family": "0",
        "work": "0",
        "id": "0",
        "window": 0,
        "nll": 20.0,
        "tokens": 10,
        "bytes": 40,
    }
    items = pq.read_table(tmp_path / "document_scores" / "items.parquet").to_pylist()
    assert items[2] == {"model": "base", "benchmark": "quiz", "id": "2", "choice": 0, "correct": False}


@pytest.mark.feature(100)
def test_windows_of_one_family_are_added_up_before_they_are_resampled() -> None:
    """The windows of each family are of three works, the editions of a book."""
    texts = [
        HeldoutText(channel="en", family=work, work=f"{work}{window}", id=f"{work}{window}/0", window=0, text="x")
        for work in ("a", "b")
        for window in range(3)
    ]
    questions = QUESTIONS.model_copy(update={"texts": tuple(texts), "items": (), "prompts": ()})
    empty = {"tokens": (10,) * 6, "bytes": (40,) * 6, "choices": (), "continuations": ()}
    answers = {
        "base": Answer(nll=(10.0, 20.0, 30.0, 10.0, 10.0, 20.0), **empty),
        "stage1": Answer(nll=(5.0, 10.0, 15.0, 10.0, 10.0, 20.0), **empty),
    }
    scores = compute_scores(SUBJECTS, questions, answers, EvaluateParams(bootstrap_resamples=200))
    assert scores["models"]["base"]["channels"]["en"]["documents"] == 2
    assert scores["models"]["base"]["channels"]["en"]["windows"] == 6
    # Two families, one halved and one as it was: the t interval is -0.3 +- 12.7062 * sqrt(2 * (12^2 + 12^2)) / 100.
    change = {"relative_change": -0.3, "low": -3.349489, "high": 2.749489}
    assert scores["comparisons"]["stage1"]["channels"]["en"] == change
