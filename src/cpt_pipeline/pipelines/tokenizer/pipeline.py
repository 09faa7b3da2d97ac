"""Give the run its tokenizer and the model that speaks it."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from cpt_pipeline.pipelines.tokenizer.nodes import prepare


def create_pipeline() -> Pipeline:
    """Give the run its tokenizer and the model that speaks it."""
    return Pipeline(
        [
            Node(
                prepare,
                ["unique_documents", "base_model", "params:tokenizer"],
                ["tokenizer_metrics", "tokenizer_provenance", "tokenizer", "start_model"],
                name="tokenizer",
            )
        ],
        namespace="tokenizer",
        prefix_datasets_with_namespace=False,
    )
