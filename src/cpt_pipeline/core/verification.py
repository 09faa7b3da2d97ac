"""Reading only what is whole: an artifact is checked byte by byte, once per content.

What was found whole is remembered in `<data root>/.work/verified.json`: by place, the hash of the manifest and a stamp
of its files. While both are as they were, nothing is read again.
"""

from __future__ import annotations

import os
from pathlib import Path

from cpt_pipeline.core import memory
from cpt_pipeline.core.artifact import content_hash, require_whole
from cpt_pipeline.core.workspace import ROOT_VARIABLE, root

MEMORY = "verified.json"


def verify_artifact(directory: Path) -> None:
    """Raise `ArtifactError` unless every byte of an artifact matches its manifest; reads them once per content."""
    known, place = _describe(directory), _place()
    if place is None or memory.recall(place, directory) != known:
        require_whole(directory)
        _remember(directory, known)


def remember(directory: Path) -> None:
    """Note an artifact that was just found whole, so that `verify_artifact` need not read it."""
    _remember(directory, _describe(directory))


def _describe(directory: Path) -> dict[str, str]:
    files = {path.relative_to(directory).as_posix(): path for path in directory.rglob("*") if path.is_file()}
    return {"manifest": content_hash(directory), "stamp": memory.stamp(files)}


def _place() -> Path | None:
    """Return where this data root keeps the memory; without a data root (a worker by hand) none."""
    return root() / MEMORY if ROOT_VARIABLE in os.environ else None


def _remember(directory: Path, known: dict[str, str]) -> None:
    if (place := _place()) is not None:
        memory.remember(place, directory, known)
