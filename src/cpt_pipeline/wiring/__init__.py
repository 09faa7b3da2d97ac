"""What binds the stages to Kedro, DVC and MLflow: conf and its checks, datasets, dvc.yaml, releases, tracking.

Kedro finds its own modules (settings, hooks, cli, pipeline_registry) at the root of the package; they call these.
"""
