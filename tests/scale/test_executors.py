"""The chain under a real Slurm and a real Ray gives the artifacts that it gives in one process of this machine.

`CPT_TEST_SLURM` names a folder in which Slurm is kept between runs; without it, its Debian packages are fetched.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from cpt_pipeline.core.errors import TasksFailedError
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.engine.tasks import Tasks
from tests.corpus.chain import SHARD_BYTES, manifests, run_chain, write_corpus
from tests.corpus.engine_steps import Square

ROOT = Path(__file__).parents[2]
WITH_SLURM = Path(__file__).parent / "with-slurm"
SLURM = {"executor": "slurm", "slurm": {"memory_gb_per_cpu": 1, "time_limit": "00:10:00"}, "task_megabytes": 1}
RAY = {"executor": "ray", "workers": 2, "ray_memory_gb_per_cpu": 0.5, "task_megabytes": 1}
SQUARES = """
    import sys
    from pathlib import Path
    from cpt_pipeline.core.errors import TasksFailedError
    from cpt_pipeline.corpus.engine.tasks import Tasks
    from cpt_pipeline.corpus.engine.params import EngineParams
    from tests.corpus.engine_steps import Square
    tasks = Tasks(Path(sys.argv[1]), "square", [3, "no number", 5])
    try:
        tasks.run([Square(tasks)], EngineParams.model_validate_json(sys.argv[2]))
    except TasksFailedError as error:
        print("said:", error)
    """


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("corpus")
    write_corpus(place)
    return place


@pytest.fixture(scope="module")
def expected(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    place = tmp_path_factory.mktemp("here")
    run_chain(corpus, place, EngineParams(workers=1))
    return manifests(place)


@pytest.fixture(scope="module")
def with_slurm(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Give the command that runs another one beside a Slurm."""
    if missing := [name for name in ("apt-get", "dpkg") if shutil.which(name) is None]:
        pytest.skip(f"Slurm is installed from Debian's packages, and {' and '.join(missing)} is not here")
    folder = os.environ.get("CPT_TEST_SLURM") or str(tmp_path_factory.mktemp("slurm"))
    found = run([str(WITH_SLURM), folder, "sinfo", "-h", "-o", "%T"])
    if found.returncode:
        pytest.skip(f"no Slurm from Debian's packages here: {found.stderr[-300:]}")
    assert "idle" in found.stdout
    return [str(WITH_SLURM), folder]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_slurm_gives_what_this_machine_gives(
    with_slurm: list[str], corpus: Path, expected: dict[str, str], tmp_path: Path
) -> None:
    found = run([*with_slurm, *chain(corpus, tmp_path, SLURM)])
    assert found.returncode == 0, found.stderr[-3000:]
    assert manifests(tmp_path) == expected
    assert len(list(tmp_path.glob("*/tasks/*/logs/launch_script.slurm"))) == 7


@pytest.mark.long
def test_a_task_that_fails_on_slurm_is_named_with_its_log(with_slurm: list[str], tmp_path: Path) -> None:
    found = run([*with_slurm, sys.executable, "-c", textwrap.dedent(SQUARES), str(tmp_path), json.dumps(SLURM)])
    assert "said: square: 1 of 3 tasks did not finish" in found.stdout, found.stderr[-3000:]
    assert "the first is task 1; its log:" in found.stdout
    assert "TypeError: unsupported operand type(s)" in found.stdout
    assert [path.read_text() for path in sorted(tmp_path.glob("square-*/part-*.json"))] == ["9", "25"]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_ray_gives_what_this_machine_gives(corpus: Path, expected: dict[str, str], tmp_path: Path) -> None:
    pytest.importorskip("ray")
    found = run(chain(corpus, tmp_path, RAY))
    assert found.returncode == 0, found.stderr[-3000:]
    assert manifests(tmp_path) == expected


@pytest.mark.long
def test_a_task_that_fails_on_ray_is_named_with_its_log(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    found = run([sys.executable, "-c", textwrap.dedent(SQUARES), str(tmp_path), json.dumps(RAY)])
    assert "said: square: 1 of 3 tasks did not finish" in found.stdout, found.stderr[-3000:]
    assert "TypeError: unsupported operand type(s)" in found.stdout
    assert [path.read_text() for path in sorted(tmp_path.glob("square-*/part-*.json"))] == ["9", "25"]


def test_a_machine_without_slurm_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    tasks = Tasks(tmp_path, "square", [1, 2])
    with pytest.raises(TasksFailedError, match=r"(?s)Slurm did not take the job.*sbatch.*square_run.executor is slurm"):
        tasks.run([Square(tasks)], EngineParams.model_validate(SLURM))


def test_slurm_is_waited_for_while_its_controller_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for sbatch and squeue: the job runs, and the first question about it fails."""
    programs = tmp_path / "bin"
    programs.mkdir()
    tasks = Tasks(tmp_path, "square", [3])
    done = tasks.folder / "logs" / "completions" / "00000"
    (programs / "sbatch").write_text("#!/bin/sh\necho Submitted batch job 7\n")
    (programs / "squeue").write_text(
        f"#!/bin/sh\nif [ -e {tmp_path}/asked ]; then mkdir -p {done.parent}; touch {done}; exit 0; fi\n"
        f"touch {tmp_path}/asked\necho 'slurm_load_jobs error: Socket timed out' >&2\nexit 1\n"
    )
    for program in programs.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    tasks.run([Square(tasks)], EngineParams.model_validate(SLURM))
    assert done.exists()


def chain(corpus: Path, out: Path, params: dict[str, object]) -> list[str]:
    return [sys.executable, "-m", "tests.corpus.chain", str(corpus), str(out), json.dumps(params), str(SHARD_BYTES)]


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    path = f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"
    environment = {**os.environ, "PYTHONPATH": path, "RAY_AUTH_MODE": "disabled"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
