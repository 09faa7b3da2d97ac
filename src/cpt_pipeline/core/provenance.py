"""Provenance: which params, inputs, code and library versions made an artifact, and when.

Kept beside the metrics as `<stage>_provenance.json`, never inside an artifact: inside, a new clock
or a comment would make equal content look different and retrain a model.
"""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cpt_pipeline.core.fingerprint import stage_fingerprint
from cpt_pipeline.core.redaction import redact

_DISTRIBUTION = "cpt_pipeline"
_NO_PART_OF_A_RESULT = "dev"
"""The extra with the tools of those who work on the package."""


def describe(
    stage: str,
    params: dict[str, Any],
    inputs: dict[str, str],
    outputs: dict[str, str],
    started: datetime,
    *,
    earlier_code: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return the provenance record of one finished stage; `earlier_code` are fingerprints of what began it."""
    return {
        "stage": stage,
        "params": redact(params),
        "inputs": inputs,
        "outputs": outputs,
        "code": {
            "commit": _git("rev-parse", "HEAD"),
            "changed_files": len((_git("status", "--porcelain", "--untracked-files=no") or "").splitlines()),
            "digest": stage_fingerprint(stage, Path(__file__).parents[1]),
            "earlier": list(earlier_code),
        },
        "versions": {"python": platform.python_version(), **package_versions()},
        "machine": {"platform": platform.platform(terse=True), "processors": os.cpu_count()},
        "started": started.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - started).total_seconds(), 2),
    }


def package_versions(*, deep: bool = False) -> dict[str, str]:
    """Return the version of every package that this one asks for, extras included, sorted by name.

    A requirement that is not there is "not installed"; of an extra, what is not there is left out. With `deep` also the
    packages that those ask for in turn.
    """
    return dict(_resolve(_DISTRIBUTION, deep))


@cache
def _resolve(root: str, deep: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    asked = [(root, extra) for extra in _extras(root)]
    seen = set(asked)
    while asked:
        distribution, extra = asked.pop()
        for each in map(Requirement, metadata.requires(distribution) or ()):
            if each.marker is not None and not each.marker.evaluate({"extra": extra}):
                continue
            name = canonicalize_name(each.name)
            version = _version(name)
            if version is None and (extra or distribution != root):
                continue
            found[name] = version or "not installed"
            if deep and version is not None:
                new = {(name, wanted) for wanted in ("", *each.extras)} - seen
                seen |= new
                asked += new
    return dict(sorted(found.items()))


def _extras(distribution: str) -> list[str]:
    """Return the extras that may decide a result, and "" for what is asked for without one."""
    if _version(distribution) is None:
        return []
    named = metadata.metadata(distribution).get_all("Provides-Extra") or []
    return ["", *(each for each in named if each != _NO_PART_OF_A_RESULT)]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
