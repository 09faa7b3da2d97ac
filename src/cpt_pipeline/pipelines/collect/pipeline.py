"""The graph of stage collect."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from cpt_pipeline.pipelines.collect.nodes import collect


def create_pipeline() -> Pipeline:
    """Read every source into documents with licence, origin and channel, and fetch the benchmarks."""
    return Pipeline(
        [
            Node(
                collect,
                [
                    "params:collect",
                    "params:channels",
                    "params:evaluate.suite",
                    "params:license_policy",
                    "params:collect_run",
                ],
                ["collect_metrics", "collect_provenance", "collect_excluded", "benchmark_texts", "raw_documents"],
                name="collect",
            )
        ],
        namespace="collect",
        prefix_datasets_with_namespace=False,
    )
