"""Promote, hold, or roll back to the best checkpoint that passes, with reasons and a remedy."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from cpt_pipeline.pipelines.decide.nodes import decide


def create_pipeline() -> Pipeline:
    """Promote, hold, or roll back to the best checkpoint that passes, with reasons and a remedy."""
    return Pipeline(
        [
            Node(
                decide,
                [
                    "scores",
                    "base_model",
                    "candidates",
                    "dedup_metrics",
                    "mix_metrics",
                    "params:decide",
                    "params:channels",
                    "params:mix",
                    "params:stage1",
                    "params:dedup",
                    "params:evaluate",
                ],
                ["decide_metrics", "decide_provenance", "decision", "release"],
                name="decide",
            )
        ],
        namespace="decide",
        prefix_datasets_with_namespace=False,
    )
