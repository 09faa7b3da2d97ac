"""Stage mix_law: the ratio of domain to general text."""

from cpt_pipeline.pipelines.mix_law.pipeline import create_pipeline

__all__ = ["create_pipeline"]
