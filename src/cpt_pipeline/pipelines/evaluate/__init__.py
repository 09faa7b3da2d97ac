"""Stage evaluate: before and after on the same texts."""

from cpt_pipeline.pipelines.evaluate.pipeline import create_pipeline

__all__ = ["create_pipeline"]
