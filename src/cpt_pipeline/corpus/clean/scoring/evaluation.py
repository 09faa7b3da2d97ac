"""How well scores agree with labels that the scorer never saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.clean.scoring.labels import Label
from cpt_pipeline.corpus.clean.scoring.report import CalibrationBin, EvaluationReport

_BINS = 10
_RESAMPLES = 400
_CONFIDENCE = 0.95


def evaluate_scores(scores: npt.NDArray[np.float64], labels: Sequence[Label], seed: int = 0) -> EvaluationReport:
    """Compare the scores of labelled texts with their labels."""
    good = np.array([label.is_good for label in labels], bool)
    values = np.array([label.value for label in labels], np.float64)
    both = 0 < good.sum() < good.size
    return EvaluationReport(
        labels=good.size,
        good=int(good.sum()),
        auc=round(area_under_curve(scores, good), 4) if both else None,
        auc_interval=auc_interval(scores, good, seed) if both else None,
        spearman=_spearman(scores, values),
        calibration=_calibrate(scores, values),
    )


def area_under_curve(scores: npt.NDArray[np.float64], good: npt.NDArray[np.bool_]) -> float:
    """Give the area under the ROC curve, ties counted half (Mann and Whitney 1947)."""
    from scipy.stats import rankdata

    num_good = int(good.sum())
    wins = float(rankdata(scores)[good].sum()) - num_good * (num_good + 1) / 2
    return wins / (num_good * (good.size - num_good))


def auc_interval(
    scores: npt.NDArray[np.float64], good: npt.NDArray[np.bool_], seed: int = 0, resamples: int = _RESAMPLES
) -> tuple[float, float]:
    """Give the 95 % interval of the area by drawing good and poor texts anew, each with replacement."""
    chance = np.random.default_rng(seed)
    sides = scores[good], scores[~good]
    drawn_good = np.repeat([True, False], [side.size for side in sides])
    areas = [
        area_under_curve(np.concatenate([chance.choice(side, side.size) for side in sides]), drawn_good)
        for _ in range(resamples)
    ]
    low, high = np.quantile(areas, [(1 - _CONFIDENCE) / 2, (1 + _CONFIDENCE) / 2])
    return round(float(low), 4), round(float(high), 4)


def _spearman(scores: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> float | None:
    from scipy.stats import rankdata

    if np.unique(values).size < 3 or np.unique(scores).size < 2:
        return None
    return round(float(np.corrcoef(rankdata(scores), rankdata(values))[0, 1]), 4)


def _calibrate(scores: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> tuple[CalibrationBin | None, ...]:
    places = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    return tuple(_bin(scores[places == place], values[places == place]) for place in range(_BINS))


def _bin(scores: Any, values: Any) -> CalibrationBin | None:
    if not scores.size:
        return None
    return CalibrationBin(
        labels=scores.size, mean_score=round(float(scores.mean()), 4), mean_label=round(float(values.mean()), 4)
    )
