"""A release and its dvc.lock: taken over only when the lock is of the same run, and laid back when one returns.

`dvc commit` and `dvc repro` write dvc.lock when a stage has ended, so while decide makes a release the lock is of the
run before, or none. A release therefore begins without one. `complete_records` looks at the lock later (when a run
starts, `kedro adopt`, `kedro verdict`, `kedro rollback`) and takes it over when every parameter, artifact and
fingerprint of code in it is that of the release; else the release goes on saying that it has none.
"""

from __future__ import annotations

import hashlib
import json
import logging
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from cpt_pipeline.core.artifact import MANIFEST, copy_file, md5_file
from cpt_pipeline.core.errors import WorkspaceBusyError
from cpt_pipeline.core.input_digests import DIRECTORY
from cpt_pipeline.core.json_reading import read_json
from cpt_pipeline.core.redaction import HIDDEN, redact
from cpt_pipeline.wiring import dvc
from cpt_pipeline.wiring.layout import Layout
from cpt_pipeline.wiring.releases import check as release_check
from cpt_pipeline.wiring.releases import releases
from cpt_pipeline.wiring.releases.draft import HIDDEN_SUFFIX

logger = logging.getLogger(__name__)

_ABSENT = "not there"
_CODE, _CONTENTS = "code.json", "contents.json"
_EARLIER = "it was made by an earlier version, which did not note what it rests on"


def complete_records(layout: Layout) -> dict[str, list[str]]:
    """Give every release that has no dvc.lock the one on disk, if it is of the same run.

    Returns for each release that had none what keeps the lock from being its own: nothing for one that has it now.
    A damaged release is named in the log and passed over.
    """
    root, lock_file = layout.path("release"), dvc.lock_of(layout)
    for name, damage in release_check.find_damaged(root).items():
        logger.warning("Release %s is damaged, and nothing can go back to it until it is put back: %s", name, damage)
    waiting = [name for name in release_check.list_releases(root) if not release_check.has_record(root / name)]
    if not waiting:
        return {}
    if not lock_file.is_file() or not (layout.project / ".dvc").is_dir():
        return {name: [f"{layout.relative(lock_file)} is not there"] for name in waiting}
    text = lock_file.read_text(encoding="utf-8")
    stages = (_load(text) or {}).get("stages") or {}
    hashes = {out["path"]: out["md5"] for out in _listed(stages, "outs")}
    small = {name: _find_result(layout, name, md5) for name, md5 in hashes.items() if not md5.endswith(DIRECTORY)}
    # conf files that `kedro sync-dvc` makes for DVC to watch came after the run began
    small |= {file: b"{}\n" for _, listed in _each(stages, "params") for file, values in listed.items() if not values}

    def write(draft: Path) -> None:
        for name, content in small.items():
            assert content is not None
            (draft / "results" / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / "results" / name).write_bytes(content)
        copy_file(dvc.target(layout), draft / "dvc.yaml")
        (draft / "dvc.lock").write_text(_without_secrets(text), encoding="utf-8")

    found = {name: _find_differences(root / name, stages, small, layout) for name in waiting}
    for name in (name for name, problems in found.items() if not problems):
        try:
            releases.add_record(root, name, write)
        except WorkspaceBusyError as error:  # another process adds it, or the next start does
            found[name] = [str(error)]
    return found


def _without_secrets(lock: str) -> str:
    """Return a dvc.lock byte by byte, or laid out anew where a parameter in it holds a credential."""
    content = _load(lock)
    shown = redact(content)
    return lock if shown == content else yaml.safe_dump(shown, sort_keys=False, allow_unicode=True)


def restore_commands(layout: Layout, release: Path) -> list[str]:
    """Return lines that say how to get code, conf, results and data of a release back."""
    about = read_json(release / "release.json")
    shown = layout.relative(release)
    lines = [f"  model       {shown}/model", f"  parameters  {shown}/parameters.json"]
    lines.append(
        f"  code        git checkout {about['commit']}" if about["commit"] else "  code        made outside Git"
    )
    if not (release / _CONTENTS).is_file():
        return [*lines, f"  data        git log {layout.relative(dvc.lock_of(layout))}: {_EARLIER}"]
    kept = f"{layout.relative(layout.conf)}/"
    lost = [name for name in about["uncommitted"] if not (release / "conf" / name.removeprefix(kept)).is_file()]
    if lost:
        lines.append(f"              without what was not committed then: {', '.join(lost)}")
    lines.append(f"  conf        cp -r {shown}/conf/. {kept}")
    lines += [f"              {name} held something secret: put it back by hand" for name in about["hidden"]]
    lines += [f"              beside conf the run had {given}" for given in about["beyond_conf"]]
    lines += [f"              not of this conf and code: {line}" for line in about.get("made_otherwise", ())]
    if not release_check.has_record(release):
        return [*lines, "  data        not on record: no dvc.lock of this run was there (`kedro adopt` after a run)"]
    yaml_file, lock_file = layout.relative(dvc.target(layout)), layout.relative(dvc.lock_of(layout))
    lines.append(f"  results     cp -r {shown}/results/. .")
    lines.append(f"  data        cp {shown}/dvc.yaml {yaml_file} && cp {shown}/dvc.lock {lock_file}")
    if HIDDEN in (release / "dvc.lock").read_text(encoding="utf-8"):
        lines.append(f"              dvc.lock held something secret: put it back by hand where it says {HIDDEN}")
    return [*lines, f"              dvc checkout {yaml_file}"]


