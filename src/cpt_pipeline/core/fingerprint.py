"""Code fingerprints: one per stage, which changes when the stage's code does and stays when only its wording does.

A fingerprint is of the syntax (`core.syntax`) and the data files in the import closure (`core.closure`) of the
stage's folder `pipelines/<stage>/`. DVC's stage `code` keeps them current:
`python -m cpt_pipeline.core.fingerprint PACKAGE OUT`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from cpt_pipeline.core.artifact import digest_file, digest_json, unfinished, write_json
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


def write_fingerprints(package: Path, path: Path) -> None:
    """Write the fingerprints of all stages of a package as JSON, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(unfinished(path), stage_fingerprints(package))
    os.replace(unfinished(path), path)


@cache
def _digest(path: Path, keep_annotations: bool) -> str:
    if path.suffix != ".py":
        return digest_file(path)
    return digest_json(read_module(path, keep_annotations).text)


if __name__ == "__main__":
    write_fingerprints(Path(sys.argv[1]), Path(sys.argv[2]))
