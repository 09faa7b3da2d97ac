"""Pipeline of draw."""

from kedro.pipeline import Node, Pipeline

from tiny.pipelines.draw.nodes import draw


def create_pipeline() -> Pipeline:
    """Draw words.

    More is said here.
    """
    return Pipeline(
        [Node(draw, ["params:draw"], ["draw_metrics", "draw_provenance", "words"], name="draw")],
        namespace="draw",
        prefix_datasets_with_namespace=False,
    )
