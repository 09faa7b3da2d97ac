"""dvc.yaml, written from the Kedro project: a stage re-runs when its data, its code or its parameters changed.

A pure function of conf and pipelines, so a test and `kedro sync-dvc --check` can compare it with the file. Code enters
as one fingerprint per stage (core.fingerprint, ADR 0007), which the stage `code` writes when the source folder changed.
Left out on purpose: `<stage>_run` keys (how, not what; stage plan has them, for how is what a bill is about),
`*_provenance` as a dependency (a comment would re-run the report), the releases (append-only), library versions.
`headline` alone is a metric of DVC: with all `*_metrics` its tables have hundreds of columns.
"""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from kedro.pipeline import Pipeline

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.core.patterns import split_pattern
from cpt_pipeline.core.process import die_with_one_of, die_with_parent
from cpt_pipeline.core.yaml_reading import read_yaml
from cpt_pipeline.wiring.conf_check import stage_inputs
from cpt_pipeline.wiring.layout import BASE, Entry, Layout, has_key, real_place

BASE_FILE = "dvc.yaml"
BASE_LOCK = "dvc.lock"
_HEADER = "# Written by `kedro sync-dvc` from the pipelines and conf of the project. Do not edit.\n"
_DIRECTORY = "DirectoryDataset"
_RELEASE = "ReleaseDataset"
_PARAMS = "params:"
_CODE = "code"
_BILL = "plan"
_HEADLINE = "headline"
_PLOTS = {
    "Training loss": ("training_curve", ["loss"]),
    "Learning rate": ("training_curve", ["learning_rate"]),
    "Gradient norm": ("training_curve", ["gradient_norm"]),
    "Held-out bits per byte": ("heldout_curve", ["domain", "general"]),
}
"""Title to the dataset that is drawn and its fields."""


@dataclass(frozen=True)
class Stage:
    """One stage as DVC needs it: what it reads and makes."""

    name: str
    description: str
    pipeline: Pipeline


def describe_stages(modules: Mapping[str, ModuleType]) -> list[Stage]:
    """Give the stages of `name: module with create_pipeline`, in their order."""
    return [_describe(name, module) for name, module in modules.items()]


def render(stages: Sequence[Stage], layout: Layout, package: Path) -> str:
    """Return the text of the environment's dvc.yaml. `package` is the folder of the source package.

    The environment's parameters must be valid (`conf_check.check_parameters`).
    """
    code = layout.relative(package)
    files = _ParameterFiles.read(layout)
    described = {stage.name: _stage(stage, stages, layout, files) for stage in stages}
    written = {_CODE: _code_stage(layout, code), **described}
    content = {"stages": written, **_plots(layout, stages)}
    text: str = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return _HEADER + text


def target(layout: Layout) -> Path:
    """Give the place of the environment's dvc.yaml: the project for base, its conf folder for any other."""
    return layout.project / BASE_FILE if layout.owner == BASE else layout.conf / layout.owner / BASE_FILE


def read_stages(layout: Layout) -> dict[str, Any]:
    """Return the stages of the environment's dvc.yaml; none when it was not written yet."""
    path = target(layout)
    stages: dict[str, Any] = read_yaml(path.read_text(encoding="utf-8"))["stages"] if path.is_file() else {}
    return stages


def lock_of(layout: Layout) -> Path:
    """Give the place of the environment's dvc.lock: beside its dvc.yaml."""
    return target(layout).with_name(BASE_LOCK)


def prepare_environment(stages: Iterable[Stage], layout: Layout) -> list[Path]:
    """Give every stage a params file in the environment, so that DVC sees an override added later.

    `ParameterError` when the environment shares its data root with another one.
    """
    if layout.owner == BASE:
        return []
    if layout.data_root.resolve() == Layout.read(layout.project, BASE).data_root.resolve():
        raise ParameterError(
            f"conf/{layout.owner}/globals.yml must set a data_root of its own: base works in "
            f"{layout.relative(layout.data_root)} and two environments would overwrite each other."
        )
    made = []
    files = _ParameterFiles.read(layout)
    for key in sorted({key for stage in stages for key in _keys(stage)}):
        path = layout.conf / layout.owner / files.base_file(key).name
        if not path.exists():
            path.write_text("{}\n", encoding="utf-8")
            made.append(path)
    return made


def tracked_outputs(layout: Layout) -> dict[Path, dict[Path, set[str]]]:
    """Give what every dvc.lock of the project has on record as made, with the parameter keys it was made with.

    Real places by lock file; of a dotted key its first part.
    """
    locks = [layout.project / BASE_LOCK, *sorted(layout.conf.glob(f"*/{BASE_LOCK}"))]
    found: dict[Path, dict[Path, set[str]]] = {}
    for each in locks:
        if each.is_file():
            content = read_yaml(each.read_text(encoding="utf-8")) or {}
            found[each] = {}
            for stage in (content.get("stages") or {}).values():
                keys = {key.partition(".")[0] for listed in stage.get("params", {}).values() for key in listed or ()}
                made = (real_place(layout.project / out["path"]) for out in stage.get("outs", ()))
                found[each].update(dict.fromkeys(made, keys))
    return found


