"""Turn every document into token ids."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from cpt_pipeline.pipelines.tokenize.nodes import tokenize


def create_pipeline() -> Pipeline:
    """Turn every document into token ids."""
    return Pipeline(
        [
            Node(
                tokenize,
                ["unique_documents", "heldout_documents", "tokenizer", "params:tokenize"],
                ["tokenize_metrics", "tokenize_provenance", "tokens"],
                name="tokenize",
            )
        ],
        namespace="tokenize",
        prefix_datasets_with_namespace=False,
    )
