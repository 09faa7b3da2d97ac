"""The parameters check: every problem of every stage at once, before anything runs.

Kedro validates typed parameters itself, but stops at the wording of pydantic, ignores keys that no stage
reads, and lets a missing key pass until the runner. Here each problem is one line with its file and key.
"""

from __future__ import annotations

import difflib
import inspect
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from kedro.pipeline import Pipeline
from kedro.validation.type_extractor import TypeExtractor
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cpt_pipeline.core.errors import ParameterError, raise_all
from cpt_pipeline.core.inputs import UNPINNED, Named, named_inputs
from cpt_pipeline.core.params import Params
from cpt_pipeline.core.redaction import redact
from cpt_pipeline.formats.models import newest_commit
from cpt_pipeline.wiring.layout import BASE, DATA_ROOT, LOCAL, Layout, has_key

logger = logging.getLogger(__name__)

_PREFIX = "params:"
_LONGEST_VALUE = 60


def check_parameters(layout: Layout, pipelines: Mapping[str, Pipeline]) -> None:
    """Raise one `ParameterError` that lists everything wrong with the parameters of all stages."""
    raise_all(ParameterError, "The parameters are wrong and nothing was started:", find_problems(layout, pipelines))


def find_problems(layout: Layout, pipelines: Mapping[str, Pipeline]) -> list[str]:
    """Give one line per problem: conf file, dotted key, value, what to do."""
    read = sorted(
        {name.removeprefix(_PREFIX) for each in pipelines.values() for name in each.inputs() if _is_key(name)}
    )
    typed = TypeExtractor(dict(pipelines)).extract_types_from_pipelines()
    where = KeyFiles(layout)
    return [
        *_private(where),
        *_interpolated(where),
        *_unread(where, layout.parameters, read),
        *_missing(where, layout.parameters, read),
        *_taught_by_the_base(where, layout),
        *(line for key in read if key in typed for line in _invalid(where, layout.parameters, key, typed[key])),
    ]


def warn_of_secrets(layout: Layout) -> None:
    """Name the parameters that hold a credential: DVC writes parameters into dvc.lock, which Git keeps."""
    for place, content in KeyFiles(layout).files:
        for key, value in _leaves(content):
            if isinstance(value, str) and redact(value, key.rpartition(".")[2]) != value:
                logger.warning(
                    "%s: %s holds a credential, and DVC writes parameters into dvc.lock, which Git keeps. Leave it "
                    "out; those of stores and endpoints stand in conf/local/credentials.yml or the environment",
                    place,
                    key,
                )


def missing_inputs(layout: Layout, pipeline: Pipeline, pipelines: Mapping[str, Pipeline]) -> dict[str, str]:
    """Return a line for everything that parameters name, a run would read, and is not there, by its key."""
    where = KeyFiles(layout)
    return {
        each.key: f"{where.of(each.key)}: {each.key} = {shown(each.key, each.value)}: {each.problem}"
        for each in _named(layout, pipeline, pipelines)
        if each.problem
    }


def stage_inputs(layout: Layout, pipeline: Pipeline, pipelines: Mapping[str, Pipeline]) -> list[Named]:
    """Return the files, folders and models that what a pipeline makes depends on, in the order of their keys.

    The parameters must be valid (`check_parameters`). What another stage reads under a key of its own
    (`evaluate.suite`, which collect fetches) is not named again by the stage that has the key around it. What a
    `<stage>_run` key names (a hostfile) says how the stage runs, and is no reason to run it.
    """
    return [each for each in _named(layout, pipeline, pipelines) if not each.key.partition(".")[0].endswith("_run")]


def _named(layout: Layout, pipeline: Pipeline, pipelines: Mapping[str, Pipeline]) -> list[Named]:
    typed = TypeExtractor({"run": pipeline}).extract_types_from_pipelines()
    own = {name.removeprefix(_PREFIX) for name in pipeline.inputs() if _is_key(name)}
    read = {name.removeprefix(_PREFIX) for each in pipelines.values() for name in each.inputs() if _is_key(name)}
    found: dict[str, Named] = {}
    for key in sorted(own & typed.keys()):
        elsewhere = {other for other in read - own if other.startswith(f"{key}.")}
        for model in _models_in(typed[key]):
            for each in named_inputs(model.model_validate(value_at(layout.parameters, key)), key):
                if not any(each.key.startswith(f"{other}.") for other in elsewhere):
                    found[each.key] = each
    return list(found.values())


_TEACHERS = (
    "clean.augmentation.endpoint.model",
    "clean.scorer.ask.endpoint.model",
    "clean.scorer.language_model.name",
)
"""Keys of models that write or grade what the base is trained on."""


def _taught_by_the_base(where: KeyFiles, layout: Layout) -> Iterator[str]:
    """Refuse the base as its own teacher: a model learns nothing from what it says itself (capability 136)."""
    base = value_at(layout.parameters, "base.name")
    for key in _TEACHERS:
        teacher = value_at(layout.parameters, key)
        if isinstance(base, str) and isinstance(teacher, str) and is_same_model(base, teacher, layout.project):
            yield (
                f"{where.of(key)}: {key} = {shown('model', teacher)}: this is base.name ({base}), and a model learns "
                "nothing from its own output; take a larger model of its family"
            )


def value_at(values: Any, dotted: str) -> Any:
    """Return the value of a dotted key, an index in a list included; None where there is none."""
    for part in dotted.split("."):
        if isinstance(values, list | tuple):
            values = values[int(part)] if part.isdecimal() and int(part) < len(values) else None
        else:
            values = values.get(part) if isinstance(values, Mapping) else None
    return values


