"""What a stage was made from, and whether that is what conf, code and data are now.

Noted in the stage's provenance when it has run: digests of the values of conf that decide its result, of what it read,
and of its code. Who puts results on record, or releases a model, must not take the conf of today for that of the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from cpt_pipeline.conf_check import value_at
from cpt_pipeline.core.artifact import content_hash, digest_json, is_sealed
from cpt_pipeline.core.redaction import redact
from cpt_pipeline.dvc import deciding_keys
from cpt_pipeline.json_check import read_json
from cpt_pipeline.layout import Layout

_PROVENANCE = "_provenance"
_MADE_FROM = "made_from"


def note_origin(layout: Layout, node: Node, outputs: Mapping[str, Any], code: Mapping[str, str]) -> None:
    """Add to the provenance among a stage's outputs what the stage was made from; `code` are fingerprints by stage."""
    for name in outputs:
        if name.endswith(_PROVENANCE):
            stage = _stage_of(node)
            conf = {key: digest_json(value_at(layout.parameters, key)) for key in _keys(node)}
            outputs[name][_MADE_FROM] = {"conf": conf, "inputs": _inputs(layout, node), "code": code.get(stage)}


def find_stale(layout: Layout, whole: Pipeline, code: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the stages whose results are of other parameters, inputs or code than there are now, and how they differ.

    A stage that did not run, or whose provenance an earlier release of this package wrote, is not among them.
    """
    found = {}
    for node in whole.nodes:
        record = next((layout.path(name) for name in node.outputs if name.endswith(_PROVENANCE)), None)
        if record is not None and record.is_file():
            problems = _find_differences(layout, node, read_json(record), code)
            if problems:
                found[_stage_of(node)] = problems
    return found


def _find_differences(layout: Layout, node: Node, record: Mapping[str, Any], code: Mapping[str, str]) -> list[str]:
    made = record.get(_MADE_FROM)
    if made is None:
        return []
    problems = []
    if made["code"] != code.get(_stage_of(node)):
        problems.append("its code is another now")
    if record["code"]["earlier"]:
        problems.append("other code began it")
    for key in _keys(node):
        value = value_at(layout.parameters, key)
        if made["conf"].get(key) != digest_json(value):
            then = record["params"].get(key, record["params"])
            problems.append(_difference(key, value, then) or f"{key} is another in conf now")
    now = _inputs(layout, node)
    return [
        *problems,
        *(f"{name} is another now" for name, digest in made["inputs"].items() if now.get(name) != digest),
    ]


def _difference(key: str, now: Any, then: Any) -> str | None:
    """Return the first key of conf that has another value than the stage was made with."""
    if isinstance(now, Mapping) and isinstance(then, Mapping):
        inner = (_difference(f"{key}.{name}", value, then[name]) for name, value in now.items() if name in then)
        return next((each for each in inner if each is not None), None)
    shown = redact({key: [now, then]})[key]
    return f"{key} is {shown[0]!r} in conf and was {shown[1]!r}" if shown[0] != shown[1] else None


def _inputs(layout: Layout, node: Node) -> dict[str, str]:
    """Return a digest of each artifact and small file that a stage reads; records of time and place are none."""
    found = {}
    for name in sorted(set(node.inputs)):
        entry = layout.entry(name)
        if entry is None or name.endswith(_PROVENANCE):
            continue
        if is_sealed(entry.path):
            found[name] = content_hash(entry.path)
        elif entry.path.suffix == ".json" and entry.path.is_file():
            found[name] = digest_json(read_json(entry.path))
    return found


def _keys(node: Node) -> list[str]:
    return deciding_keys(_stage_of(node), node.inputs)


def _stage_of(node: Node) -> str:
    return str(node.namespace or node.short_name)
