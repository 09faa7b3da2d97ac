"""Stage base: the model to continue from."""

from cpt_pipeline.pipelines.base.pipeline import create_pipeline

__all__ = ["create_pipeline"]
