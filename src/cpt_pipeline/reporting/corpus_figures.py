"""The figures of the cleaning report: the funnel by reason, lengths and grades per channel, and the curve of dedup.

Drawn small with large letters, so that they can be read on a phone, where a figure is as wide as it was drawn. Colours
are of Okabe and Ito (2008), which the colour-blind can tell apart; none of them says what no word says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cpt_pipeline.reporting.cleaning import SIEVES
from cpt_pipeline.reporting.figures import Axes, Figure
from cpt_pipeline.reporting.reading import Artifacts
from cpt_pipeline.reporting.words import count, decimal, known, percent, tokens

_INK, _FAINT, _GRID = "#1f2937", "#6b7280", "#e5e7eb"
_KEPT, _LOST, _HELDOUT, _MADE = "#475569", "#d55e00", "#0072b2", "#009e73"
_DOMAIN, _GENERAL = _LOST, _HELDOUT
_WIDTH_INCHES = 4.6
_ROW_INCHES = 0.32
_PANEL_INCHES = 1.0
_REASONS = 8
"""Of a stage, so many reasons have a bar of their own; the rest share one."""
_NAME_CHARACTERS = 26
"""Longer names of channels would run into what stands at the right."""
_LEAST_DOUBLINGS = 7
"""So wide an axis of lengths has two powers of ten on it."""
_STYLE = {
    "font.size": 10.0,
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.0,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


@dataclass(frozen=True)
class Level:
    """One bar of the funnel, from `start` to `end` records."""

    label: str
    start: float
    end: float
    kind: Literal["kept", "lost", "held out", "made"]

    @property
    def records(self) -> float:
        """Its length."""
        return self.end - self.start


@dataclass(frozen=True)
class Histogram:
    """The documents of one channel: `shares` of them in each bin, `edges` one more than bins."""

    channel: str
    edges: tuple[float, ...]
    shares: tuple[float, ...]
    note: str
    mark: float | None = None
    """A place on the axis to be marked."""


def funnel(artifacts: Artifacts) -> list[Level]:
    """Give what is there and what goes, stage by stage and the larger reasons first; what is missing has no bar."""
    levels: list[Level] = []
    before = None
    for stage in SIEVES:
        left = artifacts.number(f"{stage}_metrics", "records_in")
        if left is None:
            before = None
            continue
        if before != left:
            levels.append(Level(f"read by {stage}", 0.0, left, "kept"))
        made = sum(number or 0.0 for _, number in artifacts.counts(f"{stage}_metrics", "synthetic", "made"))
        if made:
            levels.append(Level("made by augmentation", left, left + made, "made"))
            left += made
        for reason, number in _main_reasons(artifacts, stage):
            levels.append(Level(reason, left - number, left, "lost"))
            left -= number
        heldout = artifacts.number(f"{stage}_metrics", "heldout_documents") if stage == "dedup" else None
        if heldout:
            levels.append(Level("held out", left - heldout, left, "held out"))
        before = artifacts.number(f"{stage}_metrics", "documents")
        if before is not None:
            levels.append(Level("for training" if stage == "dedup" else f"after {stage}", 0.0, before, "kept"))
    return levels


def lengths(artifacts: Artifacts) -> list[Histogram]:
    """Give the lengths of the documents clean kept, over log2 of characters."""
    found = []
    for channel, counts in _histograms(artifacts, "lengths"):
        edges = tuple(float(power) for power in range(len(counts) + 1))
        middle = _median_bin(counts)
        note = f"median {count(2**middle)} to {count(2 ** (middle + 1) - 1)}"
        found.append(Histogram(channel, edges, _shares(counts), note))
    return found


def grades(artifacts: Artifacts) -> list[Histogram]:
    """Give the grades of the documents clean kept, with their mean marked where it is known."""
    found = []
    for channel, counts in _histograms(artifacts, "qualities"):
        edges = tuple(place / len(counts) for place in range(len(counts) + 1))
        mean = artifacts.number("clean_metrics", "mean_quality", channel)
        note = "" if mean is None else f"mean {decimal(mean, 2)}"
        found.append(Histogram(channel, edges, _shares(counts), note, mean))
    return found


def scores(artifacts: Artifacts) -> list[Histogram]:
    """Give the scores of the documents that the scorer was asked about, with the border of their channel marked."""
    borders = {row["channel"]: row for row in artifacts.records("clean_metrics", "scorer", "borders") if _is_main(row)}
    found = []
    for channel, counts in _histograms(artifacts, "scorer", "scores"):
        edges = tuple(place / len(counts) for place in range(len(counts) + 1))
        border = borders.get(channel, {}).get("border")
        note = f"{count(sum(counts))} documents"
        found.append(Histogram(channel, edges, _shares(counts), note, border if known(border) else None))
    return found


def calibration(artifacts: Artifacts) -> list[tuple[float, float, float]]:
    """Give mean score, mean label and number of labels for each tenth of the scores that held any."""
    rows = artifacts.records("clean_metrics", "scorer", "evaluation", "calibration")
    points = [(row.get("mean_score"), row.get("mean_label"), row.get("labels")) for row in rows]
    return [(x, y, number) for x, y, number in points if known(x) and known(y) and known(number)]


def dedup_curve(artifacts: Artifacts) -> list[tuple[float, float]]:
    """Give threshold and characters it keeps, as a share of what the largest of the curve keeps; rising thresholds."""
    points = [
        (row["min_similarity"], row["characters"])
        for row in artifacts.records("dedup_metrics", "curve")
        if known(row.get("min_similarity")) and known(row.get("characters"))
    ]
    most = max((characters for _, characters in points), default=0)
    return [(threshold, characters / most) for threshold, characters in sorted(points)] if most else []


def funnel_figure(levels: Sequence[Level]) -> Figure:
    """Draw the funnel from top to bottom; every bar has above it its name, its records and their share of the first."""
    figure = _new_figure(0.6 + _ROW_INCHES * len(levels))
    with _styled():
        axes = figure.subplots()
        colours = {"kept": _KEPT, "lost": _LOST, "held out": _HELDOUT, "made": _MADE}
        beside = axes.get_yaxis_transform()
        for row, level in enumerate(levels):
            colour, weight = colours[level.kind], "bold" if level.kind == "kept" else "normal"
            # the edge keeps a bar of one record in a million visible
            axes.barh(row, level.records, 0.34, level.start, color=colour, edgecolor=colour, linewidth=1.2)
            text = {"transform": beside, "va": "bottom", "weight": weight}
            axes.text(0.0, row - 0.2, level.label.replace("_", " "), ha="left", **text)
            axes.text(0.84, row - 0.2, count(level.records), ha="right", **text)
            axes.text(1.0, row - 0.2, _share(level.records, levels[0].end), ha="right", **text)
        axes.set_ylim(len(levels) - 0.6, -1.0)
        axes.set_xlim(0.0, max((level.end for level in levels), default=0.0) or 1.0)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        _finish(axes, "records", lambda value: tokens(value) or "")
        axes.grid(visible=False)
        axes.locator_params(axis="x", nbins=5)
    return figure


def lengths_figure(histograms: Sequence[Histogram], roles: Mapping[str, str]) -> Figure:
    """Draw the lengths, a panel per channel over the same axes; ticks are round numbers of characters."""
    filled = [place for found in histograms for place, share in enumerate(found.shares) if share]
    first = min(filled)
    last = max(max(filled) + 1, first + _LEAST_DOUBLINGS)
    figure = _panels(histograms, roles, "characters in a document (a bar per doubling)")
    ticks = [10**power for power in range(9) if first <= math.log2(10**power) <= last]
    for axes in figure.axes:
        axes.set_xlim(first, last)
        axes.set_xticks([math.log2(tick) for tick in ticks], [tokens(tick) for tick in ticks])
    return figure


def grades_figure(histograms: Sequence[Histogram], roles: Mapping[str, str]) -> Figure:
    """Draw the grades, a panel per channel over the same axes."""
    figure = _panels(histograms, roles, "grade of a document (higher is better)")
    for axes in figure.axes:
        axes.set_xlim(0.0, 1.0)
    return figure


def scores_figure(histograms: Sequence[Histogram], roles: Mapping[str, str]) -> Figure:
    """Draw the scores, a panel per channel over the same axes."""
    figure = _panels(histograms, roles, "score of a document (higher is better)")
    for axes in figure.axes:
        axes.set_xlim(0.0, 1.0)
    return figure


def calibration_figure(points: Sequence[tuple[float, float, float]]) -> Figure:
    """Draw labels over scores, a dot per tenth with its number of labels; on the line a score is what it promises."""
    figure = _new_figure(3.0)
    with _styled():
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=_FAINT, linewidth=1, linestyle="--")
        predicted, observed, numbers = zip(*points, strict=True)
        axes.plot(predicted, observed, color=_KEPT, linewidth=1, marker="o", markersize=6, clip_on=False, zorder=3)
        for x, y, number in zip(predicted, observed, numbers, strict=True):
            place = {"textcoords": "offset points", "ha": "center", "color": _FAINT, "fontsize": 8.5}
            axes.annotate(count(number), (x, y), (0, 7), **place)
        axes.set_xlim(0.0, 1.0)
        axes.set_ylim(0.0, 1.12)
        axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0])
        axes.set_ylabel("mean label")
        axes.grid(axis="y", color=_GRID, linewidth=0.8)
        _finish(axes, "score of labels that were held back", lambda value: decimal(value, 1) or "")
    return figure


def dedup_figure(curve: Sequence[tuple[float, float]], in_force: float | None) -> Figure:
    """Draw the curve, and mark the threshold in force where it is known."""
    figure = _new_figure(2.7)
    with _styled():
        axes = figure.subplots()
        thresholds, shares = zip(*curve, strict=True)
        axes.plot(thresholds, shares, color=_KEPT, linewidth=2, marker="o", markersize=5, clip_on=False, zorder=3)
        axes.margins(x=0.04)
        lowest = min(shares)
        axes.set_ylim(max(0.0, lowest - max(0.01, 0.35 * (1.0 - lowest))), 1.0)
        if in_force is not None:
            _mark_threshold(axes, curve, in_force)
        axes.set_ylabel("characters kept")
        axes.grid(axis="y", color=_GRID, linewidth=0.8)
        digits = 0 if 1.0 - axes.get_ylim()[0] > 0.04 else 1
        axes.yaxis.set_major_formatter(lambda value, _: percent(value, digits))
        axes.locator_params(axis="y", nbins=5)
        _finish(axes, "similarity from which two documents are copies", lambda value: decimal(value, 2) or "")
    return figure


def _mark_threshold(axes: Axes, curve: Sequence[tuple[float, float]], in_force: float) -> None:
    axes.axvline(in_force, color=_LOST, linewidth=1.5, linestyle="--")
    kept = next((share for threshold, share in curve if abs(threshold - in_force) < 1e-9), None)
    words = f"in force: {decimal(in_force, 2)}" + (f"\nkeeps {percent(kept)}" if kept is not None else "")
    left, right = axes.get_xlim()
    inner = in_force < (left + right) / 2
    place = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "va": "bottom"}
    axes.annotate(words, (in_force, 0.04), (6 if inner else -6, 0), ha="left" if inner else "right", **place)
    if kept is not None:
        axes.plot(in_force, kept, color=_LOST, marker="o", markersize=9, zorder=4, clip_on=False)


def _main_reasons(artifacts: Artifacts, stage: str) -> list[tuple[str, float]]:
    found = [(reason, number) for reason, number in artifacts.counts(f"{stage}_metrics", "excluded") if number]
    if len(found) <= _REASONS + 1:
        return found
    rest = found[_REASONS:]
    return [*found[:_REASONS], (f"{len(rest)} other reasons", sum(number for _, number in rest))]


def _is_main(border: Mapping[str, Any]) -> bool:
    return border.get("category") is None and isinstance(border.get("channel"), str)


def _histograms(artifacts: Artifacts, *path: str) -> list[tuple[str, list[float]]]:
    """Give channel and counts, where all of them are numbers and there is something to count."""
    given = artifacts.mapping("clean_metrics", *path)
    order = [channel for channel in artifacts.channels() if channel in given]
    found = []
    for channel in order + sorted(set(given) - set(order)):
        counts = artifacts.rows("clean_metrics", *path, channel)
        if counts and all(known(each) and each >= 0 for each in counts) and sum(counts):
            found.append((channel, [float(each) for each in counts]))
    return found


def _shares(counts: Sequence[float]) -> tuple[float, ...]:
    total = sum(counts)
    return tuple(each / total for each in counts)


def _median_bin(counts: Sequence[float]) -> int:
    half, passed = sum(counts) / 2, 0.0
    for place, each in enumerate(counts):
        passed += each
        if passed >= half:
            return place
    raise AssertionError("a histogram without documents has no median")


def _share(part: float, whole: float) -> str:
    share = part / whole if whole else 0.0
    return "<0.1%" if 0 < share < 0.0005 else percent(share) or ""


def _panels(histograms: Sequence[Histogram], roles: Mapping[str, str], label: str) -> Figure:
    figure = _new_figure(0.6 + _PANEL_INCHES * len(histograms))
    with _styled():
        column = figure.subplots(len(histograms), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
        for axes, found in zip(column, histograms, strict=True):
            colour = _DOMAIN if roles.get(found.channel) == "domain" else _GENERAL
            widths = [end - start for start, end in zip(found.edges, found.edges[1:], strict=False)]
            axes.bar(found.edges[:-1], found.shares, widths, align="edge", color=colour, edgecolor="white")
            if found.mark is not None:
                axes.axvline(found.mark, color=_INK, linewidth=1.5, linestyle="--")
            axes.set_title(_shortened(found.channel), loc="left", weight="bold")
            axes.set_title(found.note, loc="right")
            axes.yaxis.set_major_formatter(lambda value, _: percent(value, 0))
            axes.locator_params(axis="y", nbins=2)
            axes.grid(axis="y", color=_GRID, linewidth=0.8)
            axes.set_axisbelow(True)
        column[-1].set_xlabel(label)
        figure.supylabel("share of documents", fontsize=10.0)
    return figure


def _shortened(name: str) -> str:
    return name if len(name) <= _NAME_CHARACTERS else name[: _NAME_CHARACTERS - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _finish(axes: Axes, label: str, write: Callable[[float], str]) -> None:
    axes.set_xlabel(label)
    axes.xaxis.set_major_formatter(lambda value, _: write(value))
    axes.grid(axis="x", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def _new_figure(height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(_WIDTH_INCHES, height), layout="constrained")


def _styled() -> Any:
    from matplotlib import rc_context

    return rc_context(_STYLE)
