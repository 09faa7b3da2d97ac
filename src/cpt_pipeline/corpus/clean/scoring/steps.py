"""The steps of the scorer: one that makes it, one that asks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import write_json
from cpt_pipeline.core.json_reading import UNFINISHED, read_json
from cpt_pipeline.corpus.clean.scoring.evaluation import evaluate_scores
from cpt_pipeline.corpus.clean.scoring.labels import Label, split
from cpt_pipeline.corpus.clean.scoring.params import ScorerParams
from cpt_pipeline.corpus.clean.scoring.report import EvaluationReport
from cpt_pipeline.corpus.clean.scoring.scorers import load_scorer, round_scores, train_scorer
from cpt_pipeline.corpus.engine.steps import is_excluded
from cpt_pipeline.corpus.engine.tasks import Tasks

_BATCH_DOCUMENTS = 64
SCORES, TALLY = ".scores.npy", ".scores.json"
"""What a task leaves: a score for each of its documents, NaN where there is none; and counts of them."""


class TrainScorer(PipelineStep):  # type: ignore[misc]
    """Make the scorer from a file of labels and judge it by those it did not see; gives nothing."""

    name = "train the scorer"
    type = "cpt"

    def __init__(self, tasks: Tasks, labels: Path, params: ScorerParams) -> None:
        super().__init__()
        self._tasks, self._labels, self._params = tasks, labels, params

    def run(self, data: Any = None, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Write the model, and its `EvaluationReport` as JSON; None without labels to judge by."""
        params = self._params
        labels = [Label(**each) for each in read_json(self._labels, remedy=UNFINISHED)]
        learnt, unseen = split(labels, params.validation_share, params.seed)
        if params.kind == "language_model":
            unseen = labels
        train_scorer(learnt, params, model_folder(self._tasks))
        report = _evaluate(unseen, params, model_folder(self._tasks)) if unseen else None
        write_json(self._tasks.file(rank, ".json"), report.model_dump(mode="json") if report else None)
        yield from ()


class ScoreText(PipelineStep):  # type: ignore[misc]
    """Ask the scorer about documents of prose that no rule excluded; the score becomes their grade."""

    name = "score"
    type = "cpt"

    def __init__(self, tasks: Tasks, model: Path, params: ScorerParams, strong_formats: tuple[str, ...]) -> None:
        super().__init__()
        self._tasks, self._model, self._params = tasks, model, params
        self._strong_formats = strong_formats

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Pass every document on, then write their scores."""
        scores: list[float] = []
        scored: Counter[tuple[str, str, float]] = Counter()
        unscored: Counter[tuple[str, str]] = Counter()
        for batch in _batches(data):
            wanted = [document for document in batch if self._is_scored(document, unscored)]
            found = dict(zip(map(id, wanted), self._score(wanted), strict=True))
            for document in batch:
                score = found.get(id(document))
                scores.append(np.nan if score is None else score)
                if score is not None:
                    document.metadata["quality"] = score
                    scored[document.metadata["channel"], document.metadata["category"] or "", score] += 1
            yield from batch
        np.save(self._tasks.file(rank, SCORES), np.array(scores, np.float64), allow_pickle=False)
        tally = {"scored": _rows(scored), "unscored": _rows(unscored)}
        write_json(self._tasks.file(rank, TALLY), tally)

    def _is_scored(self, document: Document, unscored: Counter[tuple[str, str]]) -> bool:
        if is_excluded(document):
            return False
        reason = why_unscored(document, self._params, self._strong_formats)
        if reason is not None:
            unscored[document.metadata["channel"], reason] += 1
        return reason is None

    def _score(self, documents: list[Document]) -> list[float]:
        if not documents:
            return []
        scorer = load_scorer(str(self._params), self._model)
        scores: list[float] = round_scores(scorer.score([document.text for document in documents])).tolist()
        return scores


def why_unscored(document: Document, params: ScorerParams, strong_formats: Collection[str]) -> str | None:
    """Say why the scorer is not asked about a document; None if it is."""
    if document.metadata["category"] in strong_formats:
        return "strong_format"
    if params.channels is not None and document.metadata["channel"] not in params.channels:
        return "other_channel"
    return None


def model_folder(tasks: Tasks) -> Path:
    """Give where the scorer of these tasks is."""
    return tasks.folder / "model"


def write_labels(path: Path, labels: Iterable[Label]) -> None:
    """Write labels as the step that trains reads them."""
    write_json(path, [asdict(label) for label in labels])


def _evaluate(labels: list[Label], params: ScorerParams, model: Path) -> EvaluationReport:
    scores = load_scorer(str(params), model).score([label.text for label in labels])
    return evaluate_scores(round_scores(scores), labels, params.seed)


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    for document in documents:
        batch.append(document)
        if len(batch) == _BATCH_DOCUMENTS:
            yield batch
            batch = []
    if batch:
        yield batch


def _rows(counts: Counter[Any]) -> list[Any]:
    return [[*key, number] for key, number in sorted(counts.items())]
