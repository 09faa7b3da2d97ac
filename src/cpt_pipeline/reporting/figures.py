"""The curves: held-out perplexity and training loss over tokens, and the measured changes with their limits.

Drawn on matplotlib figures without pyplot, so there is no global state and no display. The same panels stand in
`curves_figure` (PNG) and, one by one, in the page (SVG with the reader's own fonts).
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cpt_pipeline.reporting.words import OPEN_FINDINGS, known, percent, significant, tokens

Figure = Any
"""`matplotlib.figure.Figure`; matplotlib is imported where it draws."""
Axes = Any
Log = Sequence[Mapping[str, Any]]

_WARM = ("#c2410c", "#be185d", "#a16207", "#b91c1c")
_COOL = ("#1d4ed8", "#0f766e", "#6d28d9", "#475569")
_INK = "#1f2937"
_FAINT = "#9ca3af"
_PANEL_INCHES = (5.4, 3.6)
_POINTS = 60
"""A noisy curve is averaged into about so many points."""
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "cpt_pipeline",
    "font.size": 10.0,
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "legend.frameon": False,
}


@dataclass(frozen=True)
class Curve:
    """One channel over the tokens of all stages."""

    channel: str
    tokens: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Border:
    """Where a training stage begins."""

    stage: str
    tokens: float


def curves_figure(logs: Mapping[str, Log], roles: Mapping[str, str]) -> Figure:
    """Draw both panels side by side; `logs` maps stage to its log in training order, `roles` channel to role."""
    figure = _new_figure((2 * _PANEL_INCHES[0], _PANEL_INCHES[1]))
    with _styled():
        left, right = figure.subplots(1, 2)
        _draw_perplexity(left, logs, roles)
        _draw_loss(right, logs, roles, "Training loss")
    return figure


def perplexity_figure(logs: Mapping[str, Log], roles: Mapping[str, str]) -> Figure:
    """Draw the held-out perplexities alone."""
    return _one_panel(lambda axes: _draw_perplexity(axes, logs, roles))


def loss_figure(logs: Mapping[str, Log], roles: Mapping[str, str], title: str = "Training loss") -> Figure:
    """Draw the training losses alone."""
    return _one_panel(lambda axes: _draw_loss(axes, logs, roles, title))


def changes_figure(checks: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw every channel's change with its interval, and the limit it had to meet."""
    return _one_panel(lambda axes: _draw_changes(axes, checks), height=0.9 + 0.45 * max(len(checks), 1))


def as_svg(figure: Figure, name: str, description: str) -> str:
    """Give an SVG element that fits any width, free of outside references; `name` keeps its ids apart from others'."""
    stream = io.StringIO()
    with _styled():
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    return re.sub(
        r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', lambda found: _opening(name, description, found[1]), text, count=1
    )


def heldout_curves(logs: Mapping[str, Log]) -> list[Curve]:
    """Give perplexity per channel over the tokens of all stages; a stage begins where the one before ended."""
    rows = [
        (place, channel, figures.get("perplexity"))
        for place, row in _placed(logs, "heldout")
        for channel, figures in sorted((row.get("channels") or {}).items())
    ]
    return _curves(rows)


def loss_curves(logs: Mapping[str, Log]) -> list[Curve]:
    """Give training loss per channel, averaged over neighbouring steps."""
    rows = [
        (place, channel, loss)
        for place, row in _placed(logs, "train")
        for channel, loss in sorted((row.get("channel_loss") or {}).items())
    ]
    return [_averaged(curve) for curve in _curves(rows)]


def borders(logs: Mapping[str, Log]) -> list[Border]:
    """Give where every stage but the first begins."""
    return [Border(stage, start) for stage, start in list(_starts(logs).items())[1:]]


def _starts(logs: Mapping[str, Log]) -> dict[str, float]:
    starts, end = {}, 0.0
    for stage, rows in logs.items():
        if rows:
            starts[stage] = end
            end += max(float(row.get("tokens") or 0) for row in rows)
    return starts


def _placed(logs: Mapping[str, Log], kind: str) -> Iterator[tuple[float, Mapping[str, Any]]]:
    for stage, start in _starts(logs).items():
        for row in logs[stage]:
            if row.get("kind") == kind:
                yield start + float(row.get("tokens") or 0), row


def _curves(rows: Sequence[tuple[float, str, Any]]) -> list[Curve]:
    channels = sorted({channel for _, channel, _ in rows})
    points = {
        channel: [(place, float(value)) for place, name, value in rows if name == channel and known(value)]
        for channel in channels
    }
    return [
        Curve(channel, tuple(place for place, _ in found), tuple(value for _, value in found))
        for channel, found in points.items()
        if found
    ]


