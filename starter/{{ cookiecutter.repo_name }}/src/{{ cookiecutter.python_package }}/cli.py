"""The commands of cpt_pipeline: `kedro run`, sync-dvc, verdict, adopt, rollback and more."""

from cpt_pipeline.cli import cli

__all__ = ["cli"]
