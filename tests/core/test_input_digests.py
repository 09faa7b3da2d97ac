"""Digests of what conf names: those of DVC, and read again only when something changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from dvc.repo import Repo

from cpt_pipeline.core import input_digests
from cpt_pipeline.core.input_digests import digest_place


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A folder with text, below a project that ignores what Python and editors leave."""
    for name, text in {
        ".dvcignore": "__pycache__\n.DS_Store\nown/drafts/*\n",
        "own/a.txt": "erstes",
        "own/b/c.txt": "zweites",
        "own/ä b.txt": "drittes",
        "own/.hidden": "viertes",
        "own/.DS_Store": "x",
        "own/__pycache__/d.pyc": "x",
        "own/drafts/e.txt": "x",
        "elsewhere/f.txt": "x",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "own/link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "own/link.txt").symlink_to(tmp_path / "elsewhere/f.txt")
    return tmp_path / "own"


def digest(place: Path) -> str | None:
    project = place.parent
    return digest_place(place, project, project / ".work/inputs.json")


def test_a_folder_and_a_file_have_the_digest_that_dvc_gives_them(texts: Path) -> None:
    listing = texts.parent / "dvc.yaml"
    listing.write_text("stages: {read: {cmd: echo, deps: [own, own/a.txt]}}", encoding="utf-8")
    with Repo.init(str(texts.parent), no_scm=True) as repo:
        counted = {dep.def_path: dep.get_hash().value for dep in repo.stage.load_one(str(listing), name="read").deps}
    assert counted == {"own": digest(texts), "own/a.txt": digest(texts / "a.txt")}
    assert digest(texts / "a.txt") == hashlib.md5(b"erstes").hexdigest()
    assert digest(texts / "none") is None


EDITS: dict[str, Callable[[Path], object]] = {
    "rewritten": lambda texts: (texts / "a.txt").write_text("Erstes", encoding="utf-8"),
    "added": lambda texts: (texts / "b/new.txt").write_text("", encoding="utf-8"),
    "removed": lambda texts: (texts / "b/c.txt").unlink(),
    "renamed": lambda texts: (texts / "a.txt").rename(texts / "z.txt"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_below_a_folder_is_another_digest(texts: Path, edit: Callable[[Path], object]) -> None:
    before = digest(texts)
    edit(texts)
    assert digest(texts) != before


def test_what_dvc_passes_over_changes_nothing(texts: Path) -> None:
    before = digest(texts)
    for name in (".DS_Store", "__pycache__/d.pyc", "drafts/e.txt"):
        (texts / name).write_text("another", encoding="utf-8")
    assert digest(texts) == before


def test_files_that_stay_as_they_were_are_not_read_again(texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def watch(path: Path) -> str:
        read.append(path.name)
        return hashlib.md5(path.read_bytes()).hexdigest()

    monkeypatch.setattr(input_digests, "md5_file", watch)
    before = digest(texts)
    assert len(read) == 5
    assert digest(texts) == before
    assert len(read) == 5
    stat = (texts / "a.txt").stat()
    (texts / "a.txt").write_text("Erstes", encoding="utf-8")
    os.utime(texts / "a.txt", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert digest(texts) != before
    assert len(read) == 10
    (texts.parent / ".work/inputs.json").write_text('{"cut', encoding="utf-8")
    digest(texts)
    assert len(read) == 15, "a damaged memory is no memory"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_keeps_no_run_from_starting(texts: Path) -> None:
    before = digest(texts)
    (texts / "a.txt").chmod(0)
    (texts / "new.txt").write_text("", encoding="utf-8")
    assert digest(texts) not in (None, before)
