"""What a run wants of each model that conf names, looked at before the stage that would find out.

A model is loaded as its stage will load it, all but the numbers: every name and shape, and the code that would read
them. That needs torch, so it is done in a process of its own (`role_worker`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from pydantic import TypeAdapter

from cpt_pipeline.core.errors import UnfitModelError
from cpt_pipeline.core.params import Params
from cpt_pipeline.core.process import run_module

Role = Literal["base", "language_model", "classifier", "encoder", "name_tagger"]
"""What is trained; asked for words; trained to judge texts; asked for vectors; asked which words are names."""
WORKER = "cpt_pipeline.model.role_worker"
ANSWERS = "answers.json"


class Cast(Params):
    """A model folder and what is wanted of it."""

    folder: Path
    role: Role


CASTS = TypeAdapter(tuple[Cast, ...])


def find_unfit(casts: Sequence[Cast]) -> list[str | None]:
    """Return for each model what keeps it from its role, None where nothing does.

    Of a hub model whose weights are not here yet, config.json alone is looked at. Takes as long as torch to import.
    """
    if not casts:
        return []
    with TemporaryDirectory() as name:
        place = Path(name)
        (place / "casts.json").write_bytes(CASTS.dump_json(tuple(casts)))
        quiet = {"TRANSFORMERS_VERBOSITY": "error"}
        code, tail = run_module(WORKER, place / "casts.json", log=place / "log", environment=quiet)
        if code:
            folders = ", ".join(str(cast.folder) for cast in casts)
            raise UnfitModelError(f"{folders} could not be looked at (exit {code}); the last lines:\n{tail}")
        answers: list[str | None] = json.loads((place / ANSWERS).read_text(encoding="utf-8"))
        return answers


def require_fit(cast: Cast, key: str) -> None:
    """Raise `UnfitModelError` when a model that conf names at `key` cannot be what it is wanted for."""
    (problem,) = find_unfit([cast])
    if problem is not None:
        raise UnfitModelError(f"{key}: {problem}")
