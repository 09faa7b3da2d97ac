"""Which files a path gives: one file, every file below a folder, or what a pattern matches; sorted, none in silence.

Links to files are followed, links to folders are not, so no circle is walked and nothing is met twice through one.
What cannot be read as a file (a broken link, a pipe, a folder without permission) is listed with a reason.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cpt_pipeline.core.patterns import split_pattern


@dataclass(frozen=True)
class ListedFile:
    """A file, or the reason why what stands there is none that can be read."""

    path: Path
    name: str
    """The path below the folder that was asked for, with `/`; bytes of it that are not UTF-8 are escaped."""
    reason: str | None = None
    detail: str | None = None


def list_files(path: Path) -> list[ListedFile]:
    """Give the files of a path, sorted by folder and name; none where nothing is there or nothing matches."""
    if path.is_dir():
        root, found = path, list(_walk(path))
    elif os.path.lexists(path):
        root, found = path.parent, [(path, None)]
    else:
        root, pattern = split_pattern(path)
        found = [(each, None) for each in root.glob(pattern) if not _is_folder(each)] if pattern else []
    return [_listed(each, root, error) for each, error in sorted(found, key=lambda item: item[0].parts)]


def _walk(folder: Path) -> Iterator[tuple[Path, OSError | None]]:
    errors: list[OSError] = []
    for below, folders, files in os.walk(folder, onerror=errors.append):
        names = [*files, *(name for name in folders if Path(below, name).is_symlink())]
        yield from ((Path(below, name), None) for name in names)
    yield from ((Path(error.filename), error) for error in errors)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _listed(path: Path, root: Path, error: OSError | None) -> ListedFile:
    relative = path.relative_to(root).as_posix()
    name = relative.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    try:
        if error is not None:
            raise error
        mode = path.stat().st_mode
    except OSError as failed:
        what = "a link that leads nowhere" if path.is_symlink() else failed.strerror
        return ListedFile(path, name, "unreadable", what)
    if stat.S_ISDIR(mode):
        return ListedFile(path, name, "unsupported_format", "a link to a folder, which is not followed")
    if not stat.S_ISREG(mode):
        return ListedFile(path, name, "unsupported_format", "no regular file")
    return ListedFile(path, name)
