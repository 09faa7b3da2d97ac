"""Last words: what a worker leaves is what its parent raises, also when the disk is full."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpt_pipeline.core.artifact import write_json
from cpt_pipeline.core.errors import CptError, DiskSpaceError, ParameterError, UnfitModelError, find_fault
from cpt_pipeline.core.last_words import await_last_words, leave_code, leave_last_words, read_code, read_last_words


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], check=False, capture_output=True
    ).returncode:
        pytest.skip("this user may mount no disk")
    yield place
    subprocess.run(["umount", place], check=True)


def test_kind_code_and_message_come_back(tmp_path: Path) -> None:
    path = tmp_path / "exit.json"
    await_last_words(path)
    assert read_last_words(path) is None
    assert read_code(path) is None
    assert leave_last_words(path, UnfitModelError("base lacks a weight; see https://a:canary@b.org")) == 2
    found = read_last_words(path)
    assert type(found) is UnfitModelError
    assert str(found) == "base lacks a weight; see https://<hidden>@b.org"
    assert (found.exit_code, read_code(path)) == (2, 2)
    leave_code(path, 1)
    assert read_code(path) == 2, "the words of another rank stay"
    await_last_words(path)
    leave_code(path, 75)
    assert (read_code(path), read_last_words(path)) == (75, None)


@pytest.mark.parametrize("left", ['{"kind": "UnfitMo', "[1]", '{"code": "2"}', "\xff", '{"message": "no"}'])
def test_words_that_were_cut_short_are_ignored(tmp_path: Path, left: str) -> None:
    path = tmp_path / "exit.json"
    path.write_bytes(left.encode("latin-1").ljust(100))
    assert (read_code(path), read_last_words(path)) == (None, None)
    leave_code(path, 75)
    assert read_code(path) == 75


def test_an_error_of_another_module_keeps_its_code(tmp_path: Path) -> None:
    class OwnError(CptError):
        exit_code = 3

    leave_last_words(tmp_path / "exit.json", OwnError("no"))
    found = read_last_words(tmp_path / "exit.json")
    assert found is not None
    assert (type(found), found.exit_code) == (CptError, 3)


def test_a_worker_on_a_full_disk_can_say_so(small_disk: Path) -> None:
    path = small_disk / "exit.json"
    await_last_words(path)
    with pytest.raises(OSError, match="No space") as full:
        (small_disk / "big").write_bytes(b"x" * 100_000)
    with pytest.raises(OSError, match="No space"):
        write_json(small_disk / "other.json", list(range(1000)))
    fault = find_fault(full.value)
    assert type(fault) is DiskSpaceError
    assert leave_last_words(path, fault) == 75
    found = read_last_words(path)
    assert type(found) is DiskSpaceError
    assert "The disk is full or a quota is reached" in str(found)
    assert "run the same command again" in str(found)


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/data/x"), "DiskSpaceError", 75),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "/data/x"), "DiskSpaceError", 75),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "DiskSpaceError", 75),
        (OSError("4096 requested and 1024 written"), "DiskSpaceError", 75),
        (OSError(errno.EROFS, "Read-only file system", "/data/x"), "FileAccessError", 2),
        (PermissionError(errno.EACCES, "Permission denied", "/data/x"), "FileAccessError", 2),
    ],
)
def test_what_the_disk_refuses_is_no_fault_of_ours(error: Exception, kind: str, code: int) -> None:
    wrapped = ValueError("a stage failed")
    wrapped.__cause__ = error
    fault = find_fault(wrapped)
    assert fault is not None
    assert (type(fault).__name__, fault.exit_code) == (kind, code)
    assert getattr(error, "filename", None) is None or "/data/x" in str(fault)


def test_other_errors_stay_ours_and_the_outer_fault_of_the_user_is_told() -> None:
    assert find_fault(FileNotFoundError(errno.ENOENT, "No such file", "/x")) is None
    assert find_fault(ValueError("a")) is None
    outer = ParameterError("outer")
    outer.__cause__ = OSError(errno.ENOSPC, "No space left on device", "/x")
    assert find_fault(outer) is outer
