"""What the stage says about its scorer."""

from __future__ import annotations

from cpt_pipeline.core.params import Report


class CalibrationBin(Report):
    """Validation labels whose score lies in one tenth of 0..1."""

    labels: int
    mean_score: float
    mean_label: float
    """The share of good ones, where labels are good or poor."""


class EvaluationReport(Report):
    """What a scorer is worth on validation labels; None where they hold one side only."""

    labels: int
    good: int
    auc: float | None
    """Chance that a good label has a higher score than a poor one; a mark of half of the best or more is good."""
    auc_interval: tuple[float, float] | None
    """95 %, by bootstrap over the labels."""
    spearman: float | None
    """Rank correlation; None where labels are good or poor only."""
    calibration: tuple[CalibrationBin | None, ...]
    """By tenths of the score; None where no score fell."""


class AskReport(Report):
    """What a language model was asked for labels, and what it said."""

    asked: int
    failed: int
    """No answer came; asked again by the next run."""
    without_mark: int
    """The answer names no number from 0 to 5."""
    marks: tuple[int, ...]
    """Answers by mark, 0 to 5, rounded."""
    prompt_tokens: int
    completion_tokens: int
    """Of answers kept from earlier runs too."""


class BorderReport(Report):
    """What the threshold of a group of documents was, and what it left."""

    channel: str
    category: str | None
    """None: all that have no threshold of their own."""
    border: float | None
    """Documents with a lower score are excluded; None where there is no threshold."""
    scored: int
    kept: int


class ScorerReport(Report):
    """What the scorer learnt from, is worth, and did."""

    kind: str
    labels: int
    """All of them, those kept for validation included."""
    asked: AskReport | None
    """None where labels are not asked for."""
    evaluation: EvaluationReport | None
    """None where there are no labels to judge by."""
    scored: dict[str, int]
    """Channel to documents."""
    unscored: dict[str, dict[str, int]]
    """Channel to reason to documents that no rule excluded and that keep the grade of the rules."""
    scores: dict[str, tuple[int, ...]]
    """Channel to scored documents, kept or not, by score in 20 equal steps of 0..1."""
    borders: tuple[BorderReport, ...]
