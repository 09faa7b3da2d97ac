"""kedro-mlflow, and with it MLflow, is imported when it is used and not at every start."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import REPOSITORY
from tests.project import Project

SAYS = "import sys; print('mlflow' in sys.modules)"


def says(code: str) -> str:
    command = [sys.executable, "-c", f"{code}; {SAYS}"]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.strip()


def test_a_command_that_uses_no_mlflow_does_not_import_it() -> None:
    start = "from pathlib import Path; from kedro.framework.cli.cli import KedroCLI; cli = KedroCLI(Path('.'))"
    session = "from kedro.framework.session import KedroSession; KedroSession.create(project_path='.', env='smoke')"
    assert says(f"{start}; assert cli.get_command(None, 'verdict'); {session}.load_context()") == "False"
    assert says(f"{start}; assert cli.get_command(None, 'mlflow')") == "True"


def test_the_commands_of_kedro_mlflow_are_there(tiny: Project) -> None:
    assert "Opens the mlflow user interface" in tiny.succeed("kedro", "mlflow", "ui", "--help")
    assert "mlflow" in tiny.succeed("kedro", "--help")


def test_a_run_with_nothing_to_do_leaves_no_run_in_mlflow(recorded: Project) -> None:
    before = (recorded.path / "mlflow.db").read_bytes()
    said = recorded.succeed("kedro", "run", "--pipelines=draw,clean,train", "--only-missing-outputs")
    assert "Verdict" not in said
    assert (recorded.path / "mlflow.db").read_bytes() == before