def _find_differences(
    release: Path, stages: Mapping[str, Any], small: Mapping[str, bytes | None], layout: Layout
) -> list[str]:
    """List what in a dvc.lock, or on disk of what DVC does not keep, is not as in the release."""
    about = read_json(release / "release.json")
    if not (release / _CONTENTS).is_file():
        return [_EARLIER]
    if about["env"] != layout.owner:
        return [f"it is of environment {about['env']}"]
    return [
        *(f"the run had {given} beside conf" for given in about["beyond_conf"]),
        *about.get("made_otherwise", ()),
        *_unfinished_stages(stages, layout),
        *_other_parameters(release, stages, layout),
        *_other_contents(release, stages, layout),
        *_other_results(release, small, layout),
    ]


def _unfinished_stages(stages: Mapping[str, Any], layout: Layout) -> Iterator[str]:
    """Yield the stages that the lock does not have yet, or has from before what they read was made."""
    described = _load(dvc.target(layout).read_text(encoding="utf-8"))["stages"]
    outs = {out["path"]: out["md5"] for out in _listed(stages, "outs")}
    for name in described:
        deps = stages.get(name, {}).get("deps", ())
        if name not in stages or any(outs.get(dep["path"], dep.get("md5")) != dep.get("md5") for dep in deps):
            yield f"stage {name} is not on record yet"


def _other_parameters(release: Path, stages: Mapping[str, Any], layout: Layout) -> Iterator[str]:
    for name, listed in _each(stages, "params"):
        for file, values in listed.items():
            if file == layout.relative(dvc.code_file(layout)):
                if any(read_json(release / _CODE).get(key) != value for key, value in values.items()):
                    yield f"the code of stage {name} is another in dvc.lock"
                continue
            conf = _conf(release, PurePosixPath(file).relative_to(layout.conf.name))
            for key, value in values.items():
                if redact({key: _at(conf, key)}) != redact({key: value}):
                    yield f"{file}: {_first_difference(key, _at(conf, key), value)} (stage {name})"


def _first_difference(key: str, released: Any, locked: Any) -> str:
    if isinstance(released, Mapping) and isinstance(locked, Mapping):
        for name in sorted({*released, *locked}, key=str):
            if released.get(name) != locked.get(name):
                return _first_difference(f"{key}.{name}", released.get(name), locked.get(name))
    shown = redact({key: [released, locked]})[key]
    return f"{key} is {shown[0]!r} in the release and {shown[1]!r} in dvc.lock"


def _other_contents(release: Path, stages: Mapping[str, Any], layout: Layout) -> Iterator[str]:
    from dvc.repo import Repo

    recorded = {dep["path"]: dep["md5"] for dep in _listed(stages, "deps") if "md5" in dep}
    recorded |= {out["path"]: out["md5"] for out in _listed(stages, "outs")}
    with Repo(str(layout.project)) as repo:
        for path, md5 in read_json(release / _CONTENTS).items():
            known = recorded.get(path)
            if known is not None and known.endswith(DIRECTORY) and not md5.endswith(DIRECTORY):
                known = _manifest_md5(Path(repo.cache.local.oid_to_path(known)))
            if known != md5:
                yield f"{path} is another in dvc.lock"


def _other_results(release: Path, small: Mapping[str, bytes | None], layout: Layout) -> Iterator[str]:
    for name, content in small.items():
        if content is None:
            yield f"{name} is neither on disk nor in Git as dvc.lock has it"
    decision = layout.relative(layout.path("decision"))
    content = small.get(decision)
    if content is not None and json.loads(content) != read_json(release / "decision.json"):
        yield f"{decision} is another decision"


def _find_result(layout: Layout, name: str, md5: str) -> bytes | None:
    """Return a small result, which DVC does not keep, from disk or, once its stage runs again, from Git."""
    path = layout.project / name
    if path.is_file() and md5_file(path) == md5:
        return path.read_bytes()
    try:
        done = subprocess.run(["git", "show", f"HEAD:./{name}"], cwd=layout.project, capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 and hashlib.md5(done.stdout).hexdigest() == md5 else None


def _manifest_md5(listing: Path) -> str | None:
    """Return the MD5 of the manifest in a directory, from the list of its files that DVC's cache has."""
    if not listing.is_file():
        return None
    return next((each["md5"] for each in read_json(listing) if each["relpath"] == MANIFEST), None)


def _conf(release: Path, name: PurePosixPath) -> Any:
    for path in (release / "conf" / name, release / "conf" / f"{name}{HIDDEN_SUFFIX}"):
        if path.is_file():
            return _load(path.read_text(encoding="utf-8"))
    return None


def _at(values: Any, dotted: str) -> Any:
    """Return what stands at a dotted key, as DVC reads it; a key may hold dots itself."""
    if isinstance(values, Mapping):
        if dotted in values:
            return values[dotted]
        parts = dotted.split(".")
        for length in range(len(parts) - 1, 0, -1):
            if ".".join(parts[:length]) in values:
                return _at(values[".".join(parts[:length])], ".".join(parts[length:]))
    return _ABSENT


def _each(stages: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Any]]:
    for name, stage in stages.items():
        if kind in stage:
            yield name, stage[kind]


def _listed(stages: Mapping[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    for _, listed in _each(stages, kind):
        yield from listed


def _load(text: str) -> Any:
    """Read YAML as DVC does: 1e-4 is a number to it and a word to PyYAML."""
    from dvc.utils.serialize import parse_yaml

    return parse_yaml(text, "dvc.lock")
