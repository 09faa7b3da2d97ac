"""Workspaces: where a stage works, named after what it works on.

`<data root>/.work/<stage>-<digest of inputs and params>`: killed work finds itself again, changed
inputs start clean. What resumes lives beside `out/`; `out/` holds what will be published and is
emptied at every start. Publishing the last directory of `out/` ends the workspace (`close_if_spent`).
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cpt_pipeline.core import provenance
from cpt_pipeline.core.artifact import content_hash, digest_json, write_json
from cpt_pipeline.core.errors import OtherCodeError, WorkspaceBusyError
from cpt_pipeline.core.fingerprint import stage_fingerprint
from cpt_pipeline.core.params import Params

logger = logging.getLogger(__name__)

ROOT_VARIABLE = "CPT_DATA_ROOT"
"""Environment variable with the data root of this run; the wiring sets it from conf."""

Input = Path | Mapping[str, Any]
"""An artifact directory, or a small JSON value."""

_PACKAGE = Path(__file__).parents[1]
_LOCK, _OUT, _CODE = ".lock", "out", "code.json"

_opened: list[tuple[str, Path]] = []


def root() -> Path:
    """Give the folder of all workspaces of this data root."""
    return Path(os.environ.get(ROOT_VARIABLE, "data")) / ".work"


def opened() -> list[tuple[str, Path]]:
    """Return stage and path of every workspace that this process has opened, the oldest first."""
    return list(_opened)


@dataclass(frozen=True)
class Workspace:
    """The place of one piece of work. `path` survives a kill, `out` is made anew at every start."""

    stage: str
    path: Path
    inputs: dict[str, str]
    params: dict[str, Any]
    earlier_code: tuple[str, ...] = ()
    """Fingerprints of other code that a part of this work was done with."""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def out(self) -> Path:
        """Directory whose children are published as artifacts."""
        return self.path / _OUT

    @property
    def digest(self) -> str:
        """What names this work: inputs and params."""
        return self.path.name.rpartition("-")[2]

    def provenance(self) -> dict[str, Any]:
        """Give `<stage>_provenance`: params, input and output hashes, code, versions, times."""
        outputs = {path.name: content_hash(path) for path in sorted(self.out.iterdir()) if path.is_dir()}
        return provenance.describe(
            self.stage, self.params, self.inputs, outputs, self.started, earlier_code=self.earlier_code
        )


@contextmanager
def workspace(
    stage: str,
    inputs: Mapping[str, Input],
    params: Params | Mapping[str, Params],
    *,
    accepts_other_code: bool | None = None,
) -> Iterator[Workspace]:
    """Open the workspace of `stage` for these inputs and params.

    What was left there by other code of the stage begins again, or, where that may have taken days, is gone on with
    when `accepts_other_code` is true and refused with `OtherCodeError` when it is false. Work that ends with nothing in
    `out/` to publish leaves no workspace behind. `WorkspaceBusyError` when another live process holds it.
    """
    hashes = {name: _identity(value) for name, value in inputs.items()}
    plain = _plain(params)
    digest = digest_json({"stage": stage, "inputs": hashes, "params": plain})[:16]
    path = root() / f"{stage}-{digest}"
    path.mkdir(parents=True, exist_ok=True)
    with locked(path / _LOCK):
        work = Workspace(stage, path.resolve(), hashes, plain, _settle_code(stage, path, accepts_other_code))
        shutil.rmtree(work.out, ignore_errors=True)
        work.out.mkdir()
        _opened.append((stage, work.path))
        yield work
        if not any(work.out.iterdir()):
            shutil.rmtree(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock that dies with this process; name the holder when it is taken."""
    with path.open("a+", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            raise WorkspaceBusyError(
                f"{path.parent} is in use by {stream.read().strip() or 'another process'}. "
                "Wait for it or stop it; two writers would destroy each other's work."
            ) from None
        stream.seek(0)
        stream.truncate()
        stream.write(json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}))
        stream.flush()
        yield


def close_if_spent(published_from: Path) -> None:
    """Remove the workspace once the last directory of its `out/` has been moved away."""
    out = published_from.parent
    if out.name == _OUT and out.parent.parent.name == ".work" and not any(out.iterdir()):
        shutil.rmtree(out.parent, ignore_errors=True)


def _settle_code(stage: str, path: Path, accepts: bool | None) -> tuple[str, ...]:
    """Note which code works here now; return the fingerprints of the code that did before, where it was another."""
    now = stage_fingerprint(stage, _PACKAGE)
    if now is None:
        return ()
    begun = [child for child in path.iterdir() if child.name not in (_LOCK, _OUT, _CODE)]
    known: list[str] = _noted_code(path / _CODE) if begun else []
    if begun and known[-1] != now:
        if accepts is None:
            logger.info("%s begins again: what is unfinished was made by other code", stage)
            for child in begun:
                shutil.rmtree(child) if child.is_dir() else child.unlink()
            known = []
        elif not accepts:
            raise OtherCodeError(
                f"{path} holds an unfinished {stage} that other code made, and one model would be made by both. To go "
                f"on all the same, which the provenance will say, set {stage}_run.resume_other_code: true; to begin "
                "again, remove that folder (`kedro workspaces --clear` removes all unfinished work)."
            )
    if not known or known[-1] != now:
        known = [*known, now]
    write_json(path / _CODE, known)
    return tuple(known[:-1])


def _noted_code(note: Path) -> list[str]:
    try:
        known: list[str] = json.loads(note.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # an earlier release of this package noted none
        known = []
    return known or ["unknown"]


def _identity(value: Input) -> str:
    return content_hash(value) if isinstance(value, Path) else digest_json(value)


def _plain(params: Params | Mapping[str, Params]) -> dict[str, Any]:
    if isinstance(params, Params):
        return params.model_dump(mode="json")
    return {name: each.model_dump(mode="json") for name, each in params.items()}
