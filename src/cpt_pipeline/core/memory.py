"""What was found out about files and need not be found out again while they stay as they were.

A memory is a small JSON file with an entry for each place. It is only that: without it, or with an entry lost to
another run, the bytes are read once more.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cpt_pipeline.core.artifact import digest_json, remove_unfinished, write_json
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.core.json_reading import read_json

logger = logging.getLogger(__name__)

_writing = threading.Lock()


def stamp(files: Mapping[str, Path]) -> str:
    """Return a digest of every file's name, size, modification time and inode: while it stays, so do the bytes."""
    stats = {name: path.stat() for name, path in files.items()}
    return digest_json({name: [stat.st_size, stat.st_mtime_ns, stat.st_ino] for name, stat in stats.items()})


def recall(memory: Path, place: Path) -> Any:
    """Return what was remembered of a place, or None."""
    return _read(memory).get(str(place.resolve()))


def remember(memory: Path, place: Path, known: Any) -> None:
    """Remember something of a place; what was known of places that are gone is forgotten."""
    with _writing:
        kept = {name: entry for name, entry in _read(memory).items() if Path(name).exists()}
        try:
            memory.parent.mkdir(parents=True, exist_ok=True)
            remove_unfinished(memory)
            write_json(memory, {**kept, str(place.resolve()): known})
        except OSError as error:  # a data root that can only be read is looked at anew at every start
            logger.debug("%s cannot be written: %s", memory, error)


def _read(memory: Path) -> dict[str, Any]:
    if not memory.is_file():
        return {}
    try:
        known = read_json(memory)
    except ArtifactError as error:
        logger.debug("%s", error)
        known = None
    return known if isinstance(known, dict) else {}
