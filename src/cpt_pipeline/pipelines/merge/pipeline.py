"""Make every candidate a whole model and check it from disk."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from cpt_pipeline.pipelines.merge.nodes import merge


def create_pipeline() -> Pipeline:
    """Make every candidate a whole model and check it from disk."""
    return Pipeline(
        [
            Node(
                merge,
                [
                    "start_model",
                    "stage1_model",
                    "stage1_candidates",
                    "stage2_model",
                    "stage2_candidates",
                    "params:merge",
                ],
                ["merge_metrics", "merge_provenance", "candidates"],
                name="merge",
            )
        ],
        namespace="merge",
        prefix_datasets_with_namespace=False,
    )
