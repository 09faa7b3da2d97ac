"""Recorder: one run in MLflow, from its first node to its end.

kedro-mlflow reads mlflow.yml and opens the run; this drives it and records the rest: typed params flattened and without
secrets, `*_metrics` as numbers, `*_log` as curves (live, see curves.py), small files as artifacts.
"""

from __future__ import annotations

import atexit
import os
import re
import time
from collections.abc import Mapping
from typing import Any

from kedro.framework.context import KedroContext
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook
from mlflow import MlflowClient, active_run, end_run
from mlflow.entities import Metric, Param, Run
from pydantic import BaseModel

from cpt_pipeline.core.redaction import redact
from cpt_pipeline.core.workspace import root
from cpt_pipeline.training.log import TimedRow
from cpt_pipeline.wiring.layout import BASE, Layout
from cpt_pipeline.wiring.tracking.curves import LiveCurves
from cpt_pipeline.wiring.tracking.hook import attempt, curves, flatten, numbers
from cpt_pipeline.wiring.tracking.model_registry import follow_pointer
from cpt_pipeline.wiring.tracking.runs import FINISHED, KILLED, LiveRun, close_abandoned, dvc_group, status_of

_MOST_METRICS, _MOST_PARAMS, _LONGEST_PARAM, _LONGEST_TAG = 1000, 100, 6000, 1000
_SMALL_FILES = (".json", ".png", ".svg", ".html")


def open_recorder(
    context: KedroContext,
    layout: Layout,
    run_params: Mapping[str, Any],
    pipeline: Pipeline,
    catalog: CatalogProtocol[Any, Any],
) -> Recorder | None:
    """Open the run that mlflow.yml asks for, tagged with its stages, and with DVC's when DVC started this process.

    None where mlflow.yml switches tracking off for these pipelines.
    """
    hook = MlflowHook()
    hook.after_context_created(context)
    tracking = hook.mlflow_config.tracking
    owned = active_run() is None
    named = not owned or tracking.run.id or os.environ.get("MLFLOW_RUN_ID") or tracking.run.name
    hook.before_pipeline_run(run_params, pipeline, catalog)
    run = active_run()
    if run is None:
        return None
    client = MlflowClient(hook.mlflow_config.server.mlflow_tracking_uri)
    recorder = Recorder(client, run, layout)
    stages = list(dict.fromkeys(node.namespace or node.name for node in pipeline.nodes))
    recorder.tag({"stage": "+".join(stages), "env": layout.env or BASE, "dvc_stage": os.environ.get("DVC_STAGE")})
    if owned:
        recorder.own()
    if not named:
        names = run_params.get("pipeline_names") or ["default"]
        recorder.live.name(
            sorted(names, key=lambda name: stages.index(name) if name in stages else -1), layout.env or BASE
        )
    if owned and (group := dvc_group()):
        recorder.live.join_group(group, layout.env or BASE)
    return recorder


class Recorder:
    """Records in one run. Methods raise what the server answers; the hook decides what that costs."""

    def __init__(self, client: MlflowClient, run: Run, layout: Layout) -> None:
        self._client, self._layout, self._owned = client, layout, False
        self._run_id: str = run.info.run_id
        self._experiment: str = run.info.experiment_id
        self.live = LiveRun(client, run)
        self._curves = LiveCurves(self._record_rows, self.live.beat)

    def tag(self, tags: Mapping[str, str | None]) -> None:
        """Set the tags that have a value."""
        for key, value in tags.items():
            if value:
                self._client.set_tag(self._run_id, key, value)

    def own(self) -> None:
        """Answer for the run's end, however this process ends, and close those whose process was killed."""
        self._owned = True
        atexit.register(self.abandon)
        self.live.hold(root())
        close_abandoned(self._client, self._experiment)

    def abandon(self) -> None:
        """Close the run as killed."""
        self._close(KILLED, "", send=True)

    def close(self, error: Exception | None, *, send: bool) -> None:
        """Close the run as it ended: killed when the same command resumes it, with the reason as a tag.

        Sends what the curves lack unless the server was given up.
        """
        if error is None:
            self._close(FINISHED, "", send=send)
        else:
            self._close(status_of(error), f"{type(error).__name__}: {error}", send=send)

    def _close(self, status: str, reason: str, *, send: bool) -> None:
        self._curves.stop()
        if send:
            attempt(self._curves.look)
        if self._owned:
            self._owned = False
            atexit.unregister(self.abandon)
            attempt(lambda: self._end(status, reason))

    def _end(self, status: str, reason: str) -> None:
        if reason:
            self._client.set_tag(self._run_id, "reason", str(redact(reason))[:_LONGEST_TAG])
        end_run(status)
        self.live.end(status)

    def record_params(self, given: Mapping[str, Any]) -> None:
        """Record parameters, one per leaf, without secrets."""
        leaves = flatten(redact({name: _plain(value) for name, value in given.items()}))
        params = [Param(_name(key), str(value)[:_LONGEST_PARAM]) for key, value in leaves]
        for start in range(0, len(params), _MOST_PARAMS):
            self._client.log_batch(self._run_id, params=params[start : start + _MOST_PARAMS])

    def record_output(self, name: str, data: Any) -> None:
        """Record a dataset that was saved: metrics, curves, the verdict, a small file; a release moves the alias."""
        stage, now = name.removesuffix("_log"), time.time()
        if name.endswith("_metrics"):
            # under the full name: `stage1.heldout...` is the curve
            self._log([Metric(_name(key), value, int(now * 1000), 0) for key, value in numbers(data, name)])
        elif stage != name and not self._curves.look(stage):
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
        for start in range(0, len(metrics), _MOST_METRICS):
            self._client.log_batch(self._run_id, metrics=metrics[start : start + _MOST_METRICS])


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _name(key: str) -> str:
    """Make a key that MLflow takes."""
    return re.sub(r"[^/\w.\- ]", "_", key)[:250]
