"""Pipeline of train."""

from kedro.pipeline import Node, Pipeline

from tiny.pipelines.train.nodes import train


def create_pipeline() -> Pipeline:
    """Train the model."""
    inputs = ["clean_words", "params:train", "params:train_run"]
    return Pipeline(
        [Node(train, inputs, ["train_log", "train_provenance", "model"], name="train")],
        namespace="train",
        prefix_datasets_with_namespace=False,
    )
