"""Which files a path gives: one file, every file below a folder, or what a pattern matches; sorted, none in silence.

A folder is what its owner put into it: a link is followed where it leads to a file of the same folder, or to one of the
folders that conf allows; pipes, sockets, devices and the files of the kernel are named and never opened. Links to
folders are not followed, so no circle is walked. What is litter (`litter`) or cannot be read is listed with a reason.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from cpt_pipeline.core.patterns import split_pattern
from cpt_pipeline.extraction import litter

OUTSIDE = "link_outside"
SPECIAL = "special_file"
_SPECIAL = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_OF_THE_KERNEL = ("/proc", "/sys", "/dev")
_Found = tuple[Path, str | None, str | None]
"""A path, and the reason and detail of what is known to be no file to read."""


@dataclass(frozen=True)
class ListedFile:
    """A file, or the reason why what stands there is none that can be read."""

    path: Path
    """Where it is opened: of a link, where it leads."""
    name: str
    """The path below the folder that was asked for, with `/`; bytes that cannot be printed are escaped."""
    reason: str | None = None
    detail: str | None = None
    size: int = 0
    state: str | None = None
    """What tells the file from a changed one; None where it is not read."""


def list_files(path: Path, allowed: Iterable[Path] = ()) -> list[ListedFile]:
    """Return the files of a path, sorted by folder and name; none where nothing is there or nothing matches.

    `allowed` are folders outside of `path` that links may lead to.
    """
    found: Iterable[_Found]
    if _is_folder(path):
        root, found = path, _walk(path)
    elif os.path.lexists(path):
        return [_listed((path, None, None), _Border(path.parent, ("/",)))]
    else:
        root, pattern = split_pattern(path)
        found = _matches(root, pattern) if pattern else ()
    cache = (
        [root.parent.parent / "blobs"] if root.parent.name == "snapshots" else []
    )  # as the Hugging Face hub keeps it
    border = _Border(root, tuple(os.path.realpath(each) for each in (root, *cache, *allowed)))
    return [_listed(each, border) for each in sorted(found, key=lambda item: item[0].parts)]


def open_file(place: str) -> BinaryIO:
    """Open a listed file for reading; OSError where something else stands there now: a link, a pipe, a device."""
    # Without O_NONBLOCK the open of a pipe waits for ever, and nothing could be looked at.
    descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("no regular file stands here any more")
    return os.fdopen(descriptor, "rb")


def printable(name: str) -> str:
    """Return a name with what is not UTF-8 or not to be printed (line ends, escapes) written with backslashes.

    A backslash is written twice, and bytes as two digits, characters as four or eight: no two names are written alike.
    """
    if name.isprintable() and "\\" not in name:
        return name
    return "".join(map(_shown, name))


def _shown(character: str) -> str:
    code = ord(character)
    if character.isprintable():
        return "\\\\" if character == "\\" else character
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return character.encode("unicode_escape").decode()
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _walk(root: Path) -> Iterator[_Found]:
    errors: list[OSError] = []
    for below, folders, files in os.walk(root, onerror=errors.append):
        folder = Path(below)
        kinds = {name: _folder_litter(folder / name) for name in folders}
        folders[:] = [name for name in folders if kinds[name] is None]
        yield from ((folder / name, kind, "the folder is passed over") for name, kind in kinds.items() if kind)
        links = [name for name in folders if _is_link(folder / name)]
        yield from ((folder / name, litter.file_litter(name), None) for name in (*files, *links))
    yield from ((Path(error.filename), "unreadable", error.strerror) for error in errors)


def _folder_litter(folder: Path) -> str | None:
    return litter.folder_litter(folder.name) or (litter.PACKAGES if litter.is_environment(folder) else None)


def _matches(root: Path, pattern: str) -> Iterator[_Found]:
    """Yield what a pattern matches; a folder of litter that the pattern itself names is one to be read."""
    matches = root.glob(pattern)
    try:
        for path in matches:
            *folders, name = path.relative_to(root).parts
            kinds = (kind for each in folders if each not in pattern and (kind := litter.folder_litter(each)))
            if not _is_folder(path) or _is_link(path):
                yield path, litter.file_litter(name) or next(kinds, None), None
    except OSError as error:  # a folder too deep to be named; the search ends there
        yield Path(error.filename or root), "unreadable", f"{error.strerror}; the search for {pattern} ends here"


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises for a path that is too long


def _kernel_devices() -> frozenset[int]:
    """Return the devices of the kernel's own file systems, where they are mounted as such."""
    return frozenset(Path(each).stat().st_dev for each in _OF_THE_KERNEL if Path(each).is_mount())


@dataclass(frozen=True)
class _Border:
    """What is inside: the folder that was asked for, and where its links may lead."""

    root: Path
    inside: tuple[str, ...]
    kernel: frozenset[int] = field(default_factory=_kernel_devices)

    def place(self, path: Path) -> Path:
        """Return where a path leads: itself where no link stands between the root and it."""
        below = path
        while below not in (self.root, below.parent):
            if _is_link(below):
                return Path(os.path.realpath(path))
            below = below.parent
        return path

    def holds(self, place: Path) -> bool:
        """Return whether links may lead to a place."""
        return any(place.is_relative_to(each) for each in self.inside)


def _is_link(path: Path) -> bool:
    return os.path.islink(path)  # noqa: PTH114 - as above


def _listed(found: _Found, border: _Border) -> ListedFile:
    path, reason, detail = found
    name = printable(path.relative_to(border.root).as_posix())
    if reason is not None:
        return ListedFile(path, name, reason, detail)
    try:
        facts, place = path.stat(), border.place(path)
    except OSError as failed:
        what = "a link that leads nowhere" if _is_link(path) else failed.strerror
        return ListedFile(path, name, "unreadable", what)
    if place is not path and not border.holds(place):
        return ListedFile(path, name, OUTSIDE, f"leads to {printable(str(place))}, outside of the folder")
    if stat.S_ISDIR(facts.st_mode):
        return ListedFile(path, name, "unsupported_format", "a link to a folder, which is not followed")
    if what := next((what for is_such, what in _SPECIAL if is_such(facts.st_mode)), None):
        return ListedFile(path, name, SPECIAL, what)
    if facts.st_dev in border.kernel:
        return ListedFile(path, name, SPECIAL, "a file of the kernel")
    return ListedFile(place, name, size=facts.st_size, state=f"{facts.st_size}-{facts.st_mtime_ns}")
