"""Runs of MLflow as a user sees them: what they are called, which belong together, and how each one ended.

A run holds a lock file while its process lives, so a later start can tell a run that was killed from one that
still works, on whatever machine and in whatever container it does.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run, RunStatus
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME

from cpt_pipeline.core.artifact import digest_json
from cpt_pipeline.core.errors import WorkspaceBusyError, find_fault
from cpt_pipeline.core.workspace import locked

logger = logging.getLogger(__name__)
FINISHED = RunStatus.to_string(RunStatus.FINISHED)
FAILED = RunStatus.to_string(RunStatus.FAILED)
KILLED = RunStatus.to_string(RunStatus.KILLED)
_RESUMABLE = 75
_LOCK, _GROUP, _PROCESS = "lock_file", "group", "process"
_SHORT = 6


class LiveRun:
    """One run that this process holds open."""

    def __init__(self, client: MlflowClient, run: Run) -> None:
        self.id: str = run.info.run_id
        self._client, self._experiment = client, run.info.experiment_id
        self._parent: str | None = None
        self._lock: Path | None = None
        self._alive = ExitStack()

    def hold(self, folder: Path) -> None:
        """Lock a file below `folder` until the run or its process ends, and tag the run with it."""
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = folder / f"{self.id}.run"
        self._alive.enter_context(locked(self._lock))
        self._client.set_tag(self.id, _LOCK, str(self._lock.resolve()))
        self._client.set_tag(self.id, _PROCESS, f"{socket.gethostname()}:{os.getpid()}")

    def beat(self) -> None:
        """Note on the lock file that the process lives; after a kill this is when the run ended."""
        if self._lock is not None:
            os.utime(self._lock)

    def name(self, pipelines: Sequence[str], env: str) -> None:
        """Name the run after its pipelines, its environment and the start of its id."""
        name = f"{'+'.join(pipelines)} {env} {self.id[:_SHORT]}"
        self._client.set_tag(self.id, MLFLOW_RUN_NAME, name)

    def join_group(self, group: str, env: str) -> None:
        """Put the run below the run that stands for its group; the first of a group makes that one."""
        found = self._client.search_runs([self._experiment], f"tags.{_GROUP} = '{group}' and tags.stage = '{_GROUP}'")
        if found:
            self._parent = found[0].info.run_id
        else:
            tags = {_GROUP: group, "stage": _GROUP}
            name = f"dvc repro {env} {group[-_SHORT:]}"
            self._parent = self._client.create_run(self._experiment, tags=tags, run_name=name).info.run_id
            self._client.set_terminated(self._parent, FINISHED)
        self._client.set_tag(self.id, _GROUP, group)
        self._client.set_tag(self.id, MLFLOW_PARENT_RUN_ID, self._parent)

    def end(self, status: str) -> None:
        """Close the run, and its group as it ended; the lock goes last, so that a run that is not closed is found."""
        _close(self._client, self.id, self._parent, status)
        self._alive.close()
        if self._lock is not None:
            self._lock.unlink(missing_ok=True)


def close_abandoned(client: MlflowClient, experiment: str) -> None:
    """Close every run whose process was killed, as ended when it was last alive; one that lives is left alone."""
    for run in client.search_runs([experiment], f"attributes.status = 'RUNNING' and tags.{_LOCK} LIKE '%'"):
        lock = Path(run.data.tags[_LOCK])
        if lock.is_file():
            ended = lock.stat().st_mtime
            try:
                with locked(lock):
                    _close(client, run.info.run_id, run.data.tags.get(MLFLOW_PARENT_RUN_ID), KILLED, ended)
            except WorkspaceBusyError:
                continue
            lock.unlink(missing_ok=True)
            logger.info("MLflow run %s was killed and is closed now", run.info.run_name)


def status_of(error: BaseException) -> str:
    """Return what MLflow calls a run that ended with `error`: killed when the same command resumes it, else failed."""
    fault = find_fault(error)
    resumable = isinstance(error, KeyboardInterrupt) or (fault is not None and fault.exit_code == _RESUMABLE)
    return KILLED if resumable else FAILED


def dvc_group() -> str | None:
    """Return what the stages of one `dvc repro` have in common, or None where DVC did not start this process."""
    if "DVC_STAGE" not in os.environ:
        return None
    stat = Path(f"/proc/{os.getppid()}/stat")
    began = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[19] if stat.is_file() else ""
    return f"dvc-{digest_json([socket.gethostname(), os.getppid(), began])[:12]}"


def _close(client: MlflowClient, run: str, group: str | None, status: str, ended: float | None = None) -> None:
    moment = int((ended or time.time()) * 1000)
    client.set_terminated(run, status, end_time=moment)
    if group is not None:
        client.set_terminated(group, status, end_time=moment)
