"""Files of a path: sorted, each once, and what is no file has a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cpt_pipeline.corpus.collect.files.file_list import list_files, open_file


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
    assert listed(tmp_path) == [("pipe.txt", "special_file")]


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


@pytest.mark.feature(7)
def test_links_that_lead_out_of_the_folder_are_named_and_those_inside_are_followed(tmp_path: Path) -> None:
    secret, cache = write(tmp_path / "secret/key.txt"), write(tmp_path / "cache/blob")
    write(tmp_path / "own/a.txt")
    (tmp_path / "own/environment.txt").symlink_to("/proc/self/environ")
    (tmp_path / "own/key.txt").symlink_to(secret)
    (tmp_path / "own/blob.txt").symlink_to(cache)
    (tmp_path / "own/inside.txt").symlink_to("a.txt")
    (tmp_path / "own/folder").symlink_to(secret.parent)
    expected = [
        ("a.txt", None),
        ("blob.txt", "link_outside"),
        ("environment.txt", "link_outside"),
        ("folder", "link_outside"),
        ("inside.txt", None),
        ("key.txt", "link_outside"),
    ]
    assert listed(tmp_path / "own") == expected
    assert listed(tmp_path / "own" / "*") == expected
    assert listed(tmp_path / "own" / "*" / "*.txt") == [("folder/key.txt", "link_outside")]
    allowed = list_files(tmp_path / "own", [tmp_path / "cache"])
    assert [(each.name, each.reason) for each in allowed if each.name == "blob.txt"] == [("blob.txt", None)]
    (named,) = list_files(tmp_path / "own/key.txt")
    assert (named.path, named.reason) == (secret, None)


def test_a_snapshot_of_the_hub_s_cache_is_what_its_links_lead_to(tmp_path: Path) -> None:
    blob, other = write(tmp_path / "datasets--x/blobs/1"), write(tmp_path / "other.txt")
    snapshot = tmp_path / "datasets--x/snapshots/abc"
    snapshot.mkdir(parents=True)
    (snapshot / "a.txt").symlink_to(blob)
    (snapshot / "b.txt").symlink_to(other)
    assert listed(snapshot) == [("a.txt", None), ("b.txt", "link_outside")]


def test_files_of_the_kernel_are_not_opened() -> None:
    assert {reason for name, reason in listed(Path("/proc/self/net")) if name == "dev"} == {"special_file"}


def test_what_became_a_link_or_a_pipe_since_it_was_listed_is_not_opened(tmp_path: Path) -> None:
    (each,) = list_files(write(tmp_path / "a.txt"))
    with open_file(str(each.path)) as stream:
        assert stream.read() == b"x"
    each.path.unlink()
    os.mkfifo(each.path)
    with pytest.raises(OSError, match="no regular file"):
        open_file(str(each.path))
    each.path.unlink()
    each.path.symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="symbolic links"):
        open_file(str(each.path))


def test_a_path_longer_than_the_system_allows_is_no_file(tmp_path: Path) -> None:
    assert listed(tmp_path / "x" / ("y" * 300)) == []
    assert listed(tmp_path / ("y/" * 3000)) == []


def test_a_folder_deeper_than_the_system_names_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=here)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    found = list_files(tmp_path)
    assert [(each.name[:3], each.reason) for each in found] == [("a.t", None), ("ddd", "unreadable")]
    assert found[1].detail == "File name too long"
    assert {each.reason for each in list_files(tmp_path / "**" / "*.txt")} == {None, "unreadable"}


def test_names_that_would_speak_to_a_terminal_are_escaped(tmp_path: Path) -> None:
    write(tmp_path / "a\n\x1b[31mb.txt")
    assert listed(tmp_path) == [("a\\n\\x1b[31mb.txt", None)]


@pytest.mark.feature(179)
def test_litter_is_named_by_its_kind_and_a_folder_of_it_is_one_entry(tmp_path: Path) -> None:
    names = {
        "~$minutes.docx": "litter_lock_file",
        ".~lock.minutes.odt#": "litter_lock_file",
        ".#a.txt": "litter_lock_file",
        "a.txt~": "litter_backup",
        ".a.txt.swp": "litter_backup",
        "a.pdf.part": "litter_unfinished",
        ".DS_Store": "litter_system",
        "Thumbs.db": "litter_system",
        "desktop.ini": "litter_system",
        "__MACOSX": "litter_system",
        ".git": "litter_version_control",
        "sub/node_modules": "litter_packages",
        "sub/own-env": "litter_packages",
        "__pycache__": "litter_cache",
        ".idea": "litter_cache",
        "a.txt": None,
        "sub/~notes.txt": None,
    }
    folders = ("__MACOSX", ".git", "sub/node_modules", "__pycache__", ".idea")
    for name in names:
        below = tmp_path / name / "deep/x.txt" if name in folders else tmp_path / name
        write(tmp_path / name / "pyvenv.cfg" if name == "sub/own-env" else below)
    assert dict(listed(tmp_path)) == names
    assert dict(listed(tmp_path / "**" / "*.txt"))["__pycache__/deep/x.txt"] == "litter_cache"
    assert listed(tmp_path / ".git") == [("deep/x.txt", None)]
