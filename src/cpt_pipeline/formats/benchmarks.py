"""Benchmarks: multiple-choice items, fetched once and used twice.

`evaluate` scores models on them and `dedup` removes their texts from training; both read the same artifact,
so a benchmark cannot be scored without having been guarded. One item per line of `items.jsonl`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from cpt_pipeline.core.artifact import read_manifest, seal
from cpt_pipeline.core.inputs import InputFile
from cpt_pipeline.core.params import Params

_ITEMS = "items.jsonl"


class BenchmarkParams(Params):
    """One benchmark: a JSONL file of items."""

    name: str = Field(min_length=1)
    path: InputFile
    """JSONL, one item per line: `id`, `prompt`, `choices`, `answer` (index of the right choice), `ability`."""
    ability: str | None = None
    """Ability of the items that name none."""


class SuiteParams(Params):
    """`evaluate.suite` in conf: the benchmarks that judge the models and that training must not have seen."""

    benchmarks: tuple[BenchmarkParams, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> SuiteParams:
        twice = [name for name, count in Counter(each.name for each in self.benchmarks).items() if count > 1]
        if twice:
            raise ValueError(f"evaluate.suite.benchmarks names {', '.join(twice)} more than once")
        return self


class BenchmarkItem(Params):
    """One question: the model is right when it finds `choices[answer]` the likeliest continuation of `prompt`."""

    id: str = Field(min_length=1)
    benchmark: str
    ability: str
    prompt: str = Field(min_length=1)
    choices: tuple[str, ...] = Field(min_length=2)
    answer: int = Field(ge=0)

    @model_validator(mode="after")
    def _answer_is_a_choice(self) -> BenchmarkItem:
        if self.answer >= len(self.choices):
            raise ValueError(f"answer {self.answer} is not an index of {len(self.choices)} choices")
        return self


def load_suite(suite: SuiteParams) -> tuple[list[BenchmarkItem], list[str]]:
    """Read the files of a suite; give the items in order, and every problem with its file and line."""
    items: list[BenchmarkItem] = []
    problems: list[str] = []
    for benchmark in suite.benchmarks:
        if not benchmark.path.is_file():
            problems.append(f"{benchmark.path}: no such file (evaluate.suite, benchmark {benchmark.name})")
            continue
        found = list(_read_lines(benchmark))
        items.extend(each for each in found if isinstance(each, BenchmarkItem))
        problems.extend(each for each in found if isinstance(each, str))
        if not found:
            problems.append(f"{benchmark.path}: no item in it (evaluate.suite, benchmark {benchmark.name})")
    return items, problems


def write_items(directory: Path, items: Iterable[BenchmarkItem]) -> dict[str, Any]:
    """Write and seal the artifact; return its manifest."""
    directory.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(item.model_dump(mode="json"), ensure_ascii=False) for item in items]
    (directory / _ITEMS).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return seal(directory, "benchmarks", items=len(lines))


def read_items(directory: Path) -> list[BenchmarkItem]:
    """Read every item of a finished artifact, in the order of the suite."""
    read_manifest(directory)
    with (directory / _ITEMS).open(encoding="utf-8") as lines:
        return [BenchmarkItem.model_validate_json(line) for line in lines]


def _read_lines(benchmark: BenchmarkParams) -> Iterator[BenchmarkItem | str]:
    seen: set[str] = set()
    for number, raw in enumerate(benchmark.path.read_bytes().split(b"\n"), start=1):
        if not raw.strip():
            continue
        try:
            item = _parse(raw, benchmark)
        except ValidationError as error:
            yield f"{benchmark.path} line {number}: {_in_words(error)}"
            continue
        except (ValueError, RecursionError) as error:
            yield f"{benchmark.path} line {number}: {error}"
            continue
        if item.id in seen:
            yield f"{benchmark.path} line {number}: id {item.id!r} stands on an earlier line too"
        else:
            seen.add(item.id)
            yield item


def _parse(raw: bytes, benchmark: BenchmarkParams) -> BenchmarkItem:
    row = json.loads(raw.decode("utf-8"))
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    given = {"benchmark": benchmark.name, **({"ability": benchmark.ability} if benchmark.ability else {})}
    return BenchmarkItem.model_validate({**given, **row})


def _in_words(error: ValidationError) -> str:
    parts = ((".".join(map(str, each["loc"])), each["msg"]) for each in error.errors())
    return "; ".join(f"{place}: {message}" if place else message for place, message in parts)
