"""Stage report: one page that says what happened."""

from cpt_pipeline.pipelines.report.pipeline import create_pipeline

__all__ = ["create_pipeline"]
