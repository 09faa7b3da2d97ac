"""The report: one HTML page that needs no network, rendered from artifacts alone.

It is written after a promotion, a roll back, and a stop alike; what is not there is shown as missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cpt_pipeline.core.params import Report
from cpt_pipeline.reporting import bill, figures, lineage, material, outcome
from cpt_pipeline.reporting.page import Bar, Lines, Mark, Table
from cpt_pipeline.reporting.reading import EXPECTED, TRAINING, Artifacts

_TEMPLATES = Path(__file__).parent / "templates"
_BASE_KINDS = {"scratch": "trained from scratch"}


class PageReport(Report):
    """What the page could tell of."""

    artifacts: int
    missing: tuple[str, ...]


def render_report(artifacts: Mapping[str, Any]) -> str:
    """Render the page; `artifacts` maps the names of docs/concepts.md to their JSON values."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(_TEMPLATES)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.tests.update({"mark": _is(Mark), "bar": _is(Bar), "lines": _is(Lines), "table": _is(Table)})
    return environment.get_template("report.html.j2").render(_content(Artifacts(artifacts)))


def draw_curves(artifacts: Mapping[str, Any]) -> figures.Figure:
    """Draw `curves_figure`: perplexity and loss over the tokens of both training stages."""
    read = Artifacts(artifacts)
    return figures.curves_figure(_training_logs(read), read.roles())


def describe_page(artifacts: Mapping[str, Any]) -> PageReport:
    """Count what the page is made from."""
    missing = Artifacts(artifacts).missing()
    return PageReport(artifacts=len(EXPECTED) - len(missing), missing=tuple(missing))


def _content(artifacts: Artifacts) -> dict[str, Any]:
    return {
        "banner": outcome.banner(artifacts),
        "cards": outcome.cards(artifacts),
        "reasons": outcome.reasons(artifacts),
        "checks": outcome.checks(artifacts),
        "remedy": outcome.remedy(artifacts),
        "remedy_command": artifacts.get("decision", "remedy_command"),
        "candidate": artifacts.candidate(),
        "before_after": outcome.before_after(artifacts),
        "candidates": outcome.candidates(artifacts),
        "benchmarks": outcome.benchmarks(artifacts),
        "samples": outcome.samples(artifacts),
        "figures": _figures(artifacts),
        "channels": material.channels(artifacts),
        "use": material.use(artifacts),
        "sources": material.sources(artifacts),
        "licenses": material.licenses(artifacts),
        "excluded": material.excluded(artifacts),
        "guarded": material.guarded(artifacts),
        "training": bill.training(artifacts),
        "times": bill.times(artifacts),
        "plan": bill.plan(artifacts),
        "lineage": lineage.stages(artifacts),
        "surroundings": lineage.surroundings(artifacts),
        "numbers": lineage.numbers(artifacts),
        "missing": artifacts.missing(),
        "base": artifacts.get("base_metrics", "name") or _BASE_KINDS.get(str(artifacts.get("base_metrics", "kind"))),
        "device": artifacts.get("plan_metrics", "device"),
    }


def _figures(artifacts: Artifacts) -> dict[str, Any]:
    from markupsafe import Markup

    logs, roles = _training_logs(artifacts), artifacts.roles()
    checks = artifacts.records("decision", "checks")
    drawn = {}
    if figures.heldout_curves(logs):
        drawn["perplexity"] = (figures.perplexity_figure(logs, roles), "Held-out perplexity per channel over tokens")
    if figures.loss_curves(logs):
        drawn["loss"] = (figures.loss_figure(logs, roles), "Training loss per channel over tokens")
    if checks:
        drawn["changes"] = (
            figures.changes_figure(checks),
            "Change of bits per byte per channel with interval and limit",
        )
    base = {"base": artifacts.records("base_log")}
    if figures.loss_curves(base):
        drawn["base"] = (
            figures.loss_figure(base, roles, "Training loss of the base"),
            "Training loss of the base over tokens",
        )
    return {name: Markup(figures.as_svg(figure, name, words)) for name, (figure, words) in drawn.items()}


def _training_logs(artifacts: Artifacts) -> dict[str, list[dict[str, Any]]]:
    return {stage: artifacts.records(f"{stage}_log") for stage in TRAINING}


def _is(kind: type) -> Any:
    return lambda value: isinstance(value, kind)
