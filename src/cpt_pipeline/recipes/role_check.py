"""Whether each model that conf names can be what it is wanted for: asked before collect, not behind the data stages."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from cpt_pipeline.core.errors import ModelNotFoundError, UnfitModelError
from cpt_pipeline.formats.models import locate_model
from cpt_pipeline.model.roles import Cast, find_unfit
from cpt_pipeline.recipes.named_models import NamedModel, find_named_models
from cpt_pipeline.recipes.problem import Problem
from cpt_pipeline.recipes.settings import Settings

_FIRST = "collect"
"""A run that begins with it is told of the models of all stages."""


def find_miscast(settings: Settings, stages: Collection[str]) -> Iterator[Problem]:
    """Return the models of a run's stages that cannot do what they are wanted for.

    Those that are not there are left to `machine_check`. Takes seconds where there is a model, since torch reads it.
    """
    models = [model for model in find_named_models(settings) if model.stage in stages or _FIRST in stages]
    found = [(model, folder) for model in models if (folder := _locate(model)) is not None]
    casts = [Cast(folder=folder, role=model.role) for model, folder in found]
    for (model, _), words in zip(found, find_unfit(casts), strict=True):
        if words is not None:
            yield Problem(model.key, words)


def _locate(model: NamedModel) -> Path | None:
    if model.role == "name_tagger":
        return Path(model.name) if Path(model.name, "config.json").is_file() else None
    try:
        return locate_model(model.name, model.revision, key=model.key)
    except (ModelNotFoundError, UnfitModelError):
        return None
