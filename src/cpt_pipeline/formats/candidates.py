"""Candidates: the models that are evaluated and may be released, one folder each.

`candidates.json` lists them in training order; a folder loads with plain `from_pretrained`. The end of a stage has the
stage's name (`stage1`), what was kept on the way a name like `stage1-step-000040`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from cpt_pipeline.core.artifact import digest_json, read_manifest, write_json
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.core.json_reading import read_json

CANDIDATES = "candidates.json"


@dataclass(frozen=True)
class Candidate:
    """One model of a run."""

    name: str
    folder: str
    """Below the artifact."""
    stage: str
    step: int
    """Finished optimizer steps of its stage."""
    tokens: int
    """Tokens of its stage it was trained on."""


def write_list(directory: Path, candidates: Iterable[Candidate]) -> None:
    """Write `candidates.json`; sealing is the caller's."""
    write_json(directory / CANDIDATES, [asdict(each) for each in candidates])


def read_list(artifact: Path) -> list[Candidate]:
    """Read the candidates of a finished artifact, in training order."""
    read_manifest(artifact)
    listed = read_json(artifact / CANDIDATES)
    try:
        return [Candidate(**each) for each in listed]
    except TypeError as error:
        raise ArtifactError(f"{artifact / CANDIDATES} is no list of candidates ({error}). Run merge again.") from error


def identity(artifact: Path, candidate: Candidate) -> str:
    """Give the identity of one candidate: the hash over its files' hashes, whatever else the artifact holds."""
    files = read_manifest(artifact)["files"]
    prefix = f"{candidate.folder}/"
    return digest_json({name: entry["xxh3_128"] for name, entry in files.items() if name.startswith(prefix)})
