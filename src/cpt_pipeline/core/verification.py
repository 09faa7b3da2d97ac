"""Reading only what is whole: an artifact is checked byte by byte, once per content.

What was found whole is remembered in `<data root>/.work/verified.json`: by place, the hash of the manifest and a stamp
of every file's name, size, modification time and inode. While both are as they were, nothing is read again. The file
is only a memory: without it, or with an entry lost to another run, the bytes are read once more.
"""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import Any

from cpt_pipeline.core.artifact import content_hash, digest_json, remove_unfinished, require_whole, write_json
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.core.json_reading import read_json
from cpt_pipeline.core.workspace import ROOT_VARIABLE, root

logger = logging.getLogger(__name__)

MEMORY = "verified.json"
_writing = threading.Lock()


def verify_artifact(directory: Path) -> None:
    """Raise `ArtifactError` unless every byte of an artifact matches its manifest; reads them once per content."""
    known = _describe(directory)
    if _recall().get(str(directory.resolve())) != known:
        require_whole(directory)
        _remember(directory, known)


def remember(directory: Path) -> None:
    """Note an artifact that was just found whole, so that `verify_artifact` need not read it."""
    _remember(directory, _describe(directory))


def _describe(directory: Path) -> dict[str, str]:
    stats = {path.relative_to(directory).as_posix(): path.stat() for path in directory.rglob("*") if path.is_file()}
    stamp = {name: [stat.st_size, stat.st_mtime_ns, stat.st_ino] for name, stat in stats.items()}
    return {"manifest": content_hash(directory), "stamp": digest_json(stamp)}


def _place() -> Path | None:
    """Return where this data root keeps the memory; without a data root (a worker by hand) none."""
    return root() / MEMORY if ROOT_VARIABLE in os.environ else None


def _recall() -> dict[str, Any]:
    place = _place()
    if place is None or not place.is_file():
        return {}
    try:
        known = read_json(place)
    except ArtifactError as error:
        logger.debug("%s", error)
        known = None
    return known if isinstance(known, dict) else {}


def _remember(directory: Path, known: dict[str, str]) -> None:
    place = _place()
    if place is None:
        return
    with _writing:
        kept = {name: entry for name, entry in _recall().items() if Path(name).is_dir()}
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            remove_unfinished(place)
            write_json(place, {**kept, str(directory.resolve()): known})
        except OSError as error:  # a data root that can only be read is checked at every start
            logger.debug("%s cannot be written: %s", place, error)
