"""What a release holds when it is made: the model, why it was chosen, and what it was made with.

model/               a copy that was checked byte by byte: writing in one never changes the other
decision.json        scores.json    contamination.json
parameters.json      all parameters of the run, merged
conf/                the conf files they come from, base and environment; never conf/local, nothing secret
release.json         model, verdict, env, commit, the files that differed from it, what conf/ does not hold
versions.json        every package that decides a result, with those that they ask for
code.json            fingerprint of the code of each stage
contents.json        hashes, as DVC counts them, of the files and artifacts it was made of: what a dvc.lock must name
manifest.json
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cpt_pipeline.core.artifact import (
    MANIFEST,
    copy_file,
    digest_json,
    listed_files,
    md5_file,
    require_space,
    require_whole,
    seal,
    write_json,
)
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.core.provenance import package_versions
from cpt_pipeline.core.redaction import redact
from cpt_pipeline.core.yaml_reading import read_yaml

HIDDEN_SUFFIX = ".hidden"
"""A conf file with something secret in it is kept under its name and this, with the secret left out."""
MODEL = "model/"
_IDENTITY = (MODEL, "decision.json", "scores.json")


@dataclass(frozen=True)
class RunFacts:
    """What a release keeps of the run that made it, besides the model and the decision. Taken when the run starts."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    beyond_conf: tuple[str, ...] = ()
    """Where parameters come from besides the conf files: keys of `--params`, files of conf/local."""
    conf: Mapping[str, str] = field(default_factory=dict)
    """Text of each conf file by its path below conf/."""
    made_otherwise: tuple[str, ...] = ()
    """Stages whose results are of other parameters, inputs or code than these, and how they differ."""
    env: str | None = None
    commit: str | None = None
    uncommitted: tuple[str, ...] = ()
    """Files that differ from the commit or that Git does not know, results aside."""
    code: Mapping[str, str] = field(default_factory=dict)
    """Fingerprint of the code of each stage."""
    files: Mapping[str, str] = field(default_factory=dict)
    """MD5 of each file and folder that conf names, as DVC counts them and as they were when a stage read them, by its
    path below the project."""
    artifacts: Mapping[str, Path] = field(default_factory=dict)
    """What the decision rests on, by path below the project; hashed when the release is made."""
    dedup_metrics: Path | None = None
    """Where the run has them, read when the release is made; what they say of each benchmark is kept."""


def write_draft(draft: Path, outcome: Mapping[str, Any], folder: Path, facts: RunFacts) -> str:
    """Write a whole release into a new folder and seal it; return what identifies its model and decision.

    `ArtifactError` when a byte of `folder`, or of the copy, is not as the manifest of the candidates says.
    """
    require_whole(folder)
    listed = listed_files(folder)
    require_space(draft.parent, sum(entry["bytes"] for entry in listed.values()))
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "model").mkdir(parents=True)
    for name in listed:
        copy_file(folder / name, draft / "model" / name)
    write_json(draft / "decision.json", outcome["decision"])
    write_json(draft / "scores.json", outcome["scores"])
    write_json(draft / "parameters.json", dict(facts.parameters))
    write_json(draft / "versions.json", {"python": platform.python_version(), **package_versions(deep=True)})
    write_json(draft / "contamination.json", _contamination(facts.dedup_metrics))
    write_json(draft / "code.json", dict(facts.code))
    write_json(draft / "contents.json", {**facts.files, **_hash_all(facts.artifacts)})
    about = {
        "model": outcome["model"],
        "verdict": outcome["verdict"],
        "env": facts.env,
        "commit": facts.commit,
        "uncommitted": list(facts.uncommitted),
        "beyond_conf": list(facts.beyond_conf),
        "made_otherwise": list(facts.made_otherwise),
        "hidden": _write_conf(draft / "conf", facts.conf),
    }
    write_json(draft / "release.json", about)
    files = seal(draft, "release")["files"]
    copied = {name.removeprefix("model/"): entry for name, entry in files.items() if name.startswith("model/")}
    if copied != listed:
        require_whole(folder)
        raise ArtifactError(
            f"{draft / 'model'} differs from {folder}: the disk did not keep what was written. Try again."
        )
    return identify(files)


def identify(files: Mapping[str, Any]) -> str:
    """Return what identifies a release by what its manifest says of its files: model, decision and scores."""
    return digest_json({name: entry for name, entry in files.items() if name.startswith(_IDENTITY)})[:8]


def _hash_all(artifacts: Mapping[str, Path]) -> dict[str, str]:
    """Return the MD5 of each file, and of a directory that of its manifest, which names every byte in it."""
    places = {name: path / MANIFEST if path.is_dir() else path for name, path in artifacts.items()}
    return {name: md5_file(path) for name, path in places.items() if path.is_file()}


def _write_conf(folder: Path, conf: Mapping[str, str]) -> list[str]:
    """Write the conf files; return those that hold something secret, which is left out."""
    hidden = []
    for name, text in conf.items():
        content = read_yaml(text)
        shown = redact(content)
        path = folder / name
        if shown != content or redact(text) != text:
            hidden.append(name)
            path, text_shown = folder / f"{name}{HIDDEN_SUFFIX}", yaml.safe_dump(shown, sort_keys=False)
        else:
            text_shown = text
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_shown, encoding="utf-8")
    return hidden


def _contamination(dedup_metrics: Path | None) -> dict[str, Any]:
    """Return what was found of each benchmark in the material (`DedupReport.benchmarks`), or why it is not known."""
    if dedup_metrics is None or not dedup_metrics.is_file():
        return {"benchmarks": None, "unknown_because": "dedup_metrics was not there when the release was made"}
    try:
        benchmarks = json.loads(dedup_metrics.read_text(encoding="utf-8"))["benchmarks"]
    except (ValueError, KeyError, TypeError):
        return {"benchmarks": None, "unknown_because": "dedup_metrics could not be read or names no benchmarks"}
    return {"benchmarks": benchmarks, "unknown_because": None}
