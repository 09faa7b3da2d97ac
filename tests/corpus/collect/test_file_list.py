"""Files of a path: sorted, each once, and what is no file has a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cpt_pipeline.corpus.collect.file_list import list_files


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    return path


def listed(path: Path) -> list[tuple[str, str | None]]:
    return [(each.name, each.reason) for each in list_files(path)]


def test_files_of_a_folder_come_sorted_by_path(tmp_path: Path) -> None:
    for name in ("b.md", "a/z.txt", "a/b.TXT", "a-b/c.txt", "LICENSE"):
        write(tmp_path / name)
    assert listed(tmp_path) == [
        ("LICENSE", None),
        ("a/b.TXT", None),
        ("a/z.txt", None),
        ("a-b/c.txt", None),
        ("b.md", None),
    ]


def test_patterns_single_files_and_nothing(tmp_path: Path) -> None:
    for name in ("x/1.txt", "x/deep/2.txt", "y/3.md", "y/[4].txt"):
        write(tmp_path / name)
    assert listed(tmp_path / "**" / "*.txt") == [("x/1.txt", None), ("x/deep/2.txt", None), ("y/[4].txt", None)]
    assert listed(tmp_path / "x" / "?.txt") == [("1.txt", None)]
    assert listed(tmp_path / "x" / "*") == [("1.txt", None)]
    assert listed(tmp_path / "y" / "3.md") == [("3.md", None)]
    assert listed(tmp_path / "y" / "[4].txt") == [("[4].txt", None)]
    assert listed(tmp_path / "absent") == []
    assert listed(tmp_path / "*.none") == []


def test_circles_and_broken_links_are_named_and_end(tmp_path: Path) -> None:
    write(tmp_path / "a" / "1.txt")
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    (tmp_path / "a" / "gone.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "a" / "self.txt").symlink_to(tmp_path / "a" / "self.txt")
    (tmp_path / "a" / "same.txt").symlink_to(tmp_path / "a" / "1.txt")
    expected = [
        ("a/1.txt", None),
        ("a/again", "unsupported_format"),
        ("a/gone.txt", "unreadable"),
        ("a/same.txt", None),
        ("a/self.txt", "unreadable"),
    ]
    assert listed(tmp_path) == expected
    assert [name for name, _ in listed(tmp_path / "**" / "*.txt")] == [
        name for name, _ in expected if "again" not in name
    ]
    assert listed(tmp_path / "a" / "gone.txt") == [("gone.txt", "unreadable")]


def test_pipes_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert listed(tmp_path) == [("pipe.txt", "unsupported_format")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_folders_without_permission_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    assert listed(tmp_path) == [("closed", "unreadable")]
    folder.chmod(0o700)


def test_names_that_are_not_utf8_are_escaped(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/\xff.txt"
    with open(raw, "w"):  # noqa: PTH123
        pass
    assert listed(tmp_path) == [("\\xff.txt", None)]
