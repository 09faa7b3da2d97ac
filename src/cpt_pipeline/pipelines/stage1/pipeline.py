"""Continue pre-training on the mixture of domain and general text."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from cpt_pipeline.pipelines.stage1.nodes import train


def create_pipeline() -> Pipeline:
    """Continue pre-training on the mixture of domain and general text."""
    return Pipeline(
        [
            Node(
                train,
                ["start_model", "tokens", "mixture_stage1", "permit", "params:stage1", "params:stage1_run"],
                [
                    "stage1_metrics",
                    "stage1_provenance",
                    "stage1_log",
                    "stage1_optimizer",
                    "stage1_candidates",
                    "stage1_model",
                ],
                name="stage1",
            )
        ],
        namespace="stage1",
        prefix_datasets_with_namespace=False,
    )
