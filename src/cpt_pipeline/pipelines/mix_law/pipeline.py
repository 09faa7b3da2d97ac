"""Choose the ratio of domain to general text."""

from __future__ import annotations

from kedro.pipeline import Node, Pipeline

from cpt_pipeline.pipelines.mix_law.nodes import choose


def create_pipeline() -> Pipeline:
    """Choose the ratio of domain to general text."""
    return Pipeline(
        [
            Node(
                choose,
                ["tokens", "start_model", "params:mix_law", "params:channels"],
                ["mix_law_metrics", "mix_law_provenance", "ratio"],
                name="mix_law",
            )
        ],
        namespace="mix_law",
        prefix_datasets_with_namespace=False,
    )
