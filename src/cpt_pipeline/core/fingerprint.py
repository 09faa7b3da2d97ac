"""Code fingerprints: one per stage, which changes when the stage's code does and stays when only its wording does.

A fingerprint is of the syntax (`core.syntax`) and the data files in the import closure (`core.closure`) of the
stage's folder `pipelines/<stage>/`. DVC's stage `code` keeps them current:
`python -m cpt_pipeline.core.fingerprint PACKAGE OUT`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cpt_pipeline.core.artifact import digest_file, digest_json, write_json
from cpt_pipeline.core.closure import import_closure, read_module

_STAGES = "pipelines"


def stage_fingerprints(package: Path) -> dict[str, str]:
    """Return the fingerprint of every stage of a package by its name, which is that of its folder."""
    folders = sorted(path.parent for path in (package / _STAGES).glob("*/__init__.py"))
    return {folder.name: fingerprint(folder.glob("*.py"), package) for folder in folders}


def stage_fingerprint(stage: str, package: Path) -> str | None:
    """Return the fingerprint of one stage; None when the package has no such stage."""
    folder = package / _STAGES / stage
    return fingerprint(folder.glob("*.py"), package) if folder.is_dir() else None


def fingerprint(starts: Iterable[Path], package: Path) -> str:
    """Return one digest of all code and data files reachable from `starts`, which keep their annotations for Kedro."""
    own, package = {path.resolve() for path in starts}, package.resolve()
    files = import_closure(own, package)
    return digest_json({path.relative_to(package).as_posix(): _digest(path, path in own) for path in files})


def remembered_fingerprints(package: Path, memory: Path) -> dict[str, str]:
    """Return `stage_fingerprints` from the file that keeps them while no byte of the package changes.

    Reading syntax takes a second of CPU, reading bytes a tenth of it.
    """
    source = _source_digest(package)
    try:
        known = json.loads(memory.read_text(encoding="utf-8"))
        if known["source"] == source:
            return {str(stage): str(digest) for stage, digest in known["stages"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        pass  # a memory that is not there or damaged is made again
    stages = stage_fingerprints(package)
    write_fingerprints({"source": source, "stages": stages}, memory)
    return stages


def write_fingerprints(fingerprints: Mapping[str, Any], path: Path) -> None:
    """Write fingerprints as JSON, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, fingerprints)


def _source_digest(package: Path) -> str:
    """Return a digest of every file of a package, and of the Python that reads them."""
    paths = sorted(path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc")
    files = {path.relative_to(package).as_posix(): digest_file(path) for path in paths}
    return digest_json({"python": sys.version_info[:2], "files": files})


@cache
def _digest(path: Path, keep_annotations: bool) -> str:
    if path.suffix != ".py":
        return digest_file(path)
    return digest_json(read_module(path, keep_annotations).text)


if __name__ == "__main__":
    write_fingerprints(stage_fingerprints(Path(sys.argv[1])), Path(sys.argv[2]))
