"""Provenance: which params, inputs, code and library versions made an artifact, and when.

Kept beside the metrics as `<stage>_provenance.json`, never inside an artifact: inside, a new clock
or a comment would make equal content look different and retrain a model.
"""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from cpt_pipeline.core.fingerprint import stage_fingerprint
from cpt_pipeline.core.redaction import redact

_LIBRARIES = (
    "torch",
    "transformers",
    "deepspeed",
    "peft",
    "datasets",
    "datatrove",
    "tokenizers",
    "numpy",
    "pyarrow",
    "kedro",
    "dvc",
    "mlflow",
)


def describe(
    stage: str, params: dict[str, Any], inputs: dict[str, str], outputs: dict[str, str], started: datetime
) -> dict[str, Any]:
    """Give the provenance record of one finished stage."""
    return {
        "stage": stage,
        "params": redact(params),
        "inputs": inputs,
        "outputs": outputs,
        "code": {
            "commit": _git("rev-parse", "HEAD"),
            "changed_files": len((_git("status", "--porcelain", "--untracked-files=no") or "").splitlines()),
            "digest": stage_fingerprint(stage, Path(__file__).parents[1]),
        },
        "versions": {"python": platform.python_version(), **_versions()},
        "machine": {"platform": platform.platform(terse=True), "processors": os.cpu_count()},
        "started": started.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - started).total_seconds(), 2),
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
