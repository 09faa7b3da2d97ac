"""Stage decide: promote, hold, or roll back."""

from cpt_pipeline.pipelines.decide.pipeline import create_pipeline

__all__ = ["create_pipeline"]
