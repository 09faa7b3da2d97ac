"""From answers to scores: bits per byte, accuracies, and the paired comparison with the base.

Everything here is arithmetic on the worker's answers; the format of the scores is in docs/concepts.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.params import Report
from cpt_pipeline.core.verdicts import Interval
from cpt_pipeline.evaluation.compare import relative_changes, seed_of
from cpt_pipeline.evaluation.job import Answer, Questions, Subject
from cpt_pipeline.evaluation.params import EvaluateParams
from cpt_pipeline.formats.benchmarks import BenchmarkItem

BASE = "base"
"""The name of the model before continued pre-training."""

SCORES_SCHEMA = pa.schema(
    [
        pa.field("model", pa.string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("family", pa.string(), nullable=False),
        pa.field("work", pa.string(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("window", pa.int32(), nullable=False),
        pa.field("nll", pa.float64(), nullable=False),
        pa.field("tokens", pa.int32(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
    ]
)
"""A row per window; `family` is what is resampled, `nll` is in nats over the whole window."""

ITEMS_SCHEMA = pa.schema(
    [
        pa.field("model", pa.string(), nullable=False),
        pa.field("benchmark", pa.string(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("choice", pa.int32(), nullable=False),
        pa.field("correct", pa.bool_(), nullable=False),
    ]
)


class EvaluateReport(Report):
    """Scores in short, for comparing runs; null where a score is not a number."""

    models: int
    documents: dict[str, int]
    """Families of works that share no text, per channel: what the intervals resample."""
    windows: dict[str, int]
    """Texts that were scored, per channel."""
    benchmark_items: int
    bits_per_byte: dict[str, dict[str, float | None]]
    """Model, then channel."""
    relative_change: dict[str, dict[str, float | None]]
    """Candidate, then channel; negative is an improvement."""
    accuracy: dict[str, dict[str, float | None]]
    """Model, then benchmark."""


def write_rows(directory: Path, questions: Questions, answers: Mapping[str, Answer]) -> None:
    """Write what every model made of every document and item, so that any figure can be made again."""
    directory.mkdir()
    rows = [
        {**text.model_dump(exclude={"text"}), "model": name, "nll": nll, "tokens": tokens, "bytes": size}
        for name, answer in answers.items()
        for text, nll, tokens, size in zip(questions.texts, answer.nll, answer.tokens, answer.bytes, strict=True)
    ]
    chosen = [
        {"model": name, "benchmark": item.benchmark, "id": item.id, "choice": choice, "correct": choice == item.answer}
        for name, answer in answers.items()
        for item, choice in zip(questions.items, answer.choices, strict=True)
    ]
    pq.write_table(
        pa.Table.from_pylist(rows, schema=SCORES_SCHEMA), directory / "documents.parquet", compression="zstd"
    )
    pq.write_table(pa.Table.from_pylist(chosen, schema=ITEMS_SCHEMA), directory / "items.parquet", compression="zstd")
    seal(directory, "scores", rows=len(rows), items=len(chosen))


def compute_scores(
    subjects: Sequence[Subject], questions: Questions, answers: Mapping[str, Answer], params: EvaluateParams
) -> dict[str, Any]:
    """Give `scores`; `answers` holds one entry per subject, the base among them."""
    places = _by_channel(questions)
    return {
        "models": {
            subject.name: {
                "stage": subject.stage,
                "step": subject.step,
                "channels": {
                    name: _channel_score(answers[subject.name], which, questions) for name, which in places.items()
                },
                "benchmarks": _accuracies(questions.items, answers[subject.name]),
            }
            for subject in subjects
        },
        "comparisons": _comparisons(questions, answers, params),
        "samples": [
            {"prompt": prompt, "continuations": {name: answer.continuations[index] for name, answer in answers.items()}}
            for index, prompt in enumerate(questions.prompts)
        ],
        "confidence": params.confidence,
    }


def _by_channel(questions: Questions) -> dict[str, npt.NDArray[np.int64]]:
    """Give the places of each channel's texts."""
    names = np.array([text.channel for text in questions.texts])
    return {str(name): np.flatnonzero(names == name) for name in sorted(set(names.tolist()))}


def _families(questions: Questions, which: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the family of each of some texts as a number from 0."""
    return np.unique([questions.texts[place].family for place in which.tolist()], return_inverse=True)[1]


def _channel_score(answer: Answer, which: npt.NDArray[np.int64], questions: Questions) -> dict[str, Any]:
    nll, tokens, size = (np.asarray(values)[which].sum() for values in (answer.nll, answer.tokens, answer.bytes))
    return {
        "bits_per_byte": rounded(float(nll) / math.log(2) / max(int(size), 1)),
        "perplexity": rounded(math.exp(min(float(nll) / max(int(tokens), 1), 700.0)), digits=4),
        "documents": int(_families(questions, which).max()) + 1,
        "windows": len(which),
        "bytes": int(size),
    }


def _accuracies(items: Sequence[BenchmarkItem], answer: Answer) -> dict[str, Any]:
    right: dict[str, list[bool]] = {}
    for item, choice in zip(items, answer.choices, strict=True):
        right.setdefault(item.benchmark, []).append(choice == item.answer)
    return {name: {"accuracy": rounded(sum(hits) / len(hits)), "items": len(hits)} for name, hits in right.items()}


def _comparisons(questions: Questions, answers: Mapping[str, Answer], params: EvaluateParams) -> dict[str, Any]:
    names = [name for name in answers if name != BASE]
    found: dict[str, Any] = {name: {"channels": {}} for name in names}
    for channel, which in _by_channel(questions).items():
        families = _families(questions, which)
        losses = {
            name: np.bincount(families, weights=np.asarray(answer.nll, dtype=np.float64)[which]).astype(np.float64)
            for name, answer in answers.items()
        }
        base = losses.pop(BASE)
        changes = relative_changes(
            base,
            losses,
            confidence=params.confidence,
            resamples=params.bootstrap_resamples,
            seed=seed_of(params.seed, channel),
        )
        for name, change in changes.items():
            found[name]["channels"][channel] = _as_json(change)
    return found


def _as_json(change: Interval) -> dict[str, float | None]:
    return {"relative_change": rounded(change.point), "low": rounded(change.low), "high": rounded(change.high)}


def rounded(value: float, digits: int = 6) -> float | None:
    """Round away what differs between machines; null for what JSON cannot write."""
    return round(value, digits) if math.isfinite(value) else None


def summarise(scores: dict[str, Any], questions: Questions) -> EvaluateReport:
    """Give the scores in short."""
    models, comparisons = scores["models"], scores["comparisons"]
    places = _by_channel(questions)
    return EvaluateReport(
        models=len(models),
        documents={channel: int(_families(questions, which).max()) + 1 for channel, which in places.items()},
        windows={channel: len(which) for channel, which in places.items()},
        benchmark_items=len(questions.items),
        bits_per_byte={name: _column(model["channels"], "bits_per_byte") for name, model in models.items()},
        relative_change={name: _column(each["channels"], "relative_change") for name, each in comparisons.items()},
        accuracy={name: _column(model["benchmarks"], "accuracy") for name, model in models.items()},
    )


def _column(rows: Mapping[str, Mapping[str, Any]], key: str) -> dict[str, float | None]:
    return {name: row[key] for name, row in rows.items()}
