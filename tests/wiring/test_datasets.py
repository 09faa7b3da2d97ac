"""The two datasets: finished or not there, and a pointer that follows a decision."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from kedro.io import DatasetError

from cpt_pipeline.core import artifact as artifacts
from cpt_pipeline.core.artifact import seal
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.core.params import Params
from cpt_pipeline.core.workspace import ROOT_VARIABLE, workspace
from cpt_pipeline.wiring.datasets import DirectoryDataset, ReleaseDataset


def artifact(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text(text, encoding="utf-8")
    seal(folder, "words")
    return folder


def test_a_directory_exists_when_it_is_finished(tmp_path: Path) -> None:
    dataset = DirectoryDataset(filepath=str(tmp_path / "words"))
    (tmp_path / "words").mkdir()
    (tmp_path / "words/a.txt").write_text("half", encoding="utf-8")

    assert not dataset.exists()
    with pytest.raises(DatasetError, match="never finished") as caught:
        dataset.load()
    assert isinstance(caught.value.__cause__, ArtifactError)

    seal(tmp_path / "words", "words")
    assert dataset.exists()
    assert dataset.load() == tmp_path / "words"


def test_what_is_read_is_whole_and_is_read_once_per_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    hashed: list[str] = []
    digest = artifacts.digest_file
    monkeypatch.setattr(artifacts, "digest_file", lambda path: hashed.append(path.name) or digest(path))
    folder = artifact(tmp_path / "words", "1234")
    dataset = DirectoryDataset(filepath=str(folder))
    hashed.clear()
    dataset.load()
    dataset.load()
    assert hashed == ["a.txt"], "the second time it is known"

    (folder / "a.txt").write_text("1235", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(DatasetError, match=r"words is damaged.*\n  - a\.txt: bytes differ") as caught:
            dataset.load()
        assert isinstance(caught.value.__cause__, ArtifactError)
    (folder / "a.txt").write_text("1234", encoding="utf-8")
    assert dataset.load() == folder


@pytest.mark.parametrize("memory", ["", "{", "[]", '{"words": 3}'])
def test_a_memory_that_is_cut_costs_another_reading_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: str
) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    (tmp_path / ".work").mkdir()
    (tmp_path / ".work/verified.json").write_text(memory, encoding="utf-8")
    folder = artifact(tmp_path / "words", "1234")
    assert DirectoryDataset(filepath=str(folder)).load() == folder
    assert list(json.loads((tmp_path / ".work/verified.json").read_text(encoding="utf-8"))) == [str(folder)]
    (folder / "a.txt").write_text("4321", encoding="utf-8")
    with pytest.raises(DatasetError, match="bytes differ"):
        DirectoryDataset(filepath=str(folder)).load()


def test_two_runs_that_remember_at_once_leave_a_memory_that_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    folders = [artifact(tmp_path / f"words{n}", str(n)) for n in range(8)]
    code = (
        "import sys; from pathlib import Path; from cpt_pipeline.core.verification import remember\n"
        "for _ in range(20):\n    for each in sys.argv[1:]: remember(Path(each))"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", code, *map(str, folders[start : start + 4])]) for start in (0, 4)
    ]
    assert [child.wait(60) for child in children] == [0, 0]
    known = json.loads((tmp_path / ".work/verified.json").read_text(encoding="utf-8"))
    assert set(known) <= {str(folder) for folder in folders}
    assert [path.name for path in (tmp_path / ".work").iterdir()] == ["verified.json"]
    for folder in folders:
        assert DirectoryDataset(filepath=str(folder)).load() == folder


def test_what_was_damaged_in_the_workspace_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    dataset = DirectoryDataset(filepath=str(tmp_path / "data/words"))
    dataset.save(artifact(tmp_path / "one", "1"))
    (artifact(tmp_path / "two", "2") / "a.txt").write_text("3", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"two is damaged.*\n  - a\.txt: bytes differ"):
        dataset.save(tmp_path / "two")
    assert (dataset.load() / "a.txt").read_text(encoding="utf-8") == "1"


def test_a_preview_shows_counts_and_not_every_file(tmp_path: Path) -> None:
    folder = artifact(tmp_path / "words", "1234")
    assert json.loads(DirectoryDataset(filepath=str(folder)).preview()) == {
        "format": 3,
        "kind": "words",
        "files": 1,
        "bytes": 4,
    }


def test_saving_replaces_the_whole_directory(tmp_path: Path) -> None:
    dataset = DirectoryDataset(filepath=str(tmp_path / "data/words"))
    dataset.save(artifact(tmp_path / "one", "1"))
    (tmp_path / "data/words/stray").write_text("left over", encoding="utf-8")
    (tmp_path / "data/.words.old-1").mkdir()

    dataset.save(artifact(tmp_path / "two", "2"))

    assert sorted(path.name for path in (tmp_path / "data/words").iterdir()) == ["a.txt", "manifest.json"]
    assert (tmp_path / "data/words/a.txt").read_text(encoding="utf-8") == "2"
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["words"]
    assert not (tmp_path / "two").exists()


def test_an_unfinished_directory_is_not_saved(tmp_path: Path) -> None:
    dataset = DirectoryDataset(filepath=str(tmp_path / "data/words"))
    dataset.save(artifact(tmp_path / "one", "1"))
    (tmp_path / "two").mkdir()
    with pytest.raises(DatasetError, match=r"no manifest\.json"):
        dataset.save(tmp_path / "two")
    assert (dataset.load() / "a.txt").read_text(encoding="utf-8") == "1"


def test_saving_the_last_directory_ends_the_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    with workspace("clean", {}, Params()) as work:
        first, last = artifact(work.out / "first", "1"), artifact(work.out / "last", "2")
    DirectoryDataset(filepath=str(tmp_path / "first")).save(first)
    assert work.path.is_dir()
    DirectoryDataset(filepath=str(tmp_path / "last")).save(last)
    assert not work.path.exists()


def test_work_with_nothing_to_publish_leaves_no_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    with workspace("plan", {}, Params()) as work:
        assert work.path.is_dir()
    assert not work.path.exists()


def test_the_release_dataset_gives_what_is_in_use(tmp_path: Path) -> None:
    dataset = ReleaseDataset(filepath=str(tmp_path / "releases"))
    assert not dataset.exists()
    assert dataset.load()["model"] == "base"

    decision = {"verdict": "promote", "model": "stage2", "decision": {"verdict": "promote"}, "scores": {}}
    dataset.save({**decision, "folder": artifact(tmp_path / "model", "w")})
    assert dataset.exists()
    assert dataset.load()["model"] == "stage2"


def test_a_first_hold_is_remembered_so_that_the_stage_counts_as_done(tmp_path: Path) -> None:
    dataset = ReleaseDataset(filepath=str(tmp_path / "releases"))
    dataset.save({"verdict": "hold", "model": "base", "folder": None, "decision": {}, "scores": {}})
    assert dataset.exists()
    assert dataset.load() == {"release": None, "model": "base", "folder": None}
