"""Stage stage1: continued pre-training on the mixture."""

from cpt_pipeline.pipelines.stage1.pipeline import create_pipeline

__all__ = ["create_pipeline"]
