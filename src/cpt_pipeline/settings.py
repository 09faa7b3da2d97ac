"""Settings that Kedro reads: the hooks, and how an environment is laid over base.

TrackingHook stands in the place of kedro-mlflow's hook and drives it itself: so nothing secret is
recorded and a tracking server that is down does not end a training. Kedro imports this file before its
plugins, so what has to be set before MLflow is imported is set here.
"""

import logging
import os

os.environ.setdefault("DO_NOT_TRACK", "true")
logging.captureWarnings(True)

from cpt_pipeline.hooks import PreflightHook  # noqa: E402
from cpt_pipeline.wiring.layout import ConfLoader  # noqa: E402
from cpt_pipeline.wiring.tracking.hook import TrackingHook  # noqa: E402
from cpt_pipeline.wiring.tracking.plugins import defer_mlflow_commands  # noqa: E402

defer_mlflow_commands()
CONFIG_LOADER_CLASS = ConfLoader
HOOKS = (TrackingHook(), PreflightHook())
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft", "mlflow": "soft"},
}
