"""Reading artifacts that may be missing: every look-up gives the value, or None, and never raises.

The report is written after a roll back and after a stop as well, so a stage that never ran must show as missing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

STAGES = (
    "collect",
    "clean",
    "dedup",
    "base",
    "tokenizer",
    "tokenize",
    "mix_law",
    "mix",
    "plan",
    "stage1",
    "stage2",
    "merge",
    "evaluate",
    "decide",
)
"""The stages the report tells of, in the order the data flows."""

TRAINING = ("stage1", "stage2")

EXPECTED = (
    *(f"{stage}_metrics" for stage in STAGES),
    *(f"{stage}_provenance" for stage in STAGES),
    "base_log",
    "stage1_log",
    "stage2_log",
    "scores",
    "decision",
    "permit",
)
"""Every artifact the report reads."""


class Artifacts:
    """Name to JSON value, read without surprises."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def get(self, name: str, *path: str | int) -> Any:
        """Follow `path` into an artifact; None where anything on the way is missing or not a number."""
        value = self._values.get(name)
        for key in path:
            if isinstance(value, Mapping):
                value = value.get(key)
            elif isinstance(value, list | tuple) and isinstance(key, int) and -len(value) <= key < len(value):
                value = value[key]
            else:
                return None
        return None if isinstance(value, float) and not math.isfinite(value) else value

    def number(self, name: str, *path: str | int) -> float | None:
        """Give a number, or None where there is none."""
        value = self.get(name, *path)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def mapping(self, name: str, *path: str | int) -> dict[str, Any]:
        """Give a mapping; an empty one where it is missing."""
        value = self.get(name, *path)
        return dict(value) if isinstance(value, Mapping) else {}

    def rows(self, name: str, *path: str | int) -> list[Any]:
        """Give a list; an empty one where it is missing."""
        value = self.get(name, *path)
        return list(value) if isinstance(value, list | tuple) else []

    def records(self, name: str, *path: str | int) -> list[dict[str, Any]]:
        """Give the mappings of a list; an empty list where it is missing."""
        return [dict(row) for row in self.rows(name, *path) if isinstance(row, Mapping)]

    def counts(self, name: str, *path: str | int) -> list[tuple[str, float | None]]:
        """Give the entries of a mapping of counts, the largest first."""
        found = [(key, self.number(name, *path, key)) for key in self.mapping(name, *path)]
        return sorted(found, key=lambda pair: (-(pair[1] or 0.0), pair[0]))

    def missing(self) -> list[str]:
        """Name the expected artifacts that are not there."""
        return [name for name in EXPECTED if self._values.get(name) is None]

    def channels(self) -> list[str]:
        """Give every channel any artifact speaks of: domain first, then by name."""
        known = set(self.mapping("collect_metrics", "channels")) | set(self.mapping("tokenize_metrics", "train"))
        known |= set(self.mapping("scores", "models", "base", "channels")) | set(self.roles())
        return sorted(known, key=lambda channel: (self.roles().get(channel) != "domain", channel))

    def roles(self) -> dict[str, str]:
        """Give channel to role, from the decision's checks or else from the evaluation's parameters."""
        checks: dict[Any, Any] = {
            check.get("channel"): check.get("role") for check in self.records("decision", "checks")
        }
        declared = self.mapping("evaluate_provenance", "params", "channels", "roles")
        return {str(name): str(role) for name, role in {**declared, **checks}.items() if name and role}

    def candidate(self) -> str | None:
        """Give the name of the model that was judged, or the last one that was measured."""
        judged = self.get("decision", "candidate")
        measured = [name for name in self.mapping("scores", "models") if name != "base"]
        return str(judged) if judged else (measured[-1] if measured else None)

    def shown_models(self) -> list[str]:
        """Give the models put side by side: base, the judged candidate, and the released one where it is a third."""
        models = ["base", self.candidate(), self.get("decision", "model")]
        return list(dict.fromkeys(str(name) for name in models if name))
