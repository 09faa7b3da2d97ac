"""Build the reference pages of the site: every stage with its keys, from the typed params classes and conf/base.

The pages are never stored: `make docs` builds them (tools/site_hooks.py), so they say what the code says.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import textwrap
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from kedro.pipeline import Pipeline
from kedro.validation.type_extractor import TypeExtractor
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python
from ruamel.yaml import YAML

from cpt_pipeline.pipeline_registry import STAGES

BASE = Path(__file__).parents[1] / "conf/base"
PARAMS = "params:"
RECORDS = ("_metrics", "_provenance", "_log")
LONGEST_VALUE = 60
LIMITS = {
    "ge": "≥",
    "gt": ">",
    "le": "≤",
    "lt": "<",
    "min_length": "length ≥",
    "max_length": "length ≤",
    "pattern": "matches",
}
HEAD = "| key | type | default | meaning |\n|---|---|---|---|\n"


@dataclass
class Page:
    """The keys of one stage: a section per params class, in the order in which they are first named."""

    sections: list[str] = field(default_factory=list)
    titles: dict[type[BaseModel], str] = field(default_factory=dict)
    waiting: list[tuple[str, type[BaseModel]]] = field(default_factory=list)


def build_pages() -> dict[str, str]:
    """Return the text of every reference page by its place in the docs folder."""
    pages = {f"reference/{name}.md": _stage_page(name, module.create_pipeline()) for name, module in STAGES.items()}
    return {"reference/index.md": _overview(), **pages}


def list_params(pipeline: Pipeline) -> dict[str, type[BaseModel]]:
    """Return the params class of every `params:` input of a pipeline, by key of conf."""
    types_by_key = TypeExtractor({"stage": pipeline}).extract_types_from_pipelines()
    keys = (name.removeprefix(PARAMS) for node in pipeline.nodes for name in node.inputs if name.startswith(PARAMS))
    return {key: types_by_key[key] for key in keys}


def read_docstrings(params: type[BaseModel]) -> dict[str, str]:
    """Return the docstring under each field of a class and of those it inherits from."""
    found: dict[str, str] = {}
    for owner in reversed(params.__mro__):
        if not issubclass(owner, BaseModel) or owner is BaseModel:
            continue
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
        body = definition.body if isinstance(definition, ast.ClassDef) else []
        for statement, text in pairwise(body):
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                found.pop(statement.target.id, None)
                if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                    found[statement.target.id] = " ".join(str(text.value.value).split())
    return found


def nested_models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the params classes that a type is made of, in their order."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in () if get_origin(annotation) is Literal else get_args(annotation):
        yield from nested_models(each)


def _overview() -> str:
    about = "Data flow from top to bottom. Every stage also writes `<stage>_metrics` and `<stage>_provenance`."
    lines = ["# The pipeline", "", f"{about} [Formats](../concepts.md) says what is in each dataset.", ""]
    lines += ["| stage | what it does | takes | gives |", "|---|---|---|---|"]
    for name, module in STAGES.items():
        pipeline = module.create_pipeline()
        cells = [f"[{name}]({name}.md)", _first_line(module.create_pipeline), _datasets(pipeline.inputs())]
        lines.append(f"| {' | '.join([*cells, _datasets(pipeline.outputs())])} |")
    return "\n".join(lines) + "\n"


def _stage_page(name: str, pipeline: Pipeline) -> str:
    page = Page()
    text = inspect.getdoc(STAGES[name].create_pipeline) or ""
    owners = {key: find_owner(key) for key in list_params(pipeline)}
    for key, params in list_params(pipeline).items():
        page.waiting += [(key, params)] if owners[key] == name else []
        while page.waiting:
            _add_section(page, *page.waiting.pop(0))
    keys = "Keys are written in `conf/<environment>/parameters_*.yml` and laid over those of `conf/base`."
    others = ", ".join(f"[`{key}`]({owner}.md)" for key, owner in owners.items() if owner != name)
    also = [f"It also reads {others}."] if others else []
    return "\n\n".join([f"# Stage {name}", text, keys, *also, *page.sections]) + "\n"


def find_owner(key: str) -> str:
    """Return the stage on whose page a key is described: the one of its name, else the first that reads it."""
    name = key.partition(".")[0].removesuffix("_run")
    readers = (stage for stage, module in STAGES.items() if key in list_params(module.create_pipeline()))
    return name if name in STAGES else next(readers)


def _add_section(page: Page, path: str, params: type[BaseModel]) -> None:
    """Add the section of a class; those that it names wait for their turn in front of all others."""
    if params in page.titles:
        return
    page.titles[params] = path
    docstrings = read_docstrings(params)
    rows, nested = [], []
    for name, info in params.model_fields.items():
        key = f"{path}.{name}"
        annotation = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
        models = list(nested_models(annotation))
        nested += [(_nested_path(key, annotation, model, len(models)), model) for model in models]
        meaning = docstrings.get(name) or _comment(key)
        rows.append(f"| `{name}` | {_cell(_type(annotation))} | {_default(key, info)} | {_cell(meaning)} |")
    page.waiting[:0] = nested
    about = inspect.cleandoc(params.__doc__ or "")
    table = HEAD + "\n".join(rows) if rows else "It has no keys."
    page.sections.append(f"## `{path}` {{ #{params.__name__.lower()} }}\n\n{about}\n\n{table}")


def _nested_path(key: str, annotation: Any, model: type[BaseModel], count: int) -> str:
    """Return where in conf a nested class stands: `[]` for an entry of a list, `<name>` for one of a mapping."""
    origins = {get_origin(each) for each in _parts(annotation)}
    path = key + ("[]" if tuple in origins else ".<name>" if origins & {dict, typing.Mapping} else "")
    kind = model.model_fields.get("kind")
    if count > 1 and kind is not None and get_origin(kind.annotation) is Literal:
        return f"{path} (kind: {' | '.join(map(str, get_args(kind.annotation)))})"
    return path


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for each in () if get_origin(annotation) is Literal else get_args(annotation):
        yield from _parts(each)


def _type(annotation: Any) -> str:
    """Return a type as a reader of YAML would say it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is type(None):
        return "null"
    if origin is Annotated:
        limits = [limit for each in arguments[1:] for limit in _limits(each)]
        return ", ".join([_type(arguments[0]), *limits])
    if origin is Literal:
        return " or ".join(f"`{_value(each)}`" for each in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_type(each) for each in arguments))
    if origin in (tuple, list, frozenset):
        return "list of " + " and ".join(_type(each) for each in arguments if each is not Ellipsis)
    if origin is not None and len(arguments) == 2:
        return f"mapping of {_type(arguments[0])} to {_type(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{_label(annotation)}](#{annotation.__name__.lower()})"
    return getattr(annotation, "__name__", str(annotation))


