"""Estimate memory, time, money and energy, and permit the training stages."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from cpt_pipeline.pipelines.plan.nodes import estimate_bill


def create_pipeline() -> Pipeline:
    """Estimate memory, time, money and energy, and permit the training stages."""
    return Pipeline(
        [
            Node(
                estimate_bill,
                [
                    "start_model",
                    "mix_metrics",
                    "params:plan",
                    "params:stage1",
                    "params:stage2",
                    "params:stage1_run",
                    "params:stage2_run",
                ],
                ["plan_metrics", "plan_provenance", "permit"],
                name="plan",
            )
        ],
        namespace="plan",
        prefix_datasets_with_namespace=False,
    )
