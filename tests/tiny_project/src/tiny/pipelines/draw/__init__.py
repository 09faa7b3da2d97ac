"""Stage draw."""

from tiny.pipelines.draw.pipeline import create_pipeline

__all__ = ["create_pipeline"]
