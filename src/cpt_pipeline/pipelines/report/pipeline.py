"""Write the page that says what was decided and why, what went in, what it cost and where it came from."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from cpt_pipeline.pipelines.report.nodes import report
from cpt_pipeline.reporting.reading import EXPECTED


def create_pipeline() -> Pipeline:
    """Write the page that says what was decided and why, what went in, what it cost and where it came from."""
    return Pipeline(
        [
            Node(
                report,
                {name: name for name in EXPECTED},
                [
                    "report_metrics",
                    "report_provenance",
                    "headline",
                    "training_curve",
                    "heldout_curve",
                    "curves_figure",
                    "report",
                ],
                name="report",
            )
        ],
        namespace="report",
        prefix_datasets_with_namespace=False,
    )
