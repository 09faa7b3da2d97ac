"""TrackingHook: what a run was given and what came out, recorded in MLflow; one MLflow run per `kedro run`.

kedro-mlflow reads mlflow.yml and opens and closes the run; this hook drives it and records the rest itself:
typed params flattened and without secrets, `*_metrics` as numbers, `*_log` as curves (live, see curves.py), small
files as artifacts. A tracking server that is down costs one warning, never the run.
"""

from __future__ import annotations

import atexit
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kedro.config import MissingConfigException, OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook
from mlflow import MlflowClient, active_run, end_run
from mlflow.entities import Metric, Param
from pydantic import BaseModel

from cpt_pipeline.core.redaction import redact
from cpt_pipeline.core.workspace import root
from cpt_pipeline.curves import LiveCurves
from cpt_pipeline.layout import BASE, Layout
from cpt_pipeline.model_registry import ALIAS, follow_pointer
from cpt_pipeline.runs import FINISHED, KILLED, LiveRun, close_abandoned, dvc_group, status_of
from cpt_pipeline.training.log import TimedRow

logger = logging.getLogger(__name__)

_MOST_METRICS, _MOST_PARAMS, _LONGEST_PARAM, _LONGEST_TAG = 1000, 100, 6000, 1000
_MOST_FAILURES = 3
_SMALL_FILES = (".json", ".png", ".svg", ".html")
_IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
_SQLITE = "sqlite:///"


