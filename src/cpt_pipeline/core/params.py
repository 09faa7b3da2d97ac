"""The base of every parameter class: frozen, and closed to keys that nobody reads."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


class Params(BaseModel):
    """Parameters of one stage. Cannot change, cannot hold an unknown key.

    `str()` is JSON because MLflow stores `str(value)`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def __str__(self) -> str:
        return self.model_dump_json()


def _without_nulls(value: Any) -> Any:
    return {key: each for key, each in value.items() if each is not None} if isinstance(value, dict) else value


DropNulls = BeforeValidator(_without_nulls)
"""For mappings in conf: environments merge key by key, so `key: null` is how an environment removes one of base's."""

Seed = Annotated[int, Field(ge=0, lt=1 << 32)]
"""A seed that every library takes: numpy refuses negative ones, scikit-learn those of more than 32 bits."""


def _check_name(name: str) -> str:
    first = name[:1]
    inside = all(character in "_.-" or unicodedata.category(character)[0] in "LNM" for character in name)
    if not (first.isalnum() or first == "_") or not inside:
        raise ValueError(
            "a name is made of letters of any script, digits, _, - and ., and begins with none of the last two"
        )
    return name


Name = Annotated[str, AfterValidator(_check_name)]
"""What names files, metrics and ids: 教材, en, service-calls."""


class Report(BaseModel):
    """What a domain function says about its work: counts and shares, never a clock."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def as_metrics(self) -> dict[str, object]:
        """Give the JSON object that is stored as `<stage>_metrics`."""
        return self.model_dump(mode="json")
