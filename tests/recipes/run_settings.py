"""The settings of the demonstration, with changes by dotted key."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import yaml

from cpt_pipeline.recipes.settings import Settings

CONF = Path(__file__).parents[2] / "conf" / "base"


@cache
def _base_text() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(CONF.glob("parameters_*.yml")))


def settings(changes: dict[str, Any] | None = None) -> Settings:
    """Return the settings of conf/base, changed."""
    values = yaml.safe_load(_base_text())
    for key, value in (changes or {}).items():
        place = values
        *parents, name = key.split(".")
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = value
    types = get_type_hints(Settings)
    return Settings(**{each.name: types[each.name].model_validate(values[each.name]) for each in fields(Settings)})
