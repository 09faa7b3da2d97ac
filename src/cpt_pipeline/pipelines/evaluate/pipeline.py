"""Measure base and candidates on the same held-out texts and benchmarks."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from cpt_pipeline.pipelines.evaluate.nodes import evaluate


def create_pipeline() -> Pipeline:
    """Measure base and candidates on the same held-out texts and benchmarks."""
    return Pipeline(
        [
            Node(
                evaluate,
                [
                    "base_model",
                    "candidates",
                    "heldout_documents",
                    "benchmark_texts",
                    "params:evaluate",
                    "params:channels",
                    "params:evaluate_run",
                ],
                ["evaluate_metrics", "evaluate_provenance", "scores", "document_scores"],
                name="evaluate",
            )
        ],
        namespace="evaluate",
        prefix_datasets_with_namespace=False,
    )
