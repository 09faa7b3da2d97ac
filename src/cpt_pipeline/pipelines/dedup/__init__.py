"""Stage dedup: copies and benchmark leaks are removed, held-out documents are set aside."""

from cpt_pipeline.pipelines.dedup.pipeline import create_pipeline

__all__ = ["create_pipeline"]
