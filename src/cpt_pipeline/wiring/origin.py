"""What a stage was made from, and whether that is what conf, code and data are now.

Noted in the stage's provenance when it has run: digests of the values of conf that decide its result, of how the
catalog keeps its datasets, of the artifacts it read and the files that conf names for it, and of its code. Who puts
results on record, or releases a model, must not take the conf or the text of today for that of the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from cpt_pipeline.core.artifact import content_hash, digest_json, is_sealed
from cpt_pipeline.core.input_digests import MEMORY, digest_place
from cpt_pipeline.core.json_reading import read_json
from cpt_pipeline.core.patterns import split_pattern
from cpt_pipeline.core.redaction import redact
from cpt_pipeline.wiring.conf_check import stage_inputs, value_at
from cpt_pipeline.wiring.dvc import deciding_keys
from cpt_pipeline.wiring.layout import Layout

_PROVENANCE = "_provenance"
_MADE_FROM = "made_from"


def digest_named(layout: Layout, pipelines: Mapping[str, Pipeline], node: Node) -> dict[str, str | None]:
    """Return the digest of each file and folder that conf names for a stage, by its place below the project.

    None for one that is not there. Of a pattern the folder of all its matches counts, as in dvc.yaml; one that holds
    the results too (which sync-dvc refuses) has no state of its own and is left out. The parameters must be valid.
    """
    found = {}
    for path in (each.path for each in stage_inputs(layout, Pipeline([node]), pipelines)):
        place = None if path is None else layout.project / split_pattern(path)[0]
        if place is not None and not layout.data_root.resolve().is_relative_to(place.resolve()):
            found[layout.relative(place)] = digest_place(place, layout.project, layout.data_root / ".work" / MEMORY)
    return found


def note_origin(
    layout: Layout, node: Node, outputs: Mapping[str, Any], code: Mapping[str, str], files: Mapping[str, str | None]
) -> None:
    """Add to the provenance among a stage's outputs what the stage was made from.

    `code` are fingerprints by stage, `files` what `digest_named` found before the stage began to read.
    """
    for name in outputs:
        if name.endswith(_PROVENANCE):
            outputs[name][_MADE_FROM] = {
                "conf": {key: digest_json(value_at(layout.parameters, key)) for key in _keys(node)},
                "inputs": _inputs(layout, node),
                "files": dict(files),
                "catalog": _options(layout, node),
                "code": code.get(_stage_of(node)),
            }


def find_stale(
    layout: Layout, pipelines: Mapping[str, Pipeline], code: Mapping[str, str], *, within: Pipeline | None = None
) -> dict[str, list[str]]:
    """Return the stages whose results are of other parameters, inputs or code than there are now, and how they differ.

    Looks at the whole pipeline, or at the stages `within` alone. A stage that did not run, or whose provenance an
    earlier release of this package wrote, is not among them.
    """
    found = {}
    for node, record in _records(layout, pipelines["__default__"] if within is None else within):
        problems = _find_differences(layout, pipelines, node, record, code)
        if problems:
            found[_stage_of(node)] = problems
    return found


def noted_files(layout: Layout, within: Pipeline) -> dict[str, str]:
    """Return the digests of the named files and folders as they were when the stages read them, by place."""
    noted = (record.get(_MADE_FROM, {}).get("files", {}) for _, record in _records(layout, within))
    return {place: digest for files in noted for place, digest in files.items() if digest is not None}


def find_edited(then: Mapping[str, str | None], now: Mapping[str, str | None]) -> list[str]:
    """Return how files that conf names, and that a stage has read, differ from what they were."""
    changed = [place for place, digest in then.items() if place in now and now[place] != digest]
    return [f"{place} {'was edited' if now[place] else 'is gone'} since it was read" for place in changed]


def _records(layout: Layout, within: Pipeline) -> Iterable[tuple[Node, dict[str, Any]]]:
    """Yield the stages that have run, each with its provenance."""
    for node in within.nodes:
        record = next((layout.path(name) for name in node.outputs if name.endswith(_PROVENANCE)), None)
        if record is not None and record.is_file():
            yield node, read_json(record)


def _find_differences(
    layout: Layout,
    pipelines: Mapping[str, Pipeline],
    node: Node,
    record: Mapping[str, Any],
    code: Mapping[str, str],
) -> list[str]:
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
    now, options = _inputs(layout, node), _options(layout, node)
    written = made.get("catalog", {})
    return [
        *problems,
        *(f"the catalog keeps {name} otherwise now" for name in written if written[name] != options.get(name)),
        *(f"{name} is another now" for name, digest in made["inputs"].items() if now.get(name) != digest),
        *find_edited(made.get("files", {}), digest_named(layout, pipelines, node)),
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


def _options(layout: Layout, node: Node) -> dict[str, str]:
    """Return a digest of how the catalog keeps each dataset of a stage; who may read it is no part of that."""
    entries = [layout.entry(name) for name in sorted({*node.inputs, *node.outputs})]
    kept = {entry.name: entry.options for entry in entries if entry is not None}
    return {
        name: digest_json({each: value for each, value in options.items() if each != "credentials"})
        for name, options in kept.items()
    }


def _keys(node: Node) -> list[str]:
    return deciding_keys(_stage_of(node), node.inputs)


def _stage_of(node: Node) -> str:
    return str(node.namespace or node.short_name)
