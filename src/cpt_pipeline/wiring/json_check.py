"""Small JSON files between stages are read only as they were made.

A directory has its manifest. Of a JSON value the digest stands in the provenance of the stage that made it, beside the
hashes of the directories that the stage made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kedro.pipeline import Pipeline

from cpt_pipeline.core.artifact import digest_json
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.core.json_reading import read_json
from cpt_pipeline.wiring.layout import Layout

_PROVENANCE = "_provenance"
_SUFFIX = ".json"


def note_digests(layout: Layout, outputs: Mapping[str, Any]) -> None:
    """Add the digest of every JSON output of a stage to the stage's provenance, which is among the outputs."""
    for name in outputs:
        if name.endswith(_PROVENANCE):
            values = {each: value for each, value in outputs.items() if each != name and _is_json(layout, each)}
            digests = {each: digest_json(value) for each, value in values.items()}
            outputs[name]["outputs"] = dict(sorted({**outputs[name]["outputs"], **digests}.items()))


def require_as_made(layout: Layout, whole: Pipeline, name: str) -> None:
    """Raise `ArtifactError` when a JSON dataset is no JSON, or is not what the stage in `whole` made of it.

    A file without a digest, as one of an earlier release of this package, is taken as it is.
    """
    if not _is_json(layout, name) or not layout.path(name).is_file():
        return
    value = read_json(layout.path(name))
    maker = next((node for node in whole.nodes if name in node.outputs), None)
    record = next((each for each in maker.outputs if each.endswith(_PROVENANCE)), None) if maker else None
    if maker is None or record is None or record == name or not layout.path(record).is_file():
        return
    made = read_json(layout.path(record))["outputs"].get(name)
    if made is not None and made != digest_json(value):
        raise ArtifactError(
            f"{layout.path(name)} is not what {maker.namespace or maker.name} made: it was changed or damaged since. "
            f"Put it back (git checkout, dvc checkout), or run that stage again."
        )


def _is_json(layout: Layout, name: str) -> bool:
    entry = layout.entry(name)
    return entry is not None and entry.path.suffix == _SUFFIX
