"""Where it came from: code, parameters, inputs and outputs of every stage by hash; and all numbers as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cpt_pipeline.core.artifact import digest_json
from cpt_pipeline.reporting import words
from cpt_pipeline.reporting.page import Cell, Lines, Table, table
from cpt_pipeline.reporting.reading import STAGES, Artifacts


def stages(artifacts: Artifacts) -> Table:
    """Give the hashes of every stage: equal hashes are equal bytes."""
    rows: list[list[Cell]] = []
    for stage in STAGES:
        name = f"{stage}_provenance"
        params = artifacts.get(name, "params")
        rows.append(
            [
                stage,
                words.moment(artifacts.get(name, "started")),
                _code(words.short(artifacts.get(name, "code", "digest"))),
                _code(words.short(None if params is None else digest_json(params))),
                _hashes(artifacts, name, "inputs"),
                _hashes(artifacts, name, "outputs"),
            ]
        )
    return table(("stage", "started", "code", "parameters", "inputs", "outputs"), rows, left=(0, 1, 2, 3, 4, 5))


def _code(text: str | None) -> Cell:
    return None if text is None else Lines((text,))


def _hashes(artifacts: Artifacts, name: str, which: str) -> Cell:
    if artifacts.get(name, which) is None:
        return None
    return Lines(tuple(f"{key} {words.short(str(value))}" for key, value in artifacts.mapping(name, which).items()))


def surroundings(artifacts: Artifacts) -> Table:
    """Give library versions, machine and commit; where stages differ, each value with its stages."""
    facts: dict[str, dict[str, list[str]]] = {}
    for stage in STAGES:
        name = f"{stage}_provenance"
        known = {
            "commit": artifacts.get(name, "code", "commit"),
            "files changed since the commit": artifacts.get(name, "code", "changed_files"),
            **artifacts.mapping(name, "machine"),
            **artifacts.mapping(name, "versions"),
        }
        for fact, value in known.items():
            if value is not None:
                facts.setdefault(fact, {}).setdefault(str(value), []).append(stage)
    return table(("what", "value"), [[fact, _values(values)] for fact, values in facts.items()], left=(0, 1))


def _values(values: Mapping[str, list[str]]) -> Cell:
    if len(values) == 1:
        return next(iter(values))
    return Lines(tuple(f"{value} ({', '.join(where)})" for value, where in values.items()))


def numbers(artifacts: Artifacts) -> list[tuple[str, Table]]:
    """Give every number of the metrics, scores, decision and permit just as the artifacts hold them."""
    names = [*(f"{stage}_metrics" for stage in STAGES), "scores", "decision", "permit"]
    shown = []
    for name in names:
        rows = [[key, str(value)] for key, value in _leaves(artifacts.get(name)) if key]
        shown.append((name, table(("key", "value"), rows, left=(0, 1))))
    return shown


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list | tuple) and any(isinstance(inner, Mapping | list | tuple) for inner in value):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{key}[{index}]")
    elif isinstance(value, list | tuple):
        yield key, ", ".join(str(inner) for inner in value)
    elif value is not None:
        yield key, value
