"""What a scorer is worth: literal numbers, checked against scikit-learn and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from cpt_pipeline.corpus.clean.scoring.evaluation import area_under_curve, evaluate_scores
from cpt_pipeline.corpus.clean.scoring.labels import Label


def labels_of(*values: float) -> list[Label]:
    return [Label(str(number), value) for number, value in enumerate(values)]


def test_the_report_of_six_labels() -> None:
    scores = np.array([0.95, 0.91, 0.4, 0.4, 0.12, 0.0])
    report = evaluate_scores(scores, labels_of(1, 0.6, 1, 0, 0.2, 0))
    assert (report.labels, report.good, report.auc) == (6, 3, 0.9444)
    assert report.spearman == round(float(spearmanr(scores, [1, 0.6, 1, 0, 0.2, 0]).statistic), 4)
    found = {place: each for place, each in enumerate(report.calibration) if each is not None}
    assert {place: (each.labels, each.mean_score, each.mean_label) for place, each in found.items()} == {
        0: (1, 0.0, 0.0),
        1: (1, 0.12, 0.2),
        4: (2, 0.4, 0.5),
        9: (2, 0.93, 0.8),
    }
    assert report.auc_interval is not None
    assert report.auc_interval[0] < 0.9444 <= report.auc_interval[1] == 1.0


def test_what_cannot_be_said_is_none() -> None:
    report = evaluate_scores(np.array([0.1, 1.0]), labels_of(1, 1))
    assert (report.auc, report.auc_interval, report.spearman) == (None, None, None)
    assert evaluate_scores(np.array([0.3, 0.6]), labels_of(0, 1)).spearman is None


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2))
def test_the_area_is_that_of_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    scores, good = np.array([score / 10 for score, _ in rows]), np.array([side for _, side in rows])
    if 0 < good.sum() < good.size:
        assert area_under_curve(scores, good) == pytest.approx(roc_auc_score(good, scores))
