"""Every parameter that names a file, a folder or a model says so by its type: all parameter classes of all stages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from annotated_types import Ge, Gt
from kedro.validation.type_extractor import TypeExtractor
from pydantic import Field

from cpt_pipeline.core.inputs import HubName, HubParams, InputFile, Kind, Names
from cpt_pipeline.core.params import Params, Seed
from cpt_pipeline.pipeline_registry import register_pipelines

SUSPECT = re.compile(
    r"(^|_)(address|dataset|director(y|ies)|examples|files?|folders?|hostfile|index|labels?|lists?|models?|names?|paths?"
    r"|store|terms?|urls?|weights)$"
)
"""Texts whose field is called like this may name a file."""
NO_INPUT = {
    "BenchmarkParams.name": "names the benchmark in scores and report",
    "DeviceParams.name": "names the device in the bill",
    "EndpointParams.model": "a name that the server knows",
    "EndpointRunParams.answers": "kept by the stage itself, under what was asked",
    "EndpointRunParams.url": "the address of a server",
    "EngineParams.ray_address": "the address of a cluster",
    "FilesParams.follow_links_to": "where links may lead; what they reach is a part of `path`",
    "LabelsParams.label": "a column of a file that is marked",
    "PythonEnvironmentParams.name": "names the source; versions of packages are no reason to run (ADR 2)",
    "SourceParams.name": "names the source",
    "SourceParams.url": "goes into the documents; nothing is fetched from it",
    "WebParams.store": "kept by the stage itself; what was fetched is in its documents",
}
"""The class that has the field, and why nothing that a stage depends on is named by it."""


def classes() -> list[type[Params]]:
    typed = TypeExtractor(register_pipelines()).extract_types_from_pipelines()
    found: dict[type[Params], None] = {}
    waiting: list[Any] = list(typed.values())
    while waiting:
        annotation = waiting.pop()
        if isinstance(annotation, type) and issubclass(annotation, Params):
            if annotation not in found:
                found[annotation] = None
                waiting += [field.annotation for field in annotation.model_fields.values()]
        else:
            waiting += get_args(annotation)
    return sorted(found, key=lambda each: each.__qualname__)


def leaves(annotation: Any, marks: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Names | None]]:
    """Give the types that values of a field have, however deep, each with its mark."""
    if get_origin(annotation) is Annotated:
        yield from leaves(get_args(annotation)[0], (*marks, *get_args(annotation)[1:]))
    elif get_origin(annotation) in (Union, UnionType, tuple, list, frozenset):
        for each in get_args(annotation):
            yield from leaves(each, marks)
    elif get_origin(annotation) is dict:
        yield from leaves(get_args(annotation)[1], marks)
    elif get_origin(annotation) is not Literal:
        yield annotation, next((each for each in marks if isinstance(each, Names)), None)


def unmarked(model: type[Params]) -> list[str]:
    """Give the fields of a class that may name something to be read and have no type that says so."""
    found = []
    for name, field in model.model_fields.items():
        for kind, mark in leaves(field.annotation, tuple(field.metadata)):
            if mark is None and (kind is Path or (kind is str and SUSPECT.search(name))):
                owner = next(each for each in reversed(model.__mro__) if name in vars(each).get("__annotations__", {}))
                found.append(f"{owner.__name__}.{name}")
    return sorted(set(found))


@pytest.mark.feature(123)
def test_every_parameter_that_may_name_a_file_has_a_type_that_says_so_or_a_reason_why_not() -> None:
    found = sorted({each for model in classes() for each in unmarked(model)})
    assert found == sorted(NO_INPUT)


NO_BOUNDS = {
    "CategoryParams.limits": "checked as the limits of the rules that they replace",
    "SemanticParams.curve_cosines": "any number is a threshold, of which the curve tells the share",
}
"""The class that has the field, and why a number that a library refuses later cannot stand there."""


def unbounded(model: type[Params]) -> list[str]:
    """Return the fields of a class that take any number."""
    found = []
    for name, field in model.model_fields.items():
        for kind, marks in numbers(field.annotation, tuple(field.metadata)):
            if kind in (int, float) and not any(isinstance(mark, Ge | Gt) for mark in marks):
                owner = next(each for each in reversed(model.__mro__) if name in vars(each).get("__annotations__", {}))
                found.append(f"{owner.__name__}.{name}")
    return sorted(set(found))


def numbers(annotation: Any, marks: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Yield the types inside a type, keys of mappings included, each with its marks and their metadata."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        metadata = (each for mark in more for each in getattr(mark, "metadata", ()))
        yield from numbers(inner, (*marks, *more, *metadata))
    elif get_origin(annotation) is Literal:
        return
    elif arguments := get_args(annotation):
        for each in arguments:
            yield from numbers(each, marks)
    else:
        yield annotation, marks


@pytest.mark.feature(123)
def test_every_number_has_a_bound_or_a_reason_why_not() -> None:
    assert sorted({each for model in classes() for each in unbounded(model)}) == sorted(NO_BOUNDS)


class Endless(Params):
    rate: float = 1.0
    pair: tuple[float, Annotated[float, Field(ge=0)]] = (0.0, 0.0)
    sizes: dict[int, Annotated[float, Field(ge=0)]] = Field({})
    number: int | None = None
    is_on: bool = True
    share: float = Field(0.5, gt=0)
    seed: Seed | None = None
    shares: dict[str, Annotated[float, Field(ge=0)]] = Field({})


def test_this_test_finds_numbers_without_a_bound() -> None:
    assert unbounded(Endless) == [f"Endless.{name}" for name in ("number", "pair", "rate", "sizes")]


class Careless(Params):
    label_file: str = ""
    lists: dict[str, Path] = Field({})
    parts: tuple[Path | None, ...] = ()
    encoder_name: str | None = None
    marked: InputFile | None = None
    model: HubName | None = None
    title: str = ""


def test_this_test_finds_what_was_forgotten() -> None:
    assert unmarked(Careless) == [f"Careless.{name}" for name in ("encoder_name", "label_file", "lists", "parts")]


def test_every_class_with_a_hub_name_asks_for_a_commit() -> None:
    named = {
        model.__name__
        for model in classes()
        for field in model.model_fields.values()
        for _, mark in leaves(field.annotation, tuple(field.metadata))
        if mark is not None and mark.kind is Kind.HUB
    }
    assert named == {"BaseParams", "EncoderParams", "HubDatasetParams", "LanguageModelParams"}
    assert all(issubclass(model, HubParams) for model in classes() if model.__name__ in named)
