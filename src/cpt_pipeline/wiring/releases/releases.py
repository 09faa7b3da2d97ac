"""Releases: the models that were promoted, append-only, and one pointer to the one in use.

    data/09_releases/0001-3f2a9c1b/   what release_draft and, once DVC has the run on record, release_lock write
    data/09_releases/current.json     which of them is in use
    data/09_releases/intent.json      only while the pointer moves; completed when a run starts or the pointer moves

A release is never removed here, and never changed but for the dvc.lock that it gets once; going back moves the pointer.
Which releases there are, and which are damaged, is said by release_check.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cpt_pipeline.core.artifact import MANIFEST, digest_file, publish, write_json
from cpt_pipeline.core.errors import ArtifactError, ParameterError, WorkspaceBusyError
from cpt_pipeline.core.json_reading import read_json
from cpt_pipeline.core.workspace import locked
from cpt_pipeline.wiring.releases.check import (
    STAYS,
    find_names,
    list_releases,
    number_of,
    read_release_manifest,
    require_release,
)
from cpt_pipeline.wiring.releases.draft import RunFacts, write_draft

POINTER = "current.json"
INTENT = "intent.json"
BASE_MODEL = "base"
RECORD = ("results", "dvc.yaml", "dvc.lock")
"""What a release gets when DVC has its run on record, in the order it is moved in; then the manifest names it."""
_DRAFT = ".draft"


@dataclass(frozen=True)
class Move:
    """Where the pointer is now, and whether only an earlier, interrupted move was finished."""

    pointer: dict[str, Any]
    resumed: bool


def current(root: Path) -> dict[str, Any]:
    """Read the pointer: `{"release", "model", "folder"}`; the base model when nothing was promoted yet.

    `ArtifactError` when it cannot be read, contradicts itself or names a release that is not there.
    """
    path = root / POINTER
    return _read(path, {"release", "model", "folder"}) if path.exists() else _pointer(root, None)


def settle(root: Path, outcome: Mapping[str, Any], facts: RunFacts) -> dict[str, Any]:
    """Act on a decision: append a release and point at it, or leave everything as it is.

    `outcome` holds verdict, model, folder (None when there is nothing to release), decision and scores.
    The same model with the same decision is one release, however often it is decided. `ArtifactError` when a byte of
    the model is not as it was made.
    """
    folder = outcome["folder"]
    with _alone(root):
        _finish_intent(root)
        if folder is None or outcome["model"] == BASE_MODEL or outcome["verdict"] == "hold":
            pointer = current(root)
            write_json(root / POINTER, pointer)
        else:
            pointer = _point_at(root, _append(root, outcome, Path(folder), facts))
            forget_intent(root)
    return pointer


def roll_back(root: Path, to: str | None = None) -> Move:
    """Move the pointer to the release before the one in use, or to `to` (an id, its start, or `base`).

    Without `to`, a move that was interrupted is finished, and that is all. The intent stays until the caller has said
    what was done (`forget_intent`), so that typing the command again never goes back twice.
    `ParameterError` when there is no such release, `ArtifactError` when its bytes differ from its manifest.
    """
    with _alone(root):
        if to is None and (root / INTENT).exists():
            return Move(_finish_intent(root), resumed=True)
        known = find_names(root)
        target = _before(current(root)["release"], known) if to is None else _resolve(to, known)
        if target is not None:
            require_release(root, target)
        return Move(_point_at(root, target), resumed=False)


def forget_intent(root: Path) -> None:
    """Remove the intent: the move is done and told."""
    (root / INTENT).unlink(missing_ok=True)


def complete(root: Path) -> dict[str, Any] | None:
    """Finish what a killed process began and remove what it left; return the pointer that was moved, if one was.

    What a live process is doing is left to it. `ArtifactError` when pointer or intent cannot be read.
    """
    if (root / INTENT).exists() or (root / _DRAFT).is_dir() or any(root.glob(".*.tmp")):
        try:
            with _alone(root):
                if (root / INTENT).exists():
                    pointer = _finish_intent(root)
                    forget_intent(root)
                    return pointer
        except WorkspaceBusyError:
            return None
    current(root)
    return None


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Hold the lock of all releases; what is unfinished while nobody else holds it was left by a kill."""
    root.mkdir(parents=True, exist_ok=True)
    with locked(root / ".lock"):
        shutil.rmtree(root / _DRAFT, ignore_errors=True)
        for left in [*root.glob(".*.tmp"), *root.glob("*/.manifest.json.*.tmp")]:
            left.unlink()
        for name in find_names(root):
            _remove_unlisted(root / name)
        yield


