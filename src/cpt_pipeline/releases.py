"""Releases: the models that were promoted, append-only, and one pointer to the one in use.

    data/09_releases/0001-3f2a9c1b/   model/ (hard links), decision.json, scores.json, release.json,
                                      parameters.json, contamination.json, dvc.lock when there is one, manifest.json
    data/09_releases/current.json     which of them is in use
    data/09_releases/intent.json      only while the pointer moves; completed when a run starts or the pointer moves

A release is never changed and never removed here; going back moves the pointer.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cpt_pipeline.core.artifact import (
    digest_json,
    find_damage,
    is_sealed,
    link_tree,
    publish,
    read_manifest,
    seal,
    write_json,
)
from cpt_pipeline.core.errors import ArtifactError, ParameterError
from cpt_pipeline.core.workspace import locked

POINTER = "current.json"
INTENT = "intent.json"
BASE_MODEL = "base"
_IDENTITY = ("model/", "decision.json", "scores.json")


@dataclass(frozen=True)
class RunFacts:
    """What a release keeps of the run that made it, besides the model and the decision."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    env: str | None = None
    commit: str | None = None
    lock: Path | None = None
    dedup_metrics: Path | None = None
    """Where the run has them, read when the release is made; what they say of each benchmark is kept."""


def current(root: Path) -> dict[str, Any]:
    """Read the pointer: `{"release", "model", "folder"}`; the base model when nothing was promoted yet."""
    path = root / POINTER
    if not path.is_file():
        return _pointer(root, None)
    pointer: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return pointer


def settle(root: Path, outcome: Mapping[str, Any], facts: RunFacts) -> dict[str, Any]:
    """Act on a decision: append a release and point at it, or leave everything as it is.

    `outcome` holds verdict, model, folder (None when there is nothing to release), decision and scores.
    The same model with the same decision is one release, however often it is decided.
    """
    root.mkdir(parents=True, exist_ok=True)
    complete(root)
    folder = outcome["folder"]
    with locked(root / ".lock"):
        if folder is None or outcome["model"] == BASE_MODEL or outcome["verdict"] == "hold":
            pointer = current(root)
            write_json(root / POINTER, pointer)
            return pointer
        return _point_at(root, _append(root, outcome, Path(folder), facts))


def roll_back(root: Path, to: str | None = None) -> dict[str, Any]:
    """Move the pointer to the release before the one in use, or to `to` (an id, its start, or `base`).

    `ParameterError` when there is no such release, `ArtifactError` when its bytes differ from its manifest.
    """
    complete(root)
    pointer = current(root)
    known = list_releases(root)
    target = _resolve(to, known) if to else _before(pointer["release"], known)
    if target is not None and (damage := find_damage(root / target)):
        raise ArtifactError(
            f"{root / target} is damaged, the pointer stays: {'; '.join(damage[:5])}. Choose another release."
        )
    with locked(root / ".lock"):
        return _point_at(root, target)


def list_releases(root: Path) -> list[str]:
    """Give the ids of all finished releases, oldest first."""
    folders = root.iterdir() if root.is_dir() else ()
    return sorted(path.name for path in folders if path.name.partition("-")[0].isdecimal() and is_sealed(path))


def complete(root: Path) -> None:
    """Finish what a killed process began: move the pointer it meant to move."""
    intent = root / INTENT
    if intent.is_file():
        with locked(root / ".lock"):
            if intent.is_file():
                _point_at(root, json.loads(intent.read_text(encoding="utf-8"))["release"])


def _append(root: Path, outcome: Mapping[str, Any], folder: Path, facts: RunFacts) -> str:
    draft = root / ".draft"
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "model").mkdir(parents=True)
    link_tree(folder, draft / "model", skip=())
    write_json(draft / "decision.json", outcome["decision"])
    write_json(draft / "scores.json", outcome["scores"])
    write_json(draft / "parameters.json", dict(facts.parameters))
    about = {"model": outcome["model"], "verdict": outcome["verdict"], "env": facts.env, "commit": facts.commit}
    write_json(draft / "release.json", about)
    write_json(draft / "contamination.json", _contamination(facts.dedup_metrics))
    if facts.lock is not None and facts.lock.is_file():
        shutil.copyfile(facts.lock, draft / "dvc.lock")
    identity = _identity(seal(draft, "release"))
    known = list_releases(root)
    for name in known:
        if name.endswith(f"-{identity}"):
            shutil.rmtree(draft)
            return name
    number = max((int(name.partition("-")[0]) for name in known), default=0) + 1
    name = f"{number:04}-{identity}"
    publish(draft, root / name)
    return name


def _contamination(dedup_metrics: Path | None) -> dict[str, Any]:
    """Give what was found of each benchmark in the material (`DedupReport.benchmarks`), or why it is not known."""
    if dedup_metrics is None or not dedup_metrics.is_file():
        return {"benchmarks": None, "unknown_because": "dedup_metrics was not there when the release was made"}
    try:
        benchmarks = json.loads(dedup_metrics.read_text(encoding="utf-8"))["benchmarks"]
    except (ValueError, KeyError, TypeError):
        return {"benchmarks": None, "unknown_because": "dedup_metrics could not be read or names no benchmarks"}
    return {"benchmarks": benchmarks, "unknown_because": None}


def _identity(manifest: Mapping[str, Any]) -> str:
    return digest_json({name: facts for name, facts in manifest["files"].items() if name.startswith(_IDENTITY)})[:8]


def _point_at(root: Path, release: str | None) -> dict[str, Any]:
    pointer = _pointer(root, release)
    write_json(root / INTENT, {"release": release})
    write_json(root / POINTER, pointer)
    (root / INTENT).unlink()
    return pointer


def _pointer(root: Path, release: str | None) -> dict[str, Any]:
    if release is None:
        return {"release": None, "model": BASE_MODEL, "folder": None}
    read_manifest(root / release)
    about = json.loads((root / release / "release.json").read_text(encoding="utf-8"))
    return {"release": release, "model": about["model"], "folder": f"{release}/model"}


def _before(release: str | None, known: list[str]) -> str | None:
    if release is None:
        raise ParameterError("The base model is in use: there is no release to go back from.")
    earlier = [name for name in known if name < release]
    return earlier[-1] if earlier else None


def _resolve(wanted: str, known: list[str]) -> str | None:
    if wanted == BASE_MODEL:
        return None
    found = [name for name in known if name.startswith(wanted)]
    if len(found) != 1:
        listed = ", ".join([BASE_MODEL, *known])
        raise ParameterError(f"--to {wanted} names {len(found)} releases; there are {listed}.")
    return found[0]
