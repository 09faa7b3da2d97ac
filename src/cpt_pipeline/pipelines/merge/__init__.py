"""Stage merge: whole models of every candidate."""

from cpt_pipeline.pipelines.merge.pipeline import create_pipeline

__all__ = ["create_pipeline"]