def add_record(root: Path, release: str, write: Callable[[Path], None]) -> None:
    """Have `write` make `RECORD` in a folder, and move it into a release; the manifest that names it comes last."""
    place, draft = root / release, root / _DRAFT
    with _alone(root):
        manifest = read_release_manifest(place)
        write(draft)
        added = {
            path.relative_to(draft).as_posix(): {"bytes": path.stat().st_size, "xxh3_128": digest_file(path)}
            for path in sorted(draft.rglob("*"))
            if path.is_file()
        }
        for name in RECORD:
            if (draft / name).exists():
                os.replace(draft / name, place / name)
        write_json(place / MANIFEST, {**manifest, "files": {**manifest["files"], **added}})
        shutil.rmtree(draft)


def _remove_unlisted(release: Path) -> None:
    """Remove a record that a kill kept from being named by the manifest; nothing where the manifest is damaged."""
    try:
        listed = read_release_manifest(release)["files"]
    except ArtifactError:
        return
    for name in RECORD:
        path = release / name
        if path.is_dir() and not any(each.startswith(f"{name}/") for each in listed):
            shutil.rmtree(path)
        elif path.is_file() and name not in listed:
            path.unlink()


def _append(root: Path, outcome: Mapping[str, Any], folder: Path, facts: RunFacts) -> str:
    draft = root / _DRAFT
    identity = write_draft(draft, outcome, folder, facts)
    known = find_names(root)
    for name in known:
        if name.endswith(f"-{identity}"):
            require_release(root, name, "The pointer stays. Move that folder away, and decide makes it anew.")
            shutil.rmtree(draft)
            return name
    name = f"{max(map(number_of, known), default=0) + 1:04}-{identity}"
    publish(draft, root / name)
    return name


def _finish_intent(root: Path) -> dict[str, Any]:
    """Move the pointer where an interrupted process meant to move it, if there was one."""
    path = root / INTENT
    if not path.exists():
        return current(root)
    release = _read(path, {"release"})["release"]
    if release is not None:
        require_release(root, release)
    return _point_at(root, release)


def _point_at(root: Path, release: str | None) -> dict[str, Any]:
    """Record the intent and move the pointer; the intent stays."""
    pointer = _pointer(root, release)
    for path in (root / INTENT, root / POINTER):
        _require_no_folder(path)
    write_json(root / INTENT, {"release": release})
    write_json(root / POINTER, pointer)
    return pointer


def _pointer(root: Path, release: str | None) -> dict[str, Any]:
    if release is None:
        return {"release": None, "model": BASE_MODEL, "folder": None}
    about = read_json(root / release / "release.json", keys=("model",), remedy=STAYS)
    return {"release": release, "model": about["model"], "folder": f"{release}/model"}


def _read(path: Path, keys: set[str]) -> dict[str, Any]:
    """Read the pointer or the intent. Never rebuilt in silence: the newest release need not be the one in use."""
    changed = "It was cut short or changed by hand, or a release was removed."
    try:
        _require_no_folder(path)
        record: dict[str, Any] = read_json(path, keys=keys, remedy=changed)
        if fault := _find_contradiction(record, find_names(path.parent)):
            raise ArtifactError(f"{path} is damaged ({fault}). {changed}")
    except ArtifactError as error:
        known = ", ".join([BASE_MODEL, *list_releases(path.parent)])
        raise ArtifactError(
            f"{error} Write it anew: `kedro rollback --to ID`, where ID is the release that is to be in use ({known})."
        ) from error
    return record


def _require_no_folder(path: Path) -> None:
    if path.is_dir():
        raise ArtifactError(f"{path} is damaged (a folder lies where a file belongs). Move that folder away first.")


def _find_contradiction(record: Mapping[str, Any], known: list[str]) -> str | None:
    """Return what in a pointer or an intent cannot be; an intent has the release alone."""
    release = record["release"]
    if release is not None and release not in known:
        return f"it names release {release!r}, which is not there"
    expected = f"{release}/model" if release else None
    if record.get("folder", expected) != expected:
        return f"release {release!r} with folder {record['folder']!r}"
    if "model" in record and (not isinstance(record["model"], str) or (record["model"] == BASE_MODEL) != (not release)):
        return f"release {release!r} with model {record['model']!r}"
    return None


def _before(release: str | None, known: list[str]) -> str | None:
    if release is None:
        raise ParameterError("The base model is in use: there is no release to go back from.")
    place = known.index(release)
    return known[place - 1] if place else None


def _resolve(wanted: str, known: list[str]) -> str | None:
    if wanted == BASE_MODEL:
        return None
    found = [name for name in known if name.startswith(wanted)]
    if len(found) != 1:
        listed = ", ".join([BASE_MODEL, *known])
        raise ParameterError(f"--to {wanted} names {len(found)} releases; there are {listed}.")
    return found[0]
