"""Checkpoints for crash recovery: committed by one rename, loaded only if every byte matches the manifest.

    .tmp-step-000040/ -> files of every rank -> barrier -> rank 0: fsync, manifest, rename, fsync parent
    -> barrier -> only now older ones go

There is no `latest` pointer: the newest directory whose every byte matches is the truth.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cpt_pipeline.core.artifact import find_damage, flush, is_sealed, seal, write_json
from cpt_pipeline.core.errors import ArtifactError, CptError
from cpt_pipeline.core.json_reading import UNFINISHED, read_json

logger = logging.getLogger(__name__)
_PREFIX = "step-"
_NAME = re.compile(rf"{_PREFIX}\d{{6,}}")


def name_of(step: int) -> str:
    """Give the folder name of a step."""
    return f"{_PREFIX}{step:06}"


def steps_in(folder: Path) -> list[int]:
    """List the committed steps below `folder`, oldest first; unfinished ones do not count."""
    return [step for step in _all_steps(folder) if is_sealed(folder / name_of(step))]


def commit(
    folder: Path,
    step: int,
    write: Callable[[Path], None],
    *,
    kind: str,
    rank: int,
    barrier: Callable[[], None],
    **facts: Any,
) -> Path:
    """Have every rank `write` its files, then make them a checkpoint in one rename.

    `write` is called with the temporary folder on every rank; `facts` go into the manifest.
    """
    temporary, target = folder / f".tmp-{name_of(step)}", folder / name_of(step)
    if rank == 0:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
    barrier()
    write(temporary)
    barrier()
    if rank == 0:
        seal(temporary, kind, step=step, **facts)
        if target.exists():
            _remove(target)
        os.replace(temporary, target)
        flush(folder)
    barrier()
    return target


def keep_newest(folder: Path, count: int) -> None:
    """Remove all but the newest `count` committed steps, and every unfinished one."""
    committed = steps_in(folder)
    kept = committed[max(len(committed) - count, 0) :]
    for step in _all_steps(folder):
        if step not in kept:
            _remove(folder / name_of(step))
    for path in folder.glob(".tmp-*"):
        shutil.rmtree(path)


def drop_after(folder: Path, step: int) -> None:
    """Remove steps later than `step`, whole or damaged; the run will make them again."""
    for later in _all_steps(folder):
        if later > step:
            _remove(folder / name_of(later))


def newest_valid(folder: Path, digest: str) -> Path | None:
    """Give the newest checkpoint whose every byte matches its manifest, or None when there never was one.

    Damaged ones, also those without a manifest, are named in the log and passed over. `ArtifactError` when
    checkpoints exist and none is whole: a run never starts from the beginning in silence.
    """
    damaged = []
    for step in reversed(_all_steps(folder)):
        path = folder / name_of(step)
        problems = _problems(path, digest)
        if not problems:
            return path
        damaged.append(f"{path.name}: {'; '.join(problems[:3])}")
        logger.warning("checkpoint %s is not used: %s", path, "; ".join(problems[:3]))
    if damaged:
        listed = "\n".join(f"  - {line}" for line in damaged)
        raise ArtifactError(
            f"no checkpoint in {folder} is whole:\n{listed}\nRemove the folder to start this stage anew."
        )
    return None


def read_state(path: Path) -> dict[str, Any]:
    """Read the small state of a checkpoint."""
    state: dict[str, Any] = read_json(path / "state.json", keys=("digest",), remedy=UNFINISHED)
    return state


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Write the small state of a checkpoint."""
    write_json(path / "state.json", state)


def _problems(path: Path, digest: str) -> list[str]:
    try:
        problems = find_damage(path)
        if not problems and read_state(path)["digest"] != digest:
            problems = ["made by a run with other inputs or params"]
    except (CptError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        # The bytes may be anything, so the JSON may have any shape.
        problems = [f"unreadable ({error})"]
    return problems


def _all_steps(folder: Path) -> list[int]:
    """List the steps that were ever committed and not removed, also without a manifest, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(int(path.name.removeprefix(_PREFIX)) for path in folder.iterdir() if _NAME.fullmatch(path.name))


def _remove(path: Path) -> None:
    """Remove a step so that a kill in the middle leaves no half of it under its name."""
    doomed = path.with_name(f".tmp-old-{path.name}")
    shutil.rmtree(doomed, ignore_errors=True)
    os.replace(path, doomed)
    shutil.rmtree(doomed)