def is_same_model(one: str, other: str, place: Path) -> bool:
    """Say whether two names are of one model: the same folder, or the same name after the last slash, in any case."""
    folders = [(place / name).resolve() for name in (one, other)]
    return folders[0] == folders[1] or _model_name(one) == _model_name(other)


def _model_name(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2].casefold()


def _is_key(name: str) -> bool:
    return name.startswith(_PREFIX)


class KeyFiles:
    """Which file says a key: `--params`, else the environment, else base."""

    def __init__(self, layout: Layout) -> None:
        env = layout.env or layout.loader.default_run_env
        envs = [env, BASE] if env != BASE and (layout.conf / env).is_dir() else [BASE]
        self.files = [
            (layout.relative(path), content) for each in envs for path, content in layout.parameter_files(each).items()
        ]
        self._given = dict(layout.loader.runtime_params or {})

    def of(self, dotted: str) -> str:
        """Give the place of the key, or of the closest key around it."""
        while dotted:
            for place, content in [("--params", self._given), *self.files]:
                if has_key(content, dotted):
                    return place
            dotted = dotted.rpartition(".")[0]
        return f"conf/{BASE}"


def _private(where: KeyFiles) -> Iterator[str]:
    for place, content in where.files:
        if content and place.startswith(f"conf/{LOCAL}/"):
            yield f"{place}: a plain run would obey this and `dvc repro` would not; make an environment of it"


def _interpolated(where: KeyFiles) -> Iterator[str]:
    for place, content in where.files:
        for key, value in _leaves(content):
            if isinstance(value, str) and "${" in value:
                setting = f"{key} = {shown(key, value)}"
                yield f"{place}: {setting}: DVC reads this as text and would not see it change; write the value"


def _unread(where: KeyFiles, parameters: Mapping[str, Any], read: list[str]) -> Iterator[str]:
    known = sorted({key.partition(".")[0] for key in read})
    for key in parameters:
        if key not in known and key != DATA_ROOT:
            yield f"{where.of(key)}: {key}: no stage reads this key{_closest(key, known)}"


def _missing(where: KeyFiles, parameters: Mapping[str, Any], read: list[str]) -> Iterator[str]:
    for key in read:
        if not has_key(parameters, key):
            stage = key.partition(".")[0].removesuffix("_run")
            yield f"{where.of(key)}: {key} is missing; conf/{BASE}/parameters_{stage}.yml is where it is expected"


def _invalid(where: KeyFiles, parameters: Mapping[str, Any], key: str, model: Any) -> Iterator[str]:
    if not has_key(parameters, key):
        return
    value = value_at(parameters, key)
    models = _models_in(model)
    try:
        for each in models:
            each.model_validate(value)
    except ValidationError as error:
        for detail in _causes(error.errors(include_url=False)):
            dotted = ".".join([key, *map(str, detail["loc"])])
            yield _line(where, dotted, detail, _names_at(models, detail["loc"][:-1]))


def _causes(details: list[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Yield all but lists that are called too short because an entry of theirs is wrong."""
    for detail in details:
        inside = (each["loc"] for each in details if len(each["loc"]) > len(detail["loc"]))
        if detail["type"] != "too_short" or detail["loc"] not in (each[: len(detail["loc"])] for each in inside):
            yield detail


def _line(where: KeyFiles, dotted: str, detail: Mapping[str, Any], known: list[str]) -> str:
    name = dotted.rpartition(".")[2]
    if detail["type"] == UNPINNED:
        commit = newest_commit(detail["ctx"]["name"], detail["ctx"]["repository"])
        newest = f". The newest that is known here is {commit}" if commit else ""
        return f"{where.of(dotted)}: {dotted}.{detail['ctx']['field']}: {detail['msg']}{newest}"
    if detail["type"] == "extra_forbidden":
        return f"{where.of(dotted)}: {dotted} = {shown(name, detail['input'])}: no such key{_closest(name, known)}"
    if detail["type"] == "missing":
        return f"{where.of(dotted)}: {dotted} is missing and has no default"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    value = shown(name, detail["input"])
    return f"{where.of(dotted)}: {dotted} = {value}: {message}" if value else f"{where.of(dotted)}: {dotted}: {message}"


def shown(name: str, value: Any) -> str:
    """Return a value in one short piece; nothing for a missing or nested one, whose message must speak for itself."""
    if isinstance(value, Mapping | list | tuple | BaseModel):
        return ""
    text = repr(redact(value, name))
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."


def _closest(name: str, known: Iterable[str]) -> str:
    listed = list(known)
    found = difflib.get_close_matches(name, listed, n=1, cutoff=0.6)
    if found:
        return f"; did you mean {found[0]}?"
    return f"; known here: {', '.join(listed)}" if listed else ""


def _names_at(models: list[type[Params]], location: tuple[int | str, ...]) -> list[str]:
    """Give the field names allowed at a place inside the models."""
    for part in location:
        inner = [
            found
            for model in models
            if part in model.model_fields
            for found in _models_in(model.model_fields[str(part)].annotation)
        ]
        models = inner or models
    return sorted({name for model in models for name in model.model_fields})


def _models_in(annotation: Any) -> list[type[Params]]:
    if inspect.isclass(annotation) and issubclass(annotation, Params):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]


def _leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _leaves(each, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from _leaves(each, f"{prefix}.{index}")
    else:
        yield prefix, value