def code_file(layout: Layout) -> Path:
    """Return the place of the environment's code fingerprints, by stage; it is in Git as the metrics are."""
    return layout.data_root / "08_reporting" / "code.json"


def refuse_unlisted(name: str, pipeline: Pipeline, pipelines: Mapping[str, Pipeline], layout: Layout) -> None:
    """Raise `ParameterError` when a stage that DVC runs would read a file that its dvc.yaml does not list."""
    stages = read_stages(layout)
    if name not in stages:
        return  # a stage of the user's own dvc.yaml
    unlisted = sorted(_named_files(Stage(name, "", pipeline), pipelines, layout) - set(stages[name].get("deps", ())))
    if unlisted:
        sync = "kedro sync-dvc" + ("" if layout.owner == BASE else f" --env={layout.owner}")
        raise ParameterError(
            f"conf names {', '.join(unlisted)} for stage {name}, and {layout.relative(target(layout))} does not list "
            f"it, so DVC would not see it change. Run `{sync}` and `dvc repro` again."
        )


def refuse_unlisted_conf(layout: Layout) -> None:
    """Raise `ParameterError` for parameter files that the environment's dvc.yaml, made before them, does not list."""
    listed = {
        layout.project / file
        for stage in read_stages(layout).values()
        for each in stage.get("params", ())
        for file in (each if isinstance(each, dict) else ())
    }
    folders = {BASE, layout.owner}
    there = [path for env in sorted(folders) for path, content in layout.parameter_files(env).items() if content]
    unlisted = [layout.relative(path) for path in there if path not in listed]
    if listed and unlisted:
        sync = "kedro sync-dvc" + ("" if layout.owner == BASE else f" --env={layout.owner}")
        raise ParameterError(
            f"{', '.join(unlisted)}: {layout.relative(target(layout))} does not list this file, so DVC would not see "
            f"what it says. Run `{sync}`, or move its keys to the file of conf/{BASE}'s name beside it."
        )


def _describe(name: str, module: ModuleType) -> Stage:
    description = (inspect.getdoc(module.create_pipeline) or name).splitlines()[0]
    return Stage(name, description, module.create_pipeline())


def _code_stage(layout: Layout, code: str) -> dict[str, Any]:
    """Return the stage that writes the fingerprints; a comment re-runs it alone, in seconds."""
    out = layout.relative(code_file(layout))
    return {
        "desc": "Write the fingerprint of every stage's code.",
        **_folder(layout),
        "cmd": f"exec python -m cpt_pipeline.core.fingerprint {code} {out}",
        "deps": [code],
        "outs": [{out: _Flow(cache=False)}],
    }


def _folder(layout: Layout) -> dict[str, str]:
    return {} if layout.owner == BASE else {"wdir": "../.."}


def _stage(stage: Stage, stages: Sequence[Stage], layout: Layout, files: _ParameterFiles) -> dict[str, Any]:
    read = _entries(layout, stage.pipeline.inputs())
    made = _entries(layout, stage.pipeline.all_outputs())
    deps = {layout.relative(entry.path) for entry in read if not entry.name.endswith("_provenance")}
    deps.update(_named_files(stage, {each.name: each.pipeline for each in stages}, layout))
    outs = _sort_outputs(made, layout)
    env = layout.owner
    written: dict[str, Any] = {"desc": stage.description, **_folder(layout)}
    # exec: no shell may stay between DVC and the stage, or a killed DVC would leave the stage running (dash forks).
    written["cmd"] = f"exec kedro run --env={env} --pipelines={stage.name}"
    written["deps"] = sorted(deps)
    fingerprint = {layout.relative(code_file(layout)): _FlowList([stage.name])}
    written["params"] = [*_params(stage, layout, files), _catalog(layout, [*read, *made]), fingerprint]
    return {**written, **{kind: listed for kind, listed in outs.items() if listed}}


def _entries(layout: Layout, names: Iterable[str]) -> list[Entry]:
    """Give the catalog entries of datasets, sorted; a dataset that only memory would hold is an error of ours."""
    found = []
    for name in sorted(name for name in names if not name.startswith(_PARAMS) and name != "parameters"):
        entry = layout.entry(name)
        assert entry is not None, f"{name} crosses a stage border and is not in conf/base/catalog.yml"
        if not entry.type.endswith(_RELEASE):
            found.append(entry)
    return found


def _named_files(stage: Stage, pipelines: Mapping[str, Pipeline], layout: Layout) -> set[str]:
    """Return the files and folders that the stage's parameters name; of a pattern, the folder of all its matches."""
    keys = _keys(stage)
    named = stage_inputs(layout, stage.pipeline, pipelines)
    deciding = [each for each in named if any(each.key.startswith(f"{key}.") for key in keys)]
    return {_fixed_part(each.path, each.key, layout) for each in deciding if each.path is not None}


