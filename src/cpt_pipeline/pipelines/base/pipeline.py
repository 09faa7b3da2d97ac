"""Find the base model, or train one from scratch on the general channels."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from cpt_pipeline.pipelines.base.nodes import make


def create_pipeline() -> Pipeline:
    """Find the base model, or train one from scratch on the general channels."""
    return Pipeline(
        [
            Node(
                make,
                ["unique_documents", "params:base", "params:channels", "params:base_run"],
                ["base_metrics", "base_provenance", "base_log", "base_model"],
                name="base",
            )
        ],
        namespace="base",
        prefix_datasets_with_namespace=False,
    )
