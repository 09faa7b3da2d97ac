"""What the cleaning report says of the quality scorer: what it learnt from, what it is worth, what it decided."""

from __future__ import annotations

import math
from collections import defaultdict

from cpt_pipeline.reporting import words
from cpt_pipeline.reporting.page import Cell, Mark, Table, table
from cpt_pipeline.reporting.reading import Artifacts


def scorer(artifacts: Artifacts) -> Table | None:
    """Say what the quality scorer is and what it is worth; None where it was switched off."""
    metrics = artifacts.mapping("clean_metrics")
    if "scorer" in metrics and metrics["scorer"] is None:
        return None
    found = Artifacts({"scorer": metrics.get("scorer")})
    rows: list[list[Cell]] = [
        ["kind", words.plain(found.get("scorer", "kind"))],
        ["labels", words.count(found.number("scorer", "labels"))],
        *_asked(found),
        *_evaluation(found),
        ["documents scored", words.count(_sum(found, "scored"))],
        *_unscored(found),
    ]
    return table(("what", ""), rows, left=(0,))


def borders(artifacts: Artifacts) -> Table:
    """Give the threshold of each channel, and of categories that have their own, with what it left."""
    given = artifacts.records("clean_metrics", "scorer", "borders")
    columns = ("channel", "category", "threshold", "scored", "kept", "share kept")
    return table(columns, [_border(Artifacts({"border": row})) for row in given], left=(0, 1))


def _border(found: Artifacts) -> list[Cell]:
    border, scored, kept = (found.number("border", key) for key in ("border", "scored", "kept"))
    return [
        words.plain(found.get("border", "channel")),
        words.plain(found.get("border", "category")) or "all others",
        Mark("none", "quiet") if border is None else words.decimal(border, 4),
        words.count(scored),
        words.count(kept),
        words.percent(kept / scored) if kept is not None and scored else None,
    ]


def _asked(found: Artifacts) -> list[list[Cell]]:
    if found.get("scorer", "asked") is None:
        return []
    named = {"asked": "documents a language model was asked about", "failed": "answers that did not come"}
    named |= {"without_mark": "answers without a mark"}
    return [[what, words.count(found.number("scorer", "asked", key))] for key, what in named.items()]


def _evaluation(found: Artifacts) -> list[list[Cell]]:
    at = ("scorer", "evaluation")
    if found.get(*at) is None:
        return [["labels to judge it by", Mark("none", "quiet")]]
    low, high = (words.decimal(found.number(*at, "auc_interval", end)) for end in (0, 1))
    rows: list[list[Cell]] = [
        ["labels held back to judge it by", words.count(found.number(*at, "labels"))],
        ["AUC on them", words.decimal(found.number(*at, "auc"))],
        ["its 95 % interval", words.between(low, high)],
    ]
    spearman = found.number(*at, "spearman")
    return rows if spearman is None else [*rows, ["rank correlation with the marks", words.decimal(spearman)]]


def _unscored(found: Artifacts) -> list[list[Cell]]:
    counts: defaultdict[str, float] = defaultdict(float)
    for channel in found.mapping("scorer", "unscored"):
        for reason, number in found.counts("scorer", "unscored", channel):
            counts[reason] += math.nan if number is None else number
    return [[f"not scored: {reason.replace('_', ' ')}", words.count(counts[reason])] for reason in sorted(counts)]


def _sum(found: Artifacts, key: str) -> float | None:
    counts = [number for _, number in found.counts("scorer", key)]
    known = [number for number in counts if number is not None]
    return sum(known) if counts and len(known) == len(counts) else None
