"""What a classifier is worth: shares with the intervals of the books, and what each threshold would take."""

from __future__ import annotations

import numpy as np
import pytest

from cpt_pipeline.corpus.models.classifier_report import ShareReport, report_classes, wilson_interval


def test_the_interval_is_that_of_wilson() -> None:
    assert wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson_interval(20, 20) == pytest.approx((0.8389, 1.0), abs=1e-4)
    assert ShareReport.of(0, 0) == ShareReport(share=None, low=None, high=None)


def test_precision_and_recall_are_counted_at_the_threshold_in_force() -> None:
    labels = ["a", "a", "a", "b", "b"]
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3], [0.1, 0.9]], np.float32)
    report = report_classes(["a", "b"], {"a": 12, "b": 8}, labels, probabilities, {"a": 0.65, "b": 0.5})
    assert (report.trained, report.heldout, report.accuracy.share) == (20, 5, 0.6)
    a, b = report.classes["a"], report.classes["b"]
    assert (a.taken, a.precision.share, a.recall.share, a.false_share.share) == (2, 0.5, 0.3333, 0.5)
    assert (b.taken, b.precision.share, b.recall.share, b.false_share.share) == (2, 0.5, 0.5, 0.3333)
    points = {point.min_probability: (point.taken, point.precision, point.recall) for point in a.curve}
    assert points[0.5] == (3, 0.6667, 0.6667)
    assert points[0.8] == (1, 1.0, 0.3333)
    assert points[0.95] == (0, None, 0.0)
