"""What parameters name of the world outside: files, folders and models, found by the type of the parameter.

A field of one of these types is a dependency of its stage (dvc.yaml), is looked for before a run, and is part of what
tells one state of work from another; nothing else lists such fields. A folder of a model begins with `/`, `.` or `~`;
any other name is one of the hub, and enters by its commit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import repeat
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from cpt_pipeline.core.artifact import digest_file
from cpt_pipeline.core.params import Params
from cpt_pipeline.core.patterns import split_pattern

UNPINNED = "unpinned_hub_name"
"""Type of the validation error of a hub name without a commit; its context has `name`, `field` and `repository`."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_PLACEHOLDER = "0" * 40
_REMOTE = re.compile(r"(?!file://)[a-z0-9+.-]+://", re.IGNORECASE)


class Kind(StrEnum):
    """What a parameter names."""

    FILE = "file"
    FOLDER = "folder"
    PATTERN = "file, folder or pattern"
    ADDRESS = "file, folder, pattern or address"
    """An address (`s3://...`) is fetched at every run; a path is a dependency like any other."""
    HUB = "folder or hub name"


@dataclass(frozen=True)
class Names:
    """The mark of a type whose values name something that a stage reads."""

    kind: Kind


InputFile = Annotated[Path, Names(Kind.FILE)]
InputFolder = Annotated[Path, Names(Kind.FOLDER)]
InputPattern = Annotated[Path, Names(Kind.PATTERN)]
InputAddress = Annotated[str, Names(Kind.ADDRESS)]
HubName = Annotated[str, Names(Kind.HUB)]


@dataclass(frozen=True)
class Named:
    """A value of such a parameter, and its dotted key."""

    key: str
    kind: Kind
    value: str
    revision: str | None

    @property
    def path(self) -> Path | None:
        """The file, folder or pattern; None for what is not on this machine's disk: a hub name, a remote address."""
        if self.kind is Kind.HUB:  # the only kind whose reader knows `~`
            return Path(self.value).expanduser() if is_folder_name(self.value) else None
        if self.kind is Kind.ADDRESS and _REMOTE.match(self.value):
            return None
        return Path(self.value.removeprefix("file://"))

    @property
    def problem(self) -> str | None:
        """What keeps a stage from reading it, as far as this machine knows without the network."""
        path = self.path
        if path is None:
            return "this revision is a placeholder: write a commit" if self.revision == _PLACEHOLDER else None
        try:
            if self.kind is Kind.FILE:
                return None if path.is_file() else "no such file"
            if self.kind in (Kind.FOLDER, Kind.HUB):
                return None if path.is_dir() else "no such folder"
            return None if split_pattern(path)[0].exists() else "no such file or folder"
        except OSError as error:  # a path longer than the system allows
            return error.strerror


class HubParams(Params):
    """Parameters with a model or data set that is a folder or lies on the hub."""

    repository: ClassVar[Literal["model", "dataset"]] = "model"
    revision: str | None = None
    """Commit of the hub; required for a hub name, because branches and tags move."""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder; false too where nothing is named."""
        return any(named.kind is Kind.HUB and named.path is not None for named in named_inputs(self))

    @model_validator(mode="after")
    def _revision_is_pinned(self) -> HubParams:
        hub = next((each for each in named_inputs(self) if each.kind is Kind.HUB and each.path is None), None)
        if hub is not None and not _COMMIT.fullmatch(self.revision or ""):
            raise PydanticCustomError(
                UNPINNED,
                "{name} is a hub name and needs `revision`, the 40 hex digits of a commit (shown on the hub under "
                "Files, History), because branches and tags move. A local folder must begin with /, . or ~",
                {"name": hub.value, "field": hub.key, "repository": self.repository},
            )
        return self


def is_folder_name(name: str) -> bool:
    """Return whether a model's name is that of a folder: `/models/a`, `./a`, `~/a`; `a/b` is a name of the hub."""
    return name.startswith(("/", ".", "~"))


def named_inputs(params: Params, key: str = "", *, only: frozenset[str] | None = None) -> Iterator[Named]:
    """Yield what parameters name, at any depth, in the order of their fields; `only` are fields of `params` itself."""
    for name, field in type(params).model_fields.items():
        if only is None or name in only:
            annotation = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
            yield from _named(annotation, getattr(params, name), f"{key}.{name}" if key else name, params)


def digest_inputs(params: Params, *, only: frozenset[str] | None = None) -> dict[str, str]:
    """Return a digest of every file that parameters name, files below folders included; a hub name has its commit."""
    found = {}
    for each in named_inputs(params, only=only):
        if each.path is not None:
            below = sorted(each.path.rglob("*")) if each.path.is_dir() else [each.path]
            found.update({f"{each.key} {path}": digest_file(path) for path in below if path.is_file()})
    return found


def _named(annotation: Any, value: Any, key: str, owner: Params) -> Iterator[Named]:
    if value is None or value == "":
        return
    marks = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    mark = next((each for each in marks if isinstance(each, Names)), None)
    if isinstance(value, Params):
        yield from named_inputs(value, key)
    elif mark is not None:
        yield Named(key, mark.kind, str(value), getattr(owner, "revision", None))
    else:
        for inner, each, below in _inside(annotation, value):
            yield from _named(inner, each, f"{key}{below}", owner)


def _inside(annotation: Any, value: Any) -> Iterator[tuple[Any, Any, str]]:
    """Yield the types inside a type, each with its part of the value and the end of that part's key."""
    origin, types = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield types[0], value, ""
    elif origin in (Union, UnionType):
        yield from ((each, value, "") for each in types)
    elif origin is dict and isinstance(value, dict):
        yield from ((types[1], each, f".{name}") for name, each in value.items())
    elif origin is list and isinstance(value, list):
        yield from ((types[0], each, f".{index}") for index, each in enumerate(value))
    elif origin is tuple and isinstance(value, tuple):
        kinds = repeat(types[0]) if Ellipsis in types else types
        yield from ((kind, each, f".{index}") for index, (kind, each) in enumerate(zip(kinds, value, strict=False)))
