"""What editors, office programs and systems leave in folders: known by name, passed over, counted by kind.

A kind is the reason of the exclusion (`litter_lock_file`). A folder of litter is one entry, whatever is in it. What the
user names himself, the root, is never litter.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path

LOCK, COMPANION, BACKUP, UNFINISHED = "litter_lock_file", "litter_companion", "litter_backup", "litter_unfinished"
SYSTEM, VERSIONS, PACKAGES, CACHE = "litter_system", "litter_version_control", "litter_packages", "litter_cache"
KINDS = frozenset((LOCK, COMPANION, BACKUP, UNFINISHED, SYSTEM, VERSIONS, PACKAGES, CACHE))

APPLE_DOUBLE = b"\0\x05\x16\x07"
"""First bytes of the file that macOS puts beside another one, as `._name`, where it cannot store its attributes."""

_FILES = {
    LOCK: ("~$*", ".~lock.*#", ".#*", "*.laccdb"),
    BACKUP: ("*~", "#*#", "*.bak", "*.orig", "*.rej", "*.swp", "*.swo", "*.swn", ".*.un~", "*.asv", "*.autosave"),
    UNFINISHED: ("~*.tmp", "*.crdownload", "*.part", "*.partial", ".fuse_hidden*", ".nfs????????*", "*.download"),
    SYSTEM: (
        ".ds_store",
        "thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        ".directory",
        "icon\r",
        ".localized",
        ".volumeicon.icns",
    ),
    VERSIONS: (".git", ".gitignore", ".gitattributes", ".gitmodules", ".gitkeep", ".dvcignore", ".keep", ".hgignore"),
}
_FOLDERS = {
    SYSTEM: (
        "__macosx",
        ".appledouble",
        ".spotlight-v100",
        ".trashes",
        ".trash",
        ".trash-*",
        ".fseventsd",
        ".temporaryitems",
        "$recycle.bin",
        "system volume information",
        "lost+found",
        "@eadir",
        ".stfolder",
        ".stversions",
    ),
    VERSIONS: (".git", ".hg", ".svn", ".bzr", "_darcs", ".dvc", ".jj"),
    PACKAGES: ("node_modules", "bower_components", "site-packages", "dist-packages", ".venv"),
    CACHE: (
        "__pycache__",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".tox",
        ".nox",
        ".cache",
        ".idea",
        ".vscode",
        ".vs",
        ".gradle",
        ".terraform",
        ".eggs",
        "*.egg-info",
    ),
}


def file_litter(name: str) -> str | None:
    """Return the kind of litter that a file's name shows, in any case of letters; None for a file that is none."""
    return _kind(name, _FILES)


def folder_litter(name: str) -> str | None:
    """Return the kind of litter that all below a folder of this name is; None for a folder to be read."""
    return _kind(name, _FOLDERS)


def member_litter(path: str) -> tuple[str, str] | None:
    """Return the folder or file of a path in an archive that is litter, and its kind; None where no part of it is."""
    *folders, name = path.split("/")
    for depth, folder in enumerate(folders, start=1):
        if kind := folder_litter(folder):
            return "/".join(folders[:depth]), kind
    kind = file_litter(name)
    return (path, kind) if kind else None


def is_environment(folder: Path) -> bool:
    """Return whether a folder is a virtual environment of Python, whatever its name."""
    return os.path.isfile(folder / "pyvenv.cfg")  # noqa: PTH113 - Path.is_file raises for a path that is too long


def _kind(name: str, patterns: dict[str, tuple[str, ...]]) -> str | None:
    lowered = name.lower()
    for kind, known in patterns.items():
        if any(fnmatchcase(lowered, pattern) for pattern in known):
            return kind
    return None
