"""The commands of the real project."""

from cpt_pipeline.cli import cli

__all__ = ["cli"]
