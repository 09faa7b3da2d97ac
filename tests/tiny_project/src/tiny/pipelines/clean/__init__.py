"""Stage clean."""

from tiny.pipelines.clean.pipeline import create_pipeline

__all__ = ["create_pipeline"]
