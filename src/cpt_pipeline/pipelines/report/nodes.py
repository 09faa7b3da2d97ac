"""Node of stage report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cpt_pipeline.core.artifact import digest_json
from cpt_pipeline.core.provenance import describe
from cpt_pipeline.reporting.headline import headline, heldout_curve, training_curve
from cpt_pipeline.reporting.report import describe_page, draw_curves, render_report

Record = dict[str, Any]


def report(**artifacts: Any) -> tuple[Record, Record, Record, list[Record], list[Record], Any, str]:
    """Draw the curves, pick the headline figures and render the page; the method is in reporting."""
    started = datetime.now(UTC)
    figure, page = draw_curves(artifacts), render_report(artifacts)
    inputs = {name: digest_json(value) for name, value in sorted(artifacts.items())}
    return (
        describe_page(artifacts).as_metrics(),
        describe("report", {}, inputs, {}, started),
        headline(artifacts),
        training_curve(artifacts),
        heldout_curve(artifacts),
        figure,
        page,
    )
