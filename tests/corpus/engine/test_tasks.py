"""The engine: tasks are run once, whoever runs them, and their folder tells one piece of work from another."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from cpt_pipeline.core.errors import TasksFailedError
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.engine.tasks import Tasks
from tests.corpus.engine_steps import DieOnce, Square

ONE, TWO = EngineParams(workers=1), EngineParams(workers=2)


def results(tasks: Tasks) -> list[int]:
    return [json.loads(path.read_text()) for path in tasks.files(".json")]


@pytest.mark.parametrize("run", [ONE, TWO], ids=["one", "two"])
def test_every_task_runs_once_with_its_own_part(tmp_path: Path, run: EngineParams) -> None:
    tasks = Tasks(tmp_path, "square", [3, 4, 5])
    tasks.run([Square(tasks)], run)
    assert results(tasks) == [9, 16, 25]
    tasks.file(1, ".json").write_text("0")
    tasks.run([Square(tasks)], run)
    assert results(tasks) == [9, 0, 25]


def test_other_tasks_or_settings_never_find_the_files_of_these(tmp_path: Path) -> None:
    folders = {
        Tasks(tmp_path, "square", [1, 2]).folder,
        Tasks(tmp_path, "square", [1, 2, 3]).folder,
        Tasks(tmp_path, "square", [2, 1]).folder,
        Tasks(tmp_path, "square", [1, 2], {"limit": 1}).folder,
        Tasks(tmp_path, "cube", [1, 2]).folder,
    }
    assert len(folders) == 5
    assert Tasks(tmp_path, "square", [1, 2]).folder in folders


def test_a_killed_worker_fails_the_run_and_the_next_one_goes_on(tmp_path: Path) -> None:
    tasks = Tasks(tmp_path, "square", list(range(6)))
    with pytest.raises(TasksFailedError, match=r"square: \d of 6 tasks did not finish"):
        tasks.run([DieOnce(tasks, rank=3), Square(tasks)], TWO)
    tasks.run([DieOnce(tasks, rank=3), Square(tasks)], TWO)
    assert results(tasks) == [0, 1, 4, 9, 16, 25]


def test_an_error_of_a_step_reaches_the_caller_as_itself(tmp_path: Path) -> None:
    tasks = Tasks(tmp_path, "square", ["no number", 2])
    with pytest.raises(TypeError):
        tasks.run([Square(tasks)], TWO)
    assert not tasks.file(0, ".json").exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_worker_outlives_a_killed_run(tmp_path: Path, number: signal.Signals) -> None:
    script = tmp_path / "run.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import signal
            from pathlib import Path
            from cpt_pipeline.corpus.engine.tasks import Tasks
            from cpt_pipeline.corpus.engine.params import EngineParams
            from tests.corpus.engine_steps import Sleep
            if __name__ == "__main__":
                signal.signal(signal.SIGTERM, signal.default_int_handler)  # as every command does
                tasks = Tasks(Path({str(tmp_path)!r}), "sleep", [60, 60])
                tasks.run([Sleep(tasks)], EngineParams(workers=2))
            """
        )
    )
    root = Path(__file__).parents[3]
    child = subprocess.Popen([sys.executable, script], env={**os.environ, "PYTHONPATH": str(root)})
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("sleep-*/*.pid"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    workers = [int(path.stem) for path in tmp_path.glob("sleep-*/*.pid")]
    assert len(workers) == 2
    os.kill(child.pid, number)
    child.wait(30)
    while any(map(is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_alive, workers))


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
