"""The notebooks run from top to bottom over a finished run."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@pytest.mark.feature(122)
@pytest.mark.parametrize(("name", "shows"), [("read_a_corpus", "held out + "), ("read_a_run", "promote -> stage2")])
def test_notebook_runs(name: str, shows: str, smoke_run: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPT_DATA_ROOT", "data/smoke")
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(smoke_run[0])}}).execute()
    assert shows in str([cell.get("outputs", "") for cell in notebook.cells])


def test_notebooks_are_committed_without_output() -> None:
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        assert not any(cell.get("outputs") for cell in notebook.cells), path.name
