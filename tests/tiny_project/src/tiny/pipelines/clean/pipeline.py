"""Pipeline of clean."""

from kedro.pipeline import Node, Pipeline

from tiny.pipelines.clean.nodes import clean


def create_pipeline() -> Pipeline:
    """Keep the long words."""
    return Pipeline(
        [Node(clean, ["words", "params:clean"], ["clean_metrics", "clean_provenance", "clean_words"], name="clean")],
        namespace="clean",
        prefix_datasets_with_namespace=False,
    )
