"""Reading the small JSON files that this package wrote: what a disk, a copy or a hand did to one is said by name."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from cpt_pipeline.core.errors import ArtifactError

_REMEDY = "Put it back (git checkout, dvc checkout), or run its stage again."
UNFINISHED = "Remove it with all unfinished work of its stage (`kedro workspaces --clear`), and run that stage again."
"""What to do about a file of a stage that has not ended."""


def read_json(path: Path, *, keys: Collection[str] = (), remedy: str = _REMEDY) -> Any:
    """Return what a JSON file holds.

    With `keys` it must be an object that has them. `ArtifactError` names a file that is missing, no JSON, or another
    value, and ends with `remedy`.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArtifactError(f"{path} is missing. {remedy}") from error
    except IsADirectoryError as error:
        raise ArtifactError(f"{path} is damaged (a folder lies where a file belongs). {remedy}") from error
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path} is damaged ({error}). {remedy}") from error
    if keys and not isinstance(value, dict):
        raise ArtifactError(f"{path} is damaged (no JSON object). {remedy}")
    if missing := sorted(key for key in keys if key not in value):
        raise ArtifactError(f"{path} is damaged (it has no {', '.join(missing)}). {remedy}")
    return value
