"""What scores decide, once all of them are known: who stays, and what the report says of it.

Scores have four digits, so how many documents have which score is a table of bounded size, and a share of documents
is found exactly without holding the documents.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cpt_pipeline.corpus.clean.scoring.making import MadeScorer
from cpt_pipeline.corpus.clean.scoring.params import ScorerParams, ThresholdParams
from cpt_pipeline.corpus.clean.scoring.report import BorderReport, ScorerReport
from cpt_pipeline.corpus.clean.scoring.steps import SCORES, TALLY
from cpt_pipeline.corpus.engine import Tasks
from cpt_pipeline.corpus.sieve import Row
from cpt_pipeline.corpus.steps import gather

LOW_SCORE = "low_score"
_BINS = 20
_OTHERS = ""


class Verdicts:
    """The borders of the scores that the tasks left, and the rows that pass them."""

    def __init__(self, tasks: Tasks, params: ScorerParams) -> None:
        self._tasks, self._params = tasks, params
        self._groups: defaultdict[tuple[str, str], Counter[float]] = defaultdict(Counter)
        self._channels: defaultdict[str, list[int]] = defaultdict(lambda: [0] * _BINS)
        self._unscored: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for path in tasks.files(TALLY):
            self._add(json.loads(path.read_text(encoding="utf-8")))
        self._borders = {
            group: find_border(counts, params.threshold(group[1])) for group, counts in self._groups.items()
        }

    def rows(self) -> Iterator[Row]:
        """Give the rows of all tasks in order; one whose score is below its border is excluded."""
        for row, score in zip(gather(self._tasks), self._scores(), strict=True):
            if row["reason"] is None and not np.isnan(score):
                border = self._borders[self._group(row["channel"], row["category"])]
                if border is not None and score < border:
                    row |= {"reason": LOW_SCORE, "detail": f"score {score:.4f}, at least {border:.4f}"}
            yield row

    def report(self, scorer: MadeScorer) -> ScorerReport:
        """Say what was scored and what the borders are."""
        return ScorerReport(
            kind=self._params.kind,
            labels=scorer.num_labels,
            asked=scorer.asked,
            evaluation=scorer.evaluation,
            scored={channel: sum(counts) for channel, counts in sorted(self._channels.items())},
            unscored={channel: dict(sorted(counts.items())) for channel, counts in sorted(self._unscored.items())},
            scores={channel: tuple(counts) for channel, counts in sorted(self._channels.items())},
            borders=tuple(self._border_report(group) for group in sorted(self._groups)),
        )

    def _add(self, tally: dict[str, Any]) -> None:
        for channel, category, score, number in tally["scored"]:
            self._groups[self._group(channel, category)][score] += number
            self._channels[channel][min(int(score * _BINS), _BINS - 1)] += number
        for channel, reason, number in tally["unscored"]:
            self._unscored[channel][reason] += number

    def _group(self, channel: str, category: str | None) -> tuple[str, str]:
        return channel, (category or _OTHERS) if category in self._params.by_category else _OTHERS

    def _scores(self) -> Iterator[float]:
        for path in self._tasks.files(SCORES):
            yield from _load(path)

    def _border_report(self, group: tuple[str, str]) -> BorderReport:
        channel, category = group
        counts, border = self._groups[group], self._borders[group]
        kept = sum(number for score, number in counts.items() if border is None or score >= border)
        return BorderReport(channel=channel, category=category or None, border=border, scored=counts.total(), kept=kept)


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


def _load(path: Path) -> list[float]:
    scores: list[float] = np.load(path, allow_pickle=False).tolist()
    return scores
