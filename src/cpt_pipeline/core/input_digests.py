"""Digests of the files and folders that conf names, as DVC counts them, so that they can be compared with a dvc.lock.

The MD5 of a file's bytes; of a folder that of the list of its files, what `.dvcignore` names left out. A folder of
gigabytes is not read again while its files are as they were (`core.memory`).
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from pathspec import GitIgnoreSpec

from cpt_pipeline.core import memory
from cpt_pipeline.core.artifact import md5_file

MEMORY = "inputs.json"
DIRECTORY = ".dir"
"""How DVC's digest of a folder ends."""
_NEVER_COUNTED = (".dvc/", ".git/", ".hg/")
_UNREADABLE = "unreadable"


def digest_place(place: Path, project: Path, remembered: Path) -> str | None:
    """Return the MD5 that DVC gives a file or a folder of `project` as it is now; None where neither is.

    What was read once is kept in the file `remembered`.
    """
    files = _files_below(place, project) if place.is_dir() else {"": place} if place.is_file() else None
    if files is None:
        return None
    stamp = memory.stamp(files)
    known = memory.recall(remembered, place)
    if not isinstance(known, dict) or known.get("stamp") != stamp:
        known = {"stamp": stamp, "digest": _digest(files)}
        memory.remember(remembered, place, known)
    digest: str = known["digest"]
    return digest


def _digest(files: dict[str, Path]) -> str:
    if "" in files:
        return _md5(files[""])
    listed = [{"md5": _md5(path), "relpath": name} for name, path in sorted(files.items())]
    return hashlib.md5(json.dumps(listed, sort_keys=True).encode()).hexdigest() + DIRECTORY


def _md5(path: Path) -> str:
    """Return the MD5 of a file; one that may not be read was read by no stage either, and enters by its name."""
    try:
        return md5_file(path)
    except PermissionError:
        return _UNREADABLE


def _files_below(folder: Path, project: Path) -> dict[str, Path]:
    """Return the files that DVC finds below a folder, by their path below it; folders are not followed by a link.

    What lies outside the project is none of its `.dvcignore`.
    """
    ignored = _ignored(project) if folder.is_relative_to(project) else GitIgnoreSpec.from_lines([])
    found = {}
    for parent, folders, names in os.walk(folder):
        within = os.path.relpath(parent, project)
        folders[:] = [name for name in folders if not ignored.match_file(f"{within}/{name}/")]
        for name in names:
            path = Path(parent, name)
            if not ignored.match_file(f"{within}/{name}") and path.is_file():
                found[str(path).removeprefix(f"{folder}/")] = path
    return found


def _ignored(project: Path) -> GitIgnoreSpec:
    listing = project / ".dvcignore"
    lines = listing.read_text(encoding="utf-8").splitlines() if listing.is_file() else []
    return GitIgnoreSpec.from_lines([*_NEVER_COUNTED, *lines])
