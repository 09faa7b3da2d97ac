"""How good a classifier is on examples that it never saw: precision and recall of each class, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from cpt_pipeline.core.params import Report

CURVE = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
"""Probabilities of the curve."""
_Z = 1.959964
"""Of an interval of 95 %."""


class ShareReport(Report):
    """A share with its interval of 95 % (Wilson 1927); none of nothing."""

    share: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, part: int, whole: int) -> ShareReport:
        """Give the share `part` / `whole`."""
        if not whole:
            return cls(share=None, low=None, high=None)
        low, high = wilson_interval(part, whole)
        return cls(share=round(part / whole, 4), low=round(low, 4), high=round(high, 4))


class CurvePointReport(Report):
    """What a class would be from one probability on."""

    min_probability: float
    taken: int
    """Held-out examples that would get the class."""
    precision: float | None
    recall: float | None


class ClassReport(Report):
    """One class, on held-out examples; its precision is of their mixture, and less where the class is rarer."""

    trained: int
    heldout: int
    min_probability: float
    """In force."""
    taken: int
    """Held-out examples that get the class."""
    precision: ShareReport
    recall: ShareReport
    false_share: ShareReport
    """Of the examples of other classes, those that get this one."""
    curve: tuple[CurvePointReport, ...]


class ClassifierReport(Report):
    """All classes, on the fifth of the examples that the classifier was not trained on."""

    trained: int
    heldout: int
    accuracy: ShareReport
    """Of the likeliest class, whatever its probability."""
    classes: dict[str, ClassReport]


def wilson_interval(part: int, whole: int) -> tuple[float, float]:
    """Give the interval of 95 % of a share, which is also right for few cases and for shares near 0 or 1."""
    share, shrink = part / whole, 1 + _Z**2 / whole
    middle = (share + _Z**2 / (2 * whole)) / shrink
    half = _Z * math.sqrt(share * (1 - share) / whole + _Z**2 / (4 * whole**2)) / shrink
    return max(0.0, middle - half), min(1.0, middle + half)


def report_classes(
    classes: Sequence[str],
    trained: Mapping[str, int],
    labels: Sequence[str],
    probabilities: npt.NDArray[np.float32],
    thresholds: Mapping[str, float],
) -> ClassifierReport:
    """Compare the likeliest class of each held-out example with its label; `probabilities` is [examples, classes]."""
    likeliest, probability = probabilities.argmax(axis=1), probabilities.max(axis=1)
    true = np.array([classes.index(label) for label in labels], np.int64)
    return ClassifierReport(
        trained=sum(trained.values()),
        heldout=len(labels),
        accuracy=ShareReport.of(int((likeliest == true).sum()), len(labels)),
        classes={
            name: _report_class(
                trained[name], true == place, np.where(likeliest == place, probability, -1.0), thresholds[name]
            )
            for place, name in enumerate(classes)
        },
    )


def _report_class(
    trained: int, member: npt.NDArray[np.bool_], probability: npt.NDArray[np.float32], threshold: float
) -> ClassReport:
    taken = probability >= threshold
    right, num_members = int((taken & member).sum()), int(member.sum())
    return ClassReport(
        trained=trained,
        heldout=num_members,
        min_probability=threshold,
        taken=int(taken.sum()),
        precision=ShareReport.of(right, int(taken.sum())),
        recall=ShareReport.of(right, num_members),
        false_share=ShareReport.of(int((taken & ~member).sum()), int((~member).sum())),
        curve=tuple(_point(each, member, probability) for each in CURVE),
    )


def _point(threshold: float, member: npt.NDArray[np.bool_], probability: npt.NDArray[np.float32]) -> CurvePointReport:
    taken = probability >= threshold
    right = int((taken & member).sum())
    return CurvePointReport(
        min_probability=threshold,
        taken=int(taken.sum()),
        precision=round(right / int(taken.sum()), 4) if taken.any() else None,
        recall=round(right / int(member.sum()), 4) if member.any() else None,
    )
