"""The graph of stage clean."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from cpt_pipeline.pipelines.clean.nodes import clean


def create_pipeline() -> Pipeline:
    """Normalise every document and keep those that pass the rules."""
    return Pipeline(
        [
            Node(
                clean,
                ["raw_documents", "params:clean", "params:channels", "params:clean_run"],
                ["clean_metrics", "clean_provenance", "clean_excluded", "clean_documents"],
                name="clean",
            )
        ],
        namespace="clean",
        prefix_datasets_with_namespace=False,
    )
