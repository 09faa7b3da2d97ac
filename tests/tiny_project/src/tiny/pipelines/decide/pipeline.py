"""Pipeline of decide."""

from kedro.pipeline import Node, Pipeline

from tiny.pipelines.decide.nodes import decide


def create_pipeline() -> Pipeline:
    """Decide what is used."""
    inputs = ["model", "train_log", "train_provenance", "params:decide"]
    return Pipeline(
        [Node(decide, inputs, ["decision", "release"], name="decide")],
        namespace="decide",
        prefix_datasets_with_namespace=False,
    )
