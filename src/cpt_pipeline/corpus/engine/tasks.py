"""Run a list of datatrove steps over the tasks of a stage: on this machine, on Slurm or on Ray.

A task is a part of the input; what it gives depends on that part alone, so neither the number of workers nor the
executor nor a kill can change the result. A finished task leaves one file, moved into place when it is whole, and is
not run again; the folder is named after tasks, steps and code, so files of other work are never taken for ours
(datatrove's own markers know only the task's number).
"""

from __future__ import annotations

import io
import json
import logging
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import redirect_stderr
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from datatrove.executor import LocalPipelineExecutor, RayPipelineExecutor, SlurmPipelineExecutor
from datatrove.executor.base import PipelineExecutor
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import digest_json, write_json
from cpt_pipeline.core.errors import StoppedBySignalError, TasksFailedError
from cpt_pipeline.core.fingerprint import fingerprint
from cpt_pipeline.core.json_reading import UNFINISHED, read_json
from cpt_pipeline.core.process import allow_many_files, die_with_parent
from cpt_pipeline.core.progress import Progress
from cpt_pipeline.corpus.engine.params import EngineParams

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_LOOKS = 2.0
_LAST_LINES = 5
_PACKAGE = Path(__file__).parents[2]
_OF_TASKS = ("corpus", "extraction", "text")
"""Where code of the data stages lies."""


@cache
def _code() -> str:
    """Return what the files of a task depend on beside its settings: all code that the data stages can reach."""
    return fingerprint((path for name in _OF_TASKS for path in (_PACKAGE / name).rglob("*.py")), _PACKAGE)


class Tasks:
    """The tasks of one pass over a stage's input, each with what its reader needs to know (JSON), and their files."""

    def __init__(self, scratch: Path, name: str, tasks: Sequence[Any], settings: Any = None) -> None:
        """Name the folder below `scratch` after the tasks, `settings` of the steps, and the code of the corpus."""
        self.name = name
        self.num_tasks = len(tasks)
        texts = [json.dumps(task, sort_keys=True) for task in tasks]  # ASCII: names of files may hold any bytes
        digest = digest_json({"tasks": texts, "settings": settings, "code": _code()})[:16]
        self.folder = scratch.resolve() / f"{name}-{digest}"
        self.folder.mkdir(parents=True, exist_ok=True)
        for number, text in enumerate(texts):
            path = self.folder / "tasks" / f"{number:05}.json"
            if not path.is_file():
                path.parent.mkdir(exist_ok=True)
                write_json(path, text)

    def read(self, rank: int) -> Any:
        """Give what task `rank` is about."""
        text = read_json(self.folder / "tasks" / f"{rank:05}.json", remedy=UNFINISHED)
        return json.loads(text)

    def file(self, rank: int, suffix: str = ".parquet") -> Path:
        """Give the place of what task `rank` leaves."""
        return self.folder / f"part-{rank:05}{suffix}"

    def files(self, suffix: str = ".parquet") -> list[Path]:
        """Give the files of all tasks, in their order."""
        return [self.file(rank, suffix) for rank in range(self.num_tasks)]

    def run(self, steps: Sequence[PipelineStep], run: EngineParams) -> None:
        """Run every task that is not finished. `TasksFailedError` names those that did not end well."""
        if not self.num_tasks:
            return
        allow_many_files()
        executor = _executor(self, list(steps), run)
        try:
            with redirect_stderr(io.StringIO()):  # datatrove logs every task to the console; its log files stay
                executor.run()
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            if run.executor != "slurm":
                raise
            raise TasksFailedError(
                f"{self.name}: Slurm did not take the job ({error}). {self.name}_run.executor is slurm: run on a "
                f"machine with sbatch, and see {self.folder / 'logs' / 'launch_script.slurm'} for what it was asked."
            ) from error
        if isinstance(executor, SlurmExecutor):
            _wait_for_slurm(executor, self)
        if unfinished := executor.get_incomplete_ranks():
            raise TasksFailedError(_describe(self, unfinished))

    def remove(self) -> None:
        """Remove everything: what was made has been gathered."""
        shutil.rmtree(self.folder, ignore_errors=True)


