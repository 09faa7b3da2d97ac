"""Workspaces: found again after a kill, clean for other work, and never shared by two writers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cpt_pipeline.core.artifact import content_hash, publish, seal
from cpt_pipeline.core.errors import OtherCodeError, WorkspaceBusyError
from cpt_pipeline.core.params import Params
from cpt_pipeline.core.workspace import ROOT_VARIABLE, Workspace, close_if_spent, locked, workspace


class Colour(Params):
    red: int = 1


@pytest.fixture(autouse=True)
def data_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "data"))
    return tmp_path / "data"


def artifact(place: Path, text: str) -> Path:
    place.mkdir(parents=True)
    (place / "a").write_text(text)
    seal(place, "documents")
    return place


def test_name_follows_inputs_and_params_and_nothing_else(tmp_path: Path, data_root: Path) -> None:
    one, same, other = (artifact(tmp_path / name, text) for name, text in (("one", "a"), ("same", "a"), ("other", "b")))
    paths = []
    for inputs, params in (
        ({"text": one}, Colour()),
        ({"text": same}, Colour()),
        ({"text": other}, Colour()),
        ({"text": one}, Colour(red=2)),
        ({"text": one, "ratio": {"share": 0.5}}, Colour()),
        ({"text": one}, {"colour": Colour(), "shade": Colour()}),
    ):
        with workspace("paint", inputs, params) as work:
            paths.append(work.path)
    assert paths[0] == paths[1]
    assert len(set(paths)) == 5
    assert paths[0].parent == (data_root / ".work").resolve()
    assert paths[0].name.startswith("paint-")


def test_out_is_emptied_and_the_rest_kept() -> None:
    with workspace("paint", {}, Colour()) as work:
        (work.out / "half").mkdir()
        (work.path / "checkpoint").write_text("kept")
    with workspace("paint", {}, Colour()) as again:
        assert list(again.out.iterdir()) == []
        assert (again.path / "checkpoint").read_text() == "kept"


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Set the fingerprint of the stage's code."""
    return lambda digest: monkeypatch.setattr("cpt_pipeline.core.workspace.stage_fingerprint", lambda *_: digest)


def begin(**options: bool) -> Workspace:
    with workspace("paint", {}, Colour(), **options) as work:
        artifact(work.out / "half", "a")
        (work.path / "checkpoint").write_text("kept")
    return work


def test_what_other_code_began_begins_again(code: Callable[[str], None]) -> None:
    code("a")
    begin()
    with workspace("paint", {}, Colour()) as work:
        assert (work.path / "checkpoint").is_file()
        (work.out / "half").mkdir()
    code("b")
    with workspace("paint", {}, Colour()) as work:
        assert not (work.path / "checkpoint").exists()
        assert work.earlier_code == ()


def test_a_training_that_other_code_began_is_refused_or_says_so(code: Callable[[str], None]) -> None:
    code("a")
    begin(accepts_other_code=False)
    code("b")
    with (
        pytest.raises(OtherCodeError, match=r"paint_run\.resume_other_code: true"),
        workspace("paint", {}, Colour(), accepts_other_code=False),
    ):
        pass
    work = begin(accepts_other_code=True)
    assert work.earlier_code == ("a",)
    assert work.provenance()["code"]["earlier"] == ["a"]
    code("a")
    assert begin(accepts_other_code=True).earlier_code == ("a", "b")


def test_provenance_names_params_inputs_and_outputs(tmp_path: Path) -> None:
    one = artifact(tmp_path / "one", "a")
    with workspace("paint", {"text": one}, Colour(red=7)) as work:
        done = artifact(work.out / "picture", "c")
        found = work.provenance()
    assert found["params"] == {"red": 7}
    assert found["inputs"] == {"text": content_hash(one)}
    assert found["outputs"] == {"picture": content_hash(done)}


def test_publishing_the_last_directory_ends_the_workspace(data_root: Path) -> None:
    with workspace("paint", {}, Colour()) as work:
        first, second = artifact(work.out / "a", "a"), artifact(work.out / "b", "b")
    publish(first, data_root / "a")
    close_if_spent(first)
    assert work.path.is_dir()
    publish(second, data_root / "b")
    close_if_spent(second)
    assert not work.path.exists()
    assert (data_root / "a" / "a").read_text() == "a"


def test_other_directories_are_never_removed(tmp_path: Path) -> None:
    empty = tmp_path / "elsewhere" / "out"
    empty.mkdir(parents=True)
    close_if_spent(empty / "gone")
    assert empty.is_dir()


HOLDER = """
import sys, time
from cpt_pipeline.core.params import Params
from cpt_pipeline.core.workspace import workspace
class Colour(Params):
    red: int = 1
with workspace("paint", {}, Colour()) as work:
    (work.path / "checkpoint").write_text("step 3")
    (work.out / "half").mkdir()
    print("holding", flush=True)
    time.sleep(60)
"""


@pytest.mark.feature(4)
def test_second_writer_is_refused_and_a_kill_frees_the_place() -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holding\n"
        words = rf'"pid": {holder.pid}.*Wait for it or stop it'
        with pytest.raises(WorkspaceBusyError, match=words), workspace("paint", {}, Colour()):
            pass
        with workspace("paint", {}, Colour(red=2)):
            pass
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
    with workspace("paint", {}, Colour()) as work:
        assert (work.path / "checkpoint").read_text() == "step 3"
        assert list(work.out.iterdir()) == []


def test_of_five_writers_at_once_one_wins(tmp_path: Path) -> None:
    script = (
        "import sys, time, pathlib\n"
        "from cpt_pipeline.core.errors import OtherCodeError, WorkspaceBusyError\n"
        "from cpt_pipeline.core.workspace import locked\n"
        "try:\n"
        "    with locked(pathlib.Path(sys.argv[1])):\n"
        "        print('won', flush=True); sys.stdin.read()\n"
        "except WorkspaceBusyError:\n"
        "    print('busy', flush=True)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / ".lock")]
    writers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(5)]
    said = sorted(writer.stdout.readline().strip() for writer in writers if writer.stdout)
    for writer in writers:
        writer.communicate()
    assert said == ["busy"] * 4 + ["won"]


def test_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), locked(tmp_path / ".lock"):
        raise ValueError("stop")
    with locked(tmp_path / ".lock"):
        assert f'"pid": {os.getpid()}' in (tmp_path / ".lock").read_text(encoding="utf-8")
