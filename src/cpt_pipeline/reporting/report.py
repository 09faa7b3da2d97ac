"""The report: one HTML page that needs no network, rendered from artifacts alone.

It is written after a promotion, a roll back, and a stop alike; what is not there is shown as missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cpt_pipeline.core.params import Report
from cpt_pipeline.reporting import (
    bill,
    classified,
    cleaning,
    corpus_card,
    corpus_figures,
    coverage,
    figures,
    lineage,
    material,
    outcome,
    rules,
    scoring,
    words,
)
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
        "published": outcome.published(artifacts),
        "benchmarks": outcome.benchmarks(artifacts),
        "samples": outcome.samples(artifacts),
        "figures": _as_markup(_figures(artifacts) | _corpus_figures(artifacts)),
        "channels": material.channels(artifacts),
        "use": material.use(artifacts),
        "routes": material.routes(artifacts),
        "unused": material.unused(artifacts),
        "card": _card(artifacts),
        "cleaning": _cleaning(artifacts),
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


def _card(artifacts: Artifacts) -> dict[str, Any]:
    return {
        "overview": corpus_card.overview(artifacts),
        "composition": corpus_card.composition(artifacts),
        "diversity": corpus_card.diversity(artifacts),
        "embedding": artifacts.get("dedup_metrics", "diversity", "embedding"),
        "licenses": corpus_card.licenses(artifacts),
        "sources": corpus_card.sources(artifacts),
        "dialogues": corpus_card.dialogues(artifacts),
        "formats": corpus_card.formats(artifacts),
        "encodings": corpus_card.encodings(artifacts),
        "undated": words.count(artifacts.number("collect_metrics", "undated")),
        "personal_data": corpus_card.personal_data(artifacts),
        "limits": corpus_card.limits(artifacts),
        "coverage_lists": coverage.lists(artifacts),
        "coverage_topics": coverage.topics(artifacts),
        "coverage_gaps": coverage.gaps(artifacts),
    }


def _cleaning(artifacts: Artifacts) -> dict[str, Any]:
    return {
        "excluded": cleaning.excluded(artifacts),
        "by_channel": cleaning.excluded_by_channel(artifacts),
        "rules": rules.rules(artifacts),
        "steps": cleaning.steps(artifacts),
        "scorer": scoring.scorer(artifacts),
        "borders": scoring.borders(artifacts),
        "synthetic": cleaning.synthetic(artifacts),
        "asked": cleaning.asked(artifacts),
        "copies": cleaning.copies(artifacts),
        "semantic": cleaning.semantic(artifacts),
        "semantic_curve": cleaning.semantic_curve(artifacts),
        "embedding": artifacts.get("dedup_metrics", "semantic", "embedding"),
        "phrases": cleaning.phrases(artifacts),
        "dialogues": cleaning.dialogues(artifacts),
        "stock_replies": cleaning.phrases(artifacts, "stock_replies"),
        "guarded": cleaning.guarded(artifacts),
        "classes": classified.classes(artifacts),
        "classified": classified.documents(artifacts),
        "doubts": classified.doubts(artifacts),
    }


def _figures(artifacts: Artifacts) -> dict[str, tuple[figures.Figure, str]]:
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
    return drawn


def _corpus_figures(artifacts: Artifacts) -> dict[str, tuple[figures.Figure, str]]:
    roles = corpus_card.roles(artifacts)
    drawn = {}
    if levels := corpus_figures.funnel(artifacts):
        drawn["funnel"] = (corpus_figures.funnel_figure(levels), "Records excluded, by stage and reason")
    if lengths := corpus_figures.lengths(artifacts):
        drawn["lengths"] = (corpus_figures.lengths_figure(lengths, roles), "Documents by length, per channel")
    if grades := corpus_figures.grades(artifacts):
        drawn["grades"] = (corpus_figures.grades_figure(grades, roles), "Documents by grade, per channel")
    if scores := corpus_figures.scores(artifacts):
        drawn["scores"] = (corpus_figures.scores_figure(scores, roles), "Documents by score, per channel")
    if points := corpus_figures.calibration(artifacts):
        drawn["calibration"] = (corpus_figures.calibration_figure(points), "Labels over scores, by tenths of the score")
    if curve := corpus_figures.dedup_curve(artifacts):
        in_force = artifacts.number("dedup_metrics", "min_similarity")
        drawn["dedup"] = (corpus_figures.dedup_figure(curve, in_force), "Characters kept over the threshold of dedup")
    return drawn


def _as_markup(drawn: Mapping[str, tuple[figures.Figure, str]]) -> dict[str, Any]:
    from markupsafe import Markup

    return {name: Markup(figures.as_svg(figure, name, text)) for name, (figure, text) in drawn.items()}


def _training_logs(artifacts: Artifacts) -> dict[str, list[dict[str, Any]]]:
    return {stage: artifacts.records(f"{stage}_log") for stage in TRAINING}


def _is(kind: type) -> Any:
    return lambda value: isinstance(value, kind)
