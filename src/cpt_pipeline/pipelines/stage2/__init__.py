"""Stage stage2: annealing on the high-quality mixture."""

from cpt_pipeline.pipelines.stage2.pipeline import create_pipeline

__all__ = ["create_pipeline"]
