"""Stage tokenizer: the vocabulary of the run and the model that speaks it."""

from cpt_pipeline.pipelines.tokenizer.pipeline import create_pipeline

__all__ = ["create_pipeline"]
