"""Stage tokenize: token ids of every document."""

from cpt_pipeline.pipelines.tokenize.pipeline import create_pipeline

__all__ = ["create_pipeline"]
