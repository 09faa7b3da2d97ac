"""Stage mix: the order of training."""

from cpt_pipeline.pipelines.mix.pipeline import create_pipeline

__all__ = ["create_pipeline"]
