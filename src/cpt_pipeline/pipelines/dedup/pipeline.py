"""The graph of stage dedup."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from cpt_pipeline.pipelines.dedup.nodes import dedup


def create_pipeline() -> Pipeline:
    """Keep one document of each cluster of near copies, none with benchmark text, and set held-out documents aside."""
    return Pipeline(
        [
            Node(
                dedup,
                ["clean_documents", "benchmark_texts", "params:dedup", "params:channels", "params:dedup_run"],
                [
                    "dedup_metrics",
                    "dedup_provenance",
                    "dedup_excluded",
                    "corpus_index",
                    "heldout_documents",
                    "unique_documents",
                ],
                name="dedup",
            )
        ],
        namespace="dedup",
        prefix_datasets_with_namespace=False,
    )
