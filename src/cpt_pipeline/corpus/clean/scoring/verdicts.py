"""What scores decide, once all of them are known: who stays, and what the report says of it.

Scores have four digits, so how many documents have which score is a table of bounded size, and a share of documents
is found exactly without holding the documents.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.json_reading import UNFINISHED, read_json
from cpt_pipeline.corpus.clean.scoring.making import MadeScorer
from cpt_pipeline.corpus.clean.scoring.params import ScorerParams, ThresholdParams
from cpt_pipeline.corpus.clean.scoring.report import BorderReport, ScorerReport
from cpt_pipeline.corpus.clean.scoring.steps import SCORES, TALLY
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.engine.steps import ReadParts, WriteDocuments, exclude, is_excluded
from cpt_pipeline.corpus.engine.tasks import Tasks

logger = logging.getLogger(__name__)

LOW_SCORE = "low_score"
_BINS = 20
_OTHERS = ""

Group = tuple[str, str]
"""A channel, and a category that has a threshold of its own, or `""` for all others."""


class Verdicts:
    """The borders of the scores that the tasks left."""

    def __init__(self, tasks: Tasks, scorer: MadeScorer, params: ScorerParams) -> None:
        self._tasks, self._scorer, self._params = tasks, scorer, params
        self._groups: defaultdict[Group, Counter[float]] = defaultdict(Counter)
        self._channels: defaultdict[str, list[int]] = defaultdict(lambda: [0] * _BINS)
        self._unscored: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for path in tasks.files(TALLY):
            self._add(read_json(path, remedy=UNFINISHED))
        self._borders = {
            group: find_border(counts, params.threshold(group[1])) for group, counts in self._groups.items()
        }

    def exclude_low_scores(self, run: EngineParams) -> Tasks:
        """Give the documents with those below their borders excluded; the tasks themselves without a border."""
        borders = {group: border for group, border in self._borders.items() if border is not None}
        if not borders:
            return self._tasks
        parts = [[self._tasks.folder.name, rank] for rank in range(self._tasks.num_tasks)]
        settings = [[*group, border] for group, border in sorted(borders.items())]
        tasks = Tasks(self._tasks.folder.parent, "verdicts", parts, settings)
        excluding = ExcludeLowScores(self._tasks, borders, self._params)
        tasks.run([ReadParts(self._tasks), excluding, WriteDocuments(tasks)], run)
        return tasks

    def report(self) -> ScorerReport:
        """Say what was scored and what the borders are."""
        for channel in sorted(set(self._params.channels or ()) - self._channels.keys()):
            logger.warning("clean: no document of channel %s was scored (conf: clean.scorer.channels)", channel)
        return ScorerReport(
            kind=self._params.kind,
            labels=self._scorer.num_labels,
            asked=self._scorer.asked,
            evaluation=self._scorer.evaluation,
            scored={channel: sum(counts) for channel, counts in sorted(self._channels.items())},
            unscored={channel: dict(sorted(counts.items())) for channel, counts in sorted(self._unscored.items())},
            scores={channel: tuple(counts) for channel, counts in sorted(self._channels.items())},
            borders=tuple(self._border_report(group) for group in sorted(self._groups)),
        )

    def _add(self, tally: dict[str, Any]) -> None:
        for channel, category, score, number in tally["scored"]:
            self._groups[group_of(channel, category, self._params)][score] += number
            self._channels[channel][min(int(score * _BINS), _BINS - 1)] += number
        for channel, reason, number in tally["unscored"]:
            self._unscored[channel][reason] += number

    def _border_report(self, group: Group) -> BorderReport:
        channel, category = group
        counts, border = self._groups[group], self._borders[group]
        kept = sum(number for score, number in counts.items() if border is None or score >= border)
        return BorderReport(channel=channel, category=category or None, border=border, scored=counts.total(), kept=kept)


class ExcludeLowScores(PipelineStep):  # type: ignore[misc]
    """Exclude what an earlier pass scored below the border of its group."""

    name = "exclude low scores"
    type = "cpt"

    def __init__(self, scored: Tasks, borders: dict[Group, float], params: ScorerParams) -> None:
        super().__init__()
        self._scored, self._borders, self._params = scored, borders, params

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Pass every document on; they come in the order in which they were scored."""
        scores = np.load(self._scored.file(rank, SCORES), allow_pickle=False).tolist()
        for document, score in zip(data, scores, strict=True):
            group = group_of(document.metadata["channel"], document.metadata["category"], self._params)
            border = self._borders.get(group)
            if not is_excluded(document) and border is not None and score < border:  # NaN is never below
                exclude(document, LOW_SCORE, f"score {score:.4f}, at least {border:.4f}")
            yield document


def group_of(channel: str, category: str | None, params: ScorerParams) -> Group:
    """Give the group whose border is for a document."""
    return channel, (category or _OTHERS) if category in params.by_category else _OTHERS


def find_border(counts: Counter[float], threshold: ThresholdParams) -> float | None:
    """Give the lowest score that stays; of a share, the highest one with which at least the share stays."""
    if threshold.kept_share is None:
        return threshold.min_score
    wanted, kept = threshold.kept_share * counts.total(), 0
    for score in sorted(counts, reverse=True):
        kept += counts[score]
        if kept >= wanted - 1e-9:
            return score
    return None