def _label(model: type[BaseModel]) -> str:
    """Return what a nested class is called in a table: `RecencyParams` is `recency`, in words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", model.__name__.removesuffix("Params")).lower()


def _limits(constraint: Any) -> Iterator[str]:
    """Yield the limits that a pydantic constraint sets."""
    for inner in getattr(constraint, "metadata", ()):
        yield from _limits(inner)
    for name, sign in LIMITS.items():
        limit = getattr(constraint, name, None)
        if isinstance(limit, float) and limit.is_integer():
            limit = int(limit)  # `Annotated` keeps whichever of 0 and 0.0 it met first
        if limit is not None and not callable(limit):
            yield f"{sign} `{limit}`" if isinstance(limit, str) else f"{sign} {limit}"


def _default(key: str, info: FieldInfo) -> str:
    """Return what holds when a conf says nothing: the value of conf/base, and that of the class where they differ."""
    if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
        return ""  # its own section says it, key by key
    own = None if info.is_required() else info.get_default(call_default_factory=True)
    in_class = "required" if info.is_required() else f"`{_value(own)}`"
    known, value = _base_value(key)
    if not known:
        return in_class
    in_base = f"`{_value(value)}`"
    return in_base if in_base == in_class or info.is_required() else f"{in_base} (without conf: {in_class})"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("|", "\\|") or '""'
    text = json.dumps(to_jsonable_python(value), ensure_ascii=False)
    shown = text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + " …"
    return shown.replace("|", "\\|")


@cache
def _base() -> dict[str, Any]:
    """Return conf/base, with the comments that stand in it."""
    merged: dict[str, Any] = {}
    for path in sorted(BASE.glob("parameters_*.yml")):
        merged |= {key: (values, path.name) for key, values in YAML().load(path).items()}
    return merged


def _find(key: str) -> tuple[Any, str] | None:
    """Return the mapping of conf/base that holds a key, and the key's last word."""
    first, *rest = key.split(".")
    if first not in _base() or not rest:
        return None
    holder: Any = _base()[first][0]
    for part in rest[:-1]:
        holder = holder.get(part) if isinstance(holder, dict) else None
    return (holder, rest[-1]) if isinstance(holder, dict) and rest[-1] in holder else None


def _base_value(key: str) -> tuple[bool, Any]:
    found = _find(key)
    return (False, None) if found is None else (True, found[0][found[1]])


def _comment(key: str) -> str:
    """Return the comment behind a key in conf/base."""
    found = _find(key)
    tokens = found[0].ca.items.get(found[1]) if found is not None else None
    token = tokens[2] if tokens else None
    return token.value.strip().partition("\n")[0].lstrip("# ") if token is not None else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("\\\\|", "\\|")


def _datasets(names: set[str]) -> str:
    shown = (name for name in sorted(names) if not name.startswith(PARAMS) and not name.endswith(RECORDS))
    return ", ".join(f"`{name}`" for name in shown)


def _first_line(function: Any) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0]
