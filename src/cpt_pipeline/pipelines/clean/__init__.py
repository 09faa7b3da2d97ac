"""Stage clean: documents are normalised, judged by rules and graded."""

from cpt_pipeline.pipelines.clean.pipeline import create_pipeline

__all__ = ["create_pipeline"]