def _fixed_part(pattern: Path, key: str, layout: Layout) -> str:
    place, _ = split_pattern(pattern)
    if layout.data_root.resolve().is_relative_to((layout.project / place).resolve()):
        raise ParameterError(
            f"{key}: {pattern} looks in {place.as_posix()}, where the results of {layout.owner} are written too, "
            "so DVC could not tell them from the text. Begin the path with a folder of its own, such as data/own."
        )
    return layout.relative(place)


def _sort_outputs(made: Iterable[Entry], layout: Layout) -> dict[str, list[Any]]:
    outs: dict[str, list[Any]] = {"outs": [], "metrics": [], "plots": []}
    for entry in made:
        place = layout.relative(entry.path)
        if entry.type.endswith(_DIRECTORY):
            outs["outs"].append(place)
        elif entry.name == _HEADLINE:
            outs["metrics"].append({place: _Flow(cache=False)})
        elif entry.name.endswith("_figure"):
            outs["plots"].append({place: _Flow(cache=False)})
        else:
            outs["outs"].append({place: _Flow(cache=False)})
    return outs


def _plots(layout: Layout, stages: Iterable[Stage]) -> dict[str, Any]:
    """Return what `dvc plots` draws: lines over tokens from the curves that a stage makes, or nothing without them."""
    made = {name for stage in stages for name in stage.pipeline.all_outputs()}
    drawn = []
    for title, (name, fields) in _PLOTS.items():
        if name in made:
            place = Path(os.path.relpath(layout.path(name), target(layout).parent)).as_posix()
            drawn.append({title: {"x": "tokens", "y": {place: fields}}})
    return {"plots": drawn} if drawn else {}


def deciding_keys(stage: str, inputs: Iterable[str]) -> list[str]:
    """Return the keys among the inputs of a stage that decide what comes out, sorted."""
    names = {name.removeprefix(_PARAMS) for name in inputs if name.startswith(_PARAMS)}
    return sorted(name for name in names if stage == _BILL or not name.partition(".")[0].endswith("_run"))


def _keys(stage: Stage) -> list[str]:
    return deciding_keys(stage.name, stage.pipeline.inputs())


@dataclass(frozen=True)
class _ParameterFiles:
    """What the parameter files of base say, and those of an environment over it, each read once."""

    base: dict[Path, dict[str, Any]]
    overrides: dict[Path, dict[str, Any]]

    @classmethod
    def read(cls, layout: Layout) -> _ParameterFiles:
        overrides = {} if layout.owner == BASE else layout.parameter_files(layout.owner)
        return cls(layout.parameter_files(BASE), overrides)

    def base_file(self, key: str) -> Path:
        """Return the file of base that holds a key; `ParameterError` when none does."""
        for path, content in self.base.items():
            if has_key(content, key):
                return path
        raise ParameterError(f"conf/{BASE}: {key} is missing; a stage reads it, so it needs a value in base")


def _params(stage: Stage, layout: Layout, files: _ParameterFiles) -> list[dict[str, Any]]:
    by_file: dict[Path, list[str]] = {}
    whole: set[Path] = set()
    for key in _keys(stage):
        by_file.setdefault(files.base_file(key), []).append(key)
        for path, content in files.overrides.items():
            if has_key(content, key):
                by_file.setdefault(path, []).append(key)
        empty = layout.conf / layout.owner / files.base_file(key).name
        if files.overrides.get(empty) == {}:
            whole.add(empty)
    listed: list[dict[str, Any]] = []
    listed += [{layout.relative(path): _FlowList(sorted(keys))} for path, keys in by_file.items()]
    listed += [{layout.relative(path): None} for path in whole]
    return sorted(listed, key=lambda each: next(iter(each)))


def _catalog(layout: Layout, entries: Iterable[Entry]) -> dict[str, Any]:
    """Give how the stage's datasets are written; where they are is in deps and outs already."""
    keys = sorted({f"{entry.key}.{option}" for entry in entries for option in entry.options})
    return {layout.relative(layout.conf / BASE / "catalog.yml"): _FlowList(keys)}


def bind_to_dvc(project: Path) -> None:
    """End with the `dvc` that runs this process as a stage; at once, with 75, when it is dead already.

    dvc tells its stages no pid, but notes those of the processes that run stages in `.dvc/tmp/rwlock`.
    """
    path = project / ".dvc" / "tmp" / "rwlock"
    notes = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    holders = [*notes.get("write", {}).values(), *(each for some in notes.get("read", {}).values() for each in some)]
    if holders:
        die_with_one_of({holder["pid"] for holder in holders})
    else:
        die_with_parent()


class _Flow(dict[str, Any]):
    """A mapping written on one line."""


class _FlowList(list[str]):
    """A list written on one line."""


class _Dumper(yaml.SafeDumper):
    """Block style, indented lists, no aliases."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(
    _Flow, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)
)
_Dumper.add_representer(
    _FlowList, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)
)
