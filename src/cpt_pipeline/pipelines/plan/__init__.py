"""Stage plan: the bill, and the permission to start."""

from cpt_pipeline.pipelines.plan.pipeline import create_pipeline

__all__ = ["create_pipeline"]
