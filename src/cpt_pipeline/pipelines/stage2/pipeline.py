"""Anneal: decay the learning rate on the high-quality mixture."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from cpt_pipeline.pipelines.stage2.nodes import anneal


def create_pipeline() -> Pipeline:
    """Anneal: decay the learning rate on the high-quality mixture."""
    return Pipeline(
        [
            Node(
                anneal,
                [
                    "start_model",
                    "stage1_model",
                    "stage1_optimizer",
                    "tokens",
                    "mixture_stage2",
                    "permit",
                    "params:stage2",
                    "params:stage2_run",
                ],
                ["stage2_metrics", "stage2_provenance", "stage2_log", "stage2_candidates", "stage2_model"],
                name="stage2",
            )
        ],
        namespace="stage2",
        prefix_datasets_with_namespace=False,
    )
