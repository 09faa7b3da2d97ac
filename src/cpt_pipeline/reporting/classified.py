"""Channels and categories that a classifier gave: what it is worth, what went where, and what to look at."""

from __future__ import annotations

from cpt_pipeline.reporting import words
from cpt_pipeline.reporting.page import Cell, Mark, Table, table
from cpt_pipeline.reporting.reading import Artifacts

_METRICS = "clean_metrics"
_CLASSIFIERS = {"classify": "channel", "category_classifier": "category"}


def classes(artifacts: Artifacts) -> Table:
    """Give precision and recall of every class on examples that were not trained on, at the probability in force."""
    rows: list[list[Cell]] = []
    for key, kind in _CLASSIFIERS.items():
        place = (_METRICS, key, "classifier", "classes")
        for name in artifacts.mapping(*place):
            shares = [_share(artifacts, *place, name, each) for each in ("precision", "recall", "false_share")]
            numbers = [artifacts.number(*place, name, each) for each in ("trained", "heldout")]
            threshold = words.decimal(artifacts.number(*place, name, "min_probability"), 2)
            rows.append([f"{kind} {name}", *map(words.count, numbers), threshold, *shares])
    columns = ("class", "trained on", "held out", "from probability", "precision", "recall", "false alarms")
    return table(columns, rows)


def documents(artifacts: Artifacts) -> Table:
    """Count where the documents of every classified source went, and what was given which category."""
    rows: list[list[Cell]] = []
    for source in artifacts.mapping(_METRICS, "classify", "sources"):
        place = (_METRICS, "classify", "sources", source)
        rows += [
            [source, f"channel {name}", words.count(number)] for name, number in artifacts.counts(*place, "channels")
        ]
        rows.append([source, Mark("unclear: channel of the source", "quiet"), _unclear(artifacts, *place)])
    if artifacts.get(_METRICS, "category_classifier") is not None:
        given = artifacts.counts(_METRICS, "category_classifier", "documents")
        rows += [["all sources", f"category {name}", words.count(number)] for name, number in given]
        rows.append(["all sources", Mark("no category", "quiet"), _unclear(artifacts, _METRICS, "category_classifier")])
    return table(("source", "given", "documents kept"), rows, left=(0, 1))


def doubts(artifacts: Artifacts) -> Table:
    """List the documents nearest to the threshold, which show best where it should lie."""
    rows: list[list[Cell]] = []
    for source in artifacts.mapping(_METRICS, "classify", "sources"):
        for doubt in artifacts.records(_METRICS, "classify", "sources", source, "doubts"):
            found = Artifacts({"doubt": doubt})
            taken = found.get("doubt", "taken")
            texts: list[Cell] = [found.get("doubt", key) for key in ("id", "channel")]
            answer = ("taken" if taken else "not taken") if isinstance(taken, bool) else None
            rows.append([*texts, words.decimal(found.number("doubt", "probability"), 2), answer])
    return table(("document", "likeliest channel", "probability", ""), rows, left=(0, 1, 3))


def _unclear(artifacts: Artifacts, name: str, *path: str) -> str | None:
    return words.count(artifacts.number(name, *path, "unclear"))


def _share(artifacts: Artifacts, name: str, *path: str) -> str | None:
    share, low, high = (words.percent(artifacts.number(name, *path, key)) for key in ("share", "low", "high"))
    interval = words.between(low, high)
    return share if interval is None else f"{share} ({interval})"
