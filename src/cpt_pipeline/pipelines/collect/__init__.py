"""Stage collect: sources and benchmarks become artifacts with a licence on every document."""

from cpt_pipeline.pipelines.collect.pipeline import create_pipeline

__all__ = ["create_pipeline"]
