"""Which releases there are, and whether one is still what was released.

A release is named by its number and by what identifies its model and decision (`0001-3f2a9c1b`). It came into being
whole, in one rename, so one without a manifest is not unfinished but damaged: it is named, never passed over in
silence and never pointed at, and its number is not given again. A folder under any other name, a copy, is none.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cpt_pipeline.core.artifact import MANIFEST, digest_file, is_sealed, read_manifest, require_whole
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.wiring.releases.draft import MODEL, identify

STAYS = "The pointer stays. `kedro rollback --to ID` goes to another release."
_NAME = re.compile(r"\d{4,}-[0-9a-f]{8}")
_PUT_BACK = "Put it back from a copy of that folder; no stage makes a release again."


def find_names(root: Path) -> list[str]:
    """Return the names of all releases, whole or damaged, oldest first."""
    found = root.iterdir() if root.is_dir() else ()
    names = [path.name for path in found if _NAME.fullmatch(path.name)]
    return sorted(names, key=lambda name: (number_of(name), name))


def number_of(release: str) -> int:
    """Return the number that a release was given."""
    return int(release.partition("-")[0])


def list_releases(root: Path) -> list[str]:
    """Return the names of all releases whose records are whole (`find_damaged`), oldest first."""
    damaged = find_damaged(root)
    return [name for name in find_names(root) if name not in damaged]


def find_damaged(root: Path) -> dict[str, str]:
    """Return the releases with a damaged or missing file, each with what is wrong; weights are not read for it."""
    found = {name: find_damage(root / name) for name in find_names(root)}
    return {name: damage for name, damage in found.items() if damage}


def find_damage(release: Path) -> str | None:
    """Return what is wrong with the manifest of a release or a file beside its model."""
    try:
        listed = read_release_manifest(release)["files"]
    except ArtifactError as error:
        return str(error)
    for name, entry in listed.items():
        path = release / name
        if not name.startswith(MODEL) and not (path.is_file() and digest_file(path) == entry["xxh3_128"]):
            return f"{path} is missing or not as the manifest says."
    if identify(listed) != release.name.rpartition("-")[2]:
        return f"{release / MANIFEST} is that of another release, not of the one of this name."
    return None


def require_release(root: Path, release: str, remedy: str = STAYS) -> None:
    """Raise `ArtifactError`, with `remedy`, unless every byte of a release is as it was released."""
    if damage := find_damage(root / release):
        raise ArtifactError(f"{damage}\n{remedy}")
    require_whole(root / release, remedy)


def read_release_manifest(release: Path) -> dict[str, Any]:
    """Return the manifest of a release. `ArtifactError` when there is none, or it is damaged or of another format."""
    if not is_sealed(release):
        raise ArtifactError(f"{release / MANIFEST} is missing: it was removed after the release was made. {_PUT_BACK}")
    return read_manifest(release)


def has_record(release: Path) -> bool:
    """Return whether a release holds the dvc.lock of its run."""
    return "dvc.lock" in read_release_manifest(release)["files"]