class LocalExecutor(LocalPipelineExecutor):  # type: ignore[misc]
    """datatrove's local executor without its pool, which waits forever for a worker that was killed."""

    pipeline: list[PipelineStep]
    stage = ""

    def run(self) -> None:
        """Run the unfinished tasks here when there is one worker, else in processes that die with this one."""
        ranks = self.get_incomplete_ranks(range(self.tasks))
        if not ranks:
            return
        done = self.tasks - len(ranks)
        with Progress(self.stage, self.tasks, "tasks", done=done, stream=sys.__stderr__) as progress:
            if min(self.workers, len(ranks)) <= 1:
                steps = self.pipeline
                for rank in ranks:
                    self.pipeline = deepcopy(steps)
                    self._run_for_rank(rank)
                    progress.advance()
                self.pipeline = steps
                return
            self._run_in_processes(ranks, progress)

    def _run_in_processes(self, ranks: list[int], progress: Progress) -> None:
        pool = ProcessPoolExecutor(
            min(self.workers, len(ranks)),
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start_worker,
            initargs=(os.getpid(),),
        )
        try:
            with pool:
                try:
                    for done in as_completed([pool.submit(self._run_for_rank, rank) for rank in ranks]):
                        done.result()
                        progress.advance()
                except KeyboardInterrupt:
                    for worker in multiprocessing.active_children():
                        worker.kill()  # the pool would wait for their tasks to end
                    raise
        except BrokenProcessPool:
            logger.error("%s: a worker process was killed (out of memory?)", self.stage)
        finally:
            pool.shutdown(cancel_futures=True)


class SlurmExecutor(SlurmPipelineExecutor):  # type: ignore[misc]
    """datatrove's Slurm executor without its second job, which stays in the queue forever when a task failed."""

    def launch_merge_stats(self) -> None:
        """Sum nothing: the stages count their own records."""


def _start_worker(parent: int) -> None:
    die_with_parent(parent=parent)
    sys.stderr = io.StringIO()


def _executor(tasks: Tasks, steps: list[PipelineStep], run: EngineParams) -> PipelineExecutor:
    workers = min(run.workers or os.cpu_count() or 1, tasks.num_tasks)
    where = {"tasks": tasks.num_tasks, "logging_dir": str(tasks.folder / "logs")}
    if run.executor == "slurm":
        cluster = run.slurm
        return SlurmExecutor(
            steps,
            time=cluster.time_limit,
            partition=cluster.partition,
            qos=cluster.qos,
            cpus_per_task=cluster.cpus_per_task,
            mem_per_cpu_gb=cluster.memory_gb_per_cpu,
            workers=run.workers or -1,
            job_name=f"cpt-{tasks.name}",
            env_command=f"export PATH={Path(sys.executable).parent}:$PATH",
            sbatch_args=dict(cluster.sbatch_arguments),
            **where,
        )
    if run.executor == "ray":
        import ray  # type: ignore[import-not-found,unused-ignore]

        ray.init(address=run.ray_address, ignore_reinit_error=True, log_to_driver=False, include_dashboard=False)
        return RayPipelineExecutor(steps, workers=workers, mem_per_cpu_gb=run.ray_memory_gb_per_cpu, **where)
    executor = LocalExecutor(steps, workers=workers, **where)
    executor.stage = tasks.name
    return executor


def _wait_for_slurm(executor: SlurmExecutor, tasks: Tasks) -> None:
    """Wait until every task is done or none is queued; cancel what we started when we are stopped."""
    if executor.job_id == -1:
        return
    before = signal.signal(signal.SIGTERM, _stop) if threading.current_thread() is threading.main_thread() else None
    done = tasks.num_tasks - len(executor.get_incomplete_ranks())
    try:
        with Progress(tasks.name, tasks.num_tasks, "tasks", done=done) as progress:
            while unfinished := executor.get_incomplete_ranks():
                progress.advance(tasks.num_tasks - len(unfinished) - progress.done)
                if not _is_queued(executor.job_id):
                    time.sleep(_SECONDS_BETWEEN_LOOKS)  # a marker may reach a shared disk after the job has left
                    return
                time.sleep(_SECONDS_BETWEEN_LOOKS)
            progress.advance(tasks.num_tasks - progress.done)
    except BaseException:
        subprocess.run(["scancel", str(executor.job_id)], check=False)
        raise
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _stop(number: int, _frame: object) -> None:
    raise StoppedBySignalError(f"stopped by signal {number}; finished tasks are kept, the same command goes on")


def _is_queued(job: str) -> bool:
    found = subprocess.run(["squeue", "-h", "-j", str(job)], capture_output=True, text=True, check=False)
    if found.returncode:  # a busy controller does not answer in time; a job that left long ago is not known
        return "Invalid job id" not in found.stderr
    return bool(found.stdout.strip())


def _describe(tasks: Tasks, unfinished: list[int]) -> str:
    first = unfinished[0]
    log = tasks.folder / "logs" / "logs" / f"task_{first:05}.log"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:] if log.is_file() else []
    return "\n".join(
        [
            f"{tasks.name}: {len(unfinished)} of {tasks.num_tasks} tasks did not finish; the others are kept. "
            "Run the same command again; if these were killed, with more memory or fewer workers.",
            f"  the first is task {first}; its log: {log}",
            *(f"    {line}" for line in lines),
        ]
    )
