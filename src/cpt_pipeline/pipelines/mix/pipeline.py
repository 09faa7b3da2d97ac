"""Plan the order of training and count every use of every document."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from cpt_pipeline.pipelines.mix.nodes import plan_order


def create_pipeline() -> Pipeline:
    """Plan the order of training and count every use of every document."""
    return Pipeline(
        [
            Node(
                plan_order,
                ["tokens", "ratio", "params:mix", "params:channels"],
                ["mix_metrics", "mix_provenance", "exposures", "mixture_stage1", "mixture_stage2"],
                name="mix",
            )
        ],
        namespace="mix",
        prefix_datasets_with_namespace=False,
    )
