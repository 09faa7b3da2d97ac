"""TrackingHook: what a run was given and what came out, recorded in MLflow; one MLflow run per `kedro run`.

The hook lets `recorder` do the work, and imports it and with it MLflow (2 s of CPU) when the first node runs: a command
with nothing to run does not pay for it. A tracking server that is down costs one warning, never the run.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.config import MissingConfigException, OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from cpt_pipeline.core.redaction import redact
from cpt_pipeline.wiring.layout import Layout
from cpt_pipeline.wiring.tracking.plugins import MLFLOW_HOOK

if TYPE_CHECKING:
    from cpt_pipeline.wiring.tracking.recorder import Recorder

logger = logging.getLogger(__name__)

_MOST_FAILURES = 3
_IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
_SQLITE = "sqlite:///"


class TrackingHook:
    """Record a run in MLflow. Every method survives a server that does not answer."""

    __name__ = MLFLOW_HOOK

    def __init__(self) -> None:
        self._recorder: Recorder | None = None
        self._open: Callable[[], Recorder | None] | None = None
        """Opens the run when its first node begins; None when nothing is recorded."""
        self._context: KedroContext | None = None
        self._failures = 0

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Read mlflow.yml."""
        for talkative in ("alembic", "mlflow", "kedro_mlflow"):
            logging.getLogger(talkative).setLevel(logging.WARNING)
        if self._recorder is not None:  # in a notebook Ctrl-C leaves a run open
            self._recorder.abandon()
        self._recorder, self._open, self._failures = None, None, 0
        self._context = context
        assert isinstance(context.config_loader, OmegaConfigLoader)
        tracking_place(context.config_loader, context.project_path)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Note what is asked for; the run opens with its first node, at once where MLflow is loaded already."""
        context, given = self._context, redact(run_params)
        assert context is not None

        def open_run() -> Recorder | None:
            from cpt_pipeline.wiring.tracking.recorder import open_recorder

            return open_recorder(context, Layout.of(context), given, pipeline, catalog)

        self._open = open_run
        if "mlflow" in sys.modules:  # a run that is active in this thread is the one to record in
            self._start()

    @hook_impl
    def before_node_run(self, node: Node, inputs: dict[str, Any]) -> None:
        """Record the node's params, one per leaf."""
        self._start()
        given = {name.removeprefix("params:"): value for name, value in inputs.items() if name.startswith("params:")}
        self._survive(lambda recorder: recorder.record_params(given))

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Record metrics, curves, the verdict, and every small file as an artifact."""
        self._survive(lambda recorder: recorder.record_output(dataset_name, data))

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Close the run as finished."""
        self._end(None)

    @hook_impl
    def on_pipeline_error(
        self, error: Exception, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        """Close the run as failed, or as killed when the same command resumes it; the reason becomes a tag."""
        self._end(error)

    def _start(self) -> None:
        open_run, self._open = self._open, None
        if open_run is not None:
            attempt(lambda: setattr(self, "_recorder", open_run()))

    def _survive(self, record: Callable[[Recorder], object]) -> None:
        """Run one piece of recording; a failure is told, and the third one ends the recording."""
        recorder = self._recorder
        if recorder is not None and self._failures < _MOST_FAILURES and not attempt(lambda: record(recorder)):
            self._failures += 1

    def _end(self, error: Exception | None) -> None:
        recorder, self._recorder, self._open = self._recorder, None, None
        if recorder is not None:
            recorder.close(error, send=self._failures < _MOST_FAILURES)


def attempt(record: Callable[[], object]) -> bool:
    """Run one piece of recording; a failure is a warning. Return whether it succeeded."""
    try:
        record()
    except Exception as error:
        logger.warning("MLflow did not record this (%s: %s); the run goes on.", type(error).__name__, error)
        return False
    return True


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