def _averaged(curve: Curve) -> Curve:
    width = max(1, len(curve.values) // _POINTS)
    groups = [slice(first, first + width) for first in range(0, len(curve.values), width)]
    means = [
        (sum(curve.tokens[group]) / len(curve.tokens[group]), sum(curve.values[group]) / len(curve.values[group]))
        for group in groups
    ]
    return Curve(curve.channel, tuple(place for place, _ in means), tuple(value for _, value in means))


def _draw_perplexity(axes: Axes, logs: Mapping[str, Log], roles: Mapping[str, str]) -> None:
    curves = heldout_curves(logs)
    axes.set_title("Held-out perplexity")
    axes.set_yscale("log")
    for curve, colour in zip(curves, _colours(curves, roles), strict=True):
        ends = f"{significant(curve.values[0])} \N{RIGHTWARDS ARROW} {significant(curve.values[-1])}"
        label = f"{curve.channel}  {ends}"
        axes.plot(curve.tokens, curve.values, color=colour, linewidth=2, marker="o", markersize=3, label=label)
        axes.axhline(curve.values[0], color=colour, linewidth=0.8, linestyle=":")
    _finish(axes, logs, curves)
    _plain_log_ticks(axes)


def _draw_loss(axes: Axes, logs: Mapping[str, Log], roles: Mapping[str, str], title: str) -> None:
    curves = loss_curves(logs)
    axes.set_title(f"{title}, nats per token")
    for curve, colour in zip(curves, _colours(curves, roles), strict=True):
        axes.plot(curve.tokens, curve.values, color=colour, linewidth=1.6, label=curve.channel)
    _finish(axes, logs, curves)


def _draw_changes(axes: Axes, checks: Sequence[Mapping[str, Any]]) -> None:
    axes.set_title("Change of bits per byte against the base")
    for row, check in enumerate(reversed(checks)):
        sign = -1.0 if check.get("quantity") == "gain" else 1.0
        ends = [sign * value for value in (check.get("point"), check.get("low"), check.get("high")) if known(value)]
        colour = _check_colour(check)
        if len(ends) == 3:
            axes.plot(sorted(ends[1:]), [row, row], color=colour, linewidth=5, solid_capstyle="round", alpha=0.35)
            axes.plot(ends[0], row, color=colour, marker="o", markersize=7)
            text = percent(ends[0], signed=True) or ""
            axes.annotate(text, (ends[0], row), (0, 8), textcoords="offset points", ha="center")
        if known(check.get("limit")):
            axes.plot([sign * check["limit"]] * 2, [row - 0.3, row + 0.3], color=_INK, linewidth=1.5)
    axes.set_yticks(range(len(checks)), [str(check.get("channel")) for check in reversed(checks)])
    axes.set_ylim(-0.6, len(checks) - 0.2)
    axes.axvline(0.0, color=_FAINT, linewidth=0.8)
    axes.margins(x=0.12)
    axes.xaxis.set_major_formatter(lambda value, _: percent(value, 0, signed=True))


def _check_colour(check: Mapping[str, Any]) -> str:
    """Return the colour of a check: green passed, amber too little evidence, red not passed."""
    if check.get("passed"):
        return "#15803d"
    return "#a16207" if check.get("finding") in OPEN_FINDINGS else "#b91c1c"


def _finish(axes: Axes, logs: Mapping[str, Log], curves: Sequence[Curve]) -> None:
    if not curves:
        axes.text(0.5, 0.5, "missing", transform=axes.transAxes, ha="center", va="center", color=_FAINT)
        axes.set_axis_off()
        return
    for border in borders(logs):
        axes.axvline(border.tokens, color=_FAINT, linewidth=1, linestyle="--")
        where = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
        axes.annotate(border.stage, (border.tokens, 0.0), (3, 4), color="#6b7280", **where)
    axes.set_xlabel("tokens")
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(lambda value, _: tokens(value) or "")
    axes.grid(axis="y", color="#e5e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.legend(loc="best")


def _plain_log_ticks(axes: Axes) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    axes.yaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(lambda value, _: significant(value) or "")
    axes.yaxis.set_minor_formatter(NullFormatter())


def _colours(curves: Sequence[Curve], roles: Mapping[str, str]) -> list[str]:
    """Warm for what is to be learnt, cool for what is to be kept."""
    warm, cool = iter(_WARM * len(curves)), iter(_COOL * len(curves))
    return [next(warm if roles.get(curve.channel) == "domain" else cool) for curve in curves]


def _one_panel(draw: Any, height: float = _PANEL_INCHES[1]) -> Figure:
    figure = _new_figure((_PANEL_INCHES[0], height))
    with _styled():
        draw(figure.subplots())
    return figure


def _new_figure(inches: tuple[float, float]) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=inches, layout="constrained")


def _styled() -> Any:
    from matplotlib import rc_context

    return rc_context(_STYLE)


def _opening(name: str, description: str, view: str) -> str:
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {spaces} class="figure" id="figure-{name}" role="img" aria-label="{html.escape(description)}" {view}>'
