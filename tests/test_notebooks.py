"""The notebooks run from top to bottom over a finished run."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pyarrow.parquet as pq
import pytest
from nbclient import NotebookClient

from tests.project import Project

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@pytest.mark.feature(122)
@pytest.mark.parametrize(("name", "shows"), [("read_a_corpus", "held out + "), ("read_a_run", "promote -> stage2")])
def test_notebook_runs(name: str, shows: str, smoke_run: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPT_DATA_ROOT", "data/smoke")
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(smoke_run[0])}}).execute()
    assert shows in str([cell.get("outputs", "") for cell in notebook.cells])


def test_the_corpus_notebook_reads_any_number_of_channels(smoke: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    shard = sorted((smoke.path / "data/smoke/03_primary/unique_documents").glob("*.parquet"))[0]
    table = pq.read_table(shard)
    channels = table["channel"].to_pylist()
    channels[0] = "zh"
    index = table.schema.get_field_index("channel")
    shard.unlink()  # a hard link of the cache must not be written in
    pq.write_table(table.set_column(index, table.schema.field(index), [channels]), shard)
    monkeypatch.setenv("CPT_DATA_ROOT", "data/smoke")
    notebook = nbformat.read(NOTEBOOKS / "read_a_corpus.ipynb", as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(smoke.path)}}).execute()


def test_notebooks_are_committed_without_output() -> None:
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        assert not any(cell.get("outputs") for cell in notebook.cells), path.name