class TrackingHook:
    """Record a run in MLflow. Every method survives a server that does not answer."""

    def __init__(self) -> None:
        self._kedro_mlflow = MlflowHook()
        self._client: MlflowClient | None = None
        self._run_id = ""
        self._run: LiveRun | None = None
        self._curves: LiveCurves | None = None
        self._layout: Layout | None = None
        self._failures = 0

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read mlflow.yml and reach for the server."""
        for talkative in ("alembic", "mlflow", "kedro_mlflow"):
            logging.getLogger(talkative).setLevel(logging.WARNING)
        self._end(KILLED)  # in a notebook Ctrl-C leaves a run open
        self._client, self._failures = None, 0
        self._layout = Layout.of(context)
        tracking_place(self._layout.loader, context.project_path)
        self._survive(lambda: self._connect(context), needed=True)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Open the run and tag it with its stages, and with DVC's when DVC started it."""
        self._survive(lambda: self._open(redact(run_params), pipeline, catalog), needed=True)

    @hook_impl
    def before_node_run(self, node: Node, inputs: dict[str, Any]) -> None:
        """Record the node's params, one per leaf."""
        given = {name.removeprefix("params:"): value for name, value in inputs.items() if name.startswith("params:")}
        self._survive(lambda: self._record_params(given))

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Record metrics, curves, the verdict, and every small file as an artifact."""
        self._survive(lambda: self._record_output(dataset_name, data))

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Close the run as finished."""
        self._end(FINISHED)

    @hook_impl
    def on_pipeline_error(
        self, error: Exception, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Close the run as failed, or as killed when the same command resumes it; the reason becomes a tag."""
        self._end(status_of(error), f"{type(error).__name__}: {error}")

    def _survive(self, record: Callable[[], object], *, needed: bool = False) -> None:
        """Run one piece of recording; a failure is told, and a needed or a third one ends the recording."""
        if self._layout is not None and not _try(record):
            self._failures += 1
            if needed or self._failures == _MOST_FAILURES:
                self._layout = None

    def _connect(self, context: KedroContext) -> None:
        self._kedro_mlflow.after_context_created(context)
        self._client = MlflowClient(self._kedro_mlflow.mlflow_config.server.mlflow_tracking_uri)

    def _open(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
        tracking = self._kedro_mlflow.mlflow_config.tracking
        given = active_run() is not None or tracking.run.id or os.environ.get("MLFLOW_RUN_ID")
        owned = active_run() is None
        self._kedro_mlflow.before_pipeline_run(run_params, pipeline, catalog)
        run = active_run()
        if run is None or self._client is None or self._layout is None:
            self._layout = None
            return
        self._run_id = run.info.run_id
        env = self._layout.env or BASE
        stages = list(dict.fromkeys(node.namespace or node.name for node in pipeline.nodes))
        tags = {"stage": "+".join(stages), "env": env, "dvc_stage": os.environ.get("DVC_STAGE")}
        for key, value in tags.items():
            if value:
                self._client.set_tag(self._run_id, key, value)
        live = LiveRun(self._client, run)
        self._curves = LiveCurves(self._record_rows, live.beat)
        if owned:
            self._run = live
            atexit.register(self._end, KILLED)
            live.hold(root())
            close_abandoned(self._client, run.info.experiment_id)
        if not given and not tracking.run.name:
            names = run_params.get("pipeline_names") or ["default"]
            live.name(sorted(names, key=lambda name: stages.index(name) if name in stages else -1), env)
        if owned and (group := dvc_group()):
            live.join_group(group, env)

    def _end(self, status: str, reason: str = "") -> None:
        """Send what the curves lack and close the run; does nothing when that was done."""
        curves, self._curves, run, self._run = self._curves, None, self._run, None
        if curves is not None:
            curves.stop()
            self._survive(curves.look)
        if run is not None:
            _try(lambda: self._close(run, status, reason))
            atexit.unregister(self._end)

    def _close(self, run: LiveRun, status: str, reason: str) -> None:
        assert self._client is not None
        if reason:
            self._client.set_tag(run.id, "reason", str(redact(reason))[:_LONGEST_TAG])
        end_run(status)
        run.end(status)

    def _record_params(self, given: Mapping[str, Any]) -> None:
        leaves = flatten(redact({name: _plain(value) for name, value in given.items()}))
        params = [Param(_name(key), str(value)[:_LONGEST_PARAM]) for key, value in leaves]
        assert self._client is not None
        for start in range(0, len(params), _MOST_PARAMS):
            self._client.log_batch(self._run_id, params=params[start : start + _MOST_PARAMS])

    def _record_output(self, name: str, data: Any) -> None:
        assert self._client is not None and self._layout is not None
        stage, now = name.removesuffix("_log"), time.time()
        if name.endswith("_metrics"):
            # under the full name: `stage1.heldout...` is the curve
            self._log([Metric(_name(key), value, int(now * 1000), 0) for key, value in numbers(data, name)])
        elif stage != name and not (self._curves and self._curves.look(stage)):
            self._record_rows(stage, [(now, row) for row in data])
        if name == "decision":
            self._client.set_tag(self._run_id, "verdict", str(data["verdict"]))
        entry = self._layout.entry(name)
        if entry is not None and entry.path.suffix in _SMALL_FILES and entry.path.is_file():
            self._client.log_artifact(self._run_id, str(entry.path))
        if entry is not None and entry.type.endswith(".ReleaseDataset"):
            follow_pointer(self._client, self._layout, self._run_id)

    def _record_rows(self, stage: str, rows: list[TimedRow]) -> None:
        points = [(written, point) for written, row in rows for point in curves([row], stage)]
        self._log([Metric(_name(key), value, int(1000 * at), step) for at, (key, value, step) in points])

    def _log(self, metrics: list[Metric]) -> None:
        assert self._client is not None
        for start in range(0, len(metrics), _MOST_METRICS):
            self._client.log_batch(self._run_id, metrics=metrics[start : start + _MOST_METRICS])


def _try(record: Callable[[], object]) -> bool:
    """Run one piece of recording; a failure is a warning. Return whether it succeeded."""
    try:
        record()
    except Exception as error:
        logger.warning("MLflow did not record this (%s: %s); the run goes on.", type(error).__name__, error)
        return False
    return True


def tell_registry(layout: Layout) -> None:
    """Let the alias follow after a command that is no run; a server that is down costs one warning."""
    try:
        follow_pointer(MlflowClient(tracking_place(layout.loader, layout.project)), layout)
    except Exception as error:
        logger.warning("MLflow's alias %s stays where it was (%s); the next run moves it.", ALIAS, error)


def tracking_place(loader: OmegaConfigLoader, project: Path) -> str | None:
    """Read mlflow.yml: a relative SQLite file is the project's, wherever the command was started.

    The loader keeps the absolute place, so kedro-mlflow reads it too. Retries are cut short.
    """
    for variable, value in _IMPATIENT.items():
        os.environ.setdefault(variable, value)
    if "mlflow" not in loader.config_patterns:
        loader.config_patterns["mlflow"] = ["mlflow*", "mlflow*/**", "**/mlflow*"]
    try:
        conf = dict(loader["mlflow"])
    except MissingConfigException:
        return None
    server = dict(conf.get("server") or {})
    place: str | None = server.get("mlflow_tracking_uri")
    file = (place or "").removeprefix(_SQLITE)
    if place and place.startswith(_SQLITE) and file and not Path(file).is_absolute():
        place = f"{_SQLITE}{project / file}"
        loader["mlflow"] = {**conf, "server": {**server, "mlflow_tracking_uri": place}}
    return place


def flatten(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Give the leaves of a JSON value with dotted keys; an empty container is a leaf."""
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from flatten(each, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(each, Mapping) for each in value):
        for index, each in enumerate(value):
            yield from flatten(each, f"{prefix}.{index}")
    elif prefix:
        yield prefix, value


def numbers(value: Any, prefix: str) -> Iterator[tuple[str, float]]:
    """Give the numbers among the leaves; a truth value is none."""
    for key, each in flatten(value, prefix):
        if isinstance(each, int | float) and not isinstance(each, bool):
            yield key, float(each)


def curves(rows: list[dict[str, Any]], stage: str) -> Iterator[tuple[str, float, int]]:
    """Give the points of a training log: `stage1.train.loss`, `stage1.train.<channel>.loss`, `stage1.heldout...`."""
    for row in rows:
        prefix = f"{stage}.{row.get('kind', 'train')}"
        plain = {key: value for key, value in row.items() if key not in {"kind", "step", "channel_loss", "channels"}}
        channels = {name: {"loss": loss} for name, loss in row.get("channel_loss", {}).items()}
        for key, number in numbers({**plain, **channels, **row.get("channels", {})}, prefix):
            yield key, number, int(row["step"])


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _name(key: str) -> str:
    """Make a key that MLflow takes."""
    return re.sub(r"[^/\w.\- ]", "_", key)[:250]
