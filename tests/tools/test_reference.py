"""The reference of the site: every params class and field that a stage reads, with what the code says of it."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from pydantic import BaseModel, Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.pipeline_registry import STAGES
from tools.reference import build_pages, find_owner, list_params, nested_models, read_docstrings


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return build_pages()


class Inner(Params):
    """Inside."""

    kind: Literal["a"] = "a"


class Outer(Inner):
    """Outside."""

    num: int = Field(3, gt=0)
    """How many,
    in all."""
    silent: tuple[Inner, ...] = ()


def test_the_docstring_under_a_field_is_found_and_no_other() -> None:
    assert read_docstrings(Outer) == {"num": "How many, in all."}


def test_classes_are_found_inside_lists_and_unions() -> None:
    assert list(nested_models(tuple[Inner | None, ...])) == [Inner]
    assert list(nested_models(dict[str, Outer] | None)) == [Outer]


def test_every_stage_has_a_page_and_a_line_in_the_overview(pages: dict[str, str]) -> None:
    assert sorted(pages) == sorted(["reference/index.md", *(f"reference/{name}.md" for name in STAGES)])
    listed = re.findall(r"^\| \[(\w+)\]", pages["reference/index.md"], flags=re.MULTILINE)
    assert listed == list(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_a_page_has_every_class_and_every_field_with_its_docstring(stage: str, pages: dict[str, str]) -> None:
    page = pages[f"reference/{stage}.md"]
    waiting = [model for key, model in list_params(STAGES[stage].create_pipeline()).items() if find_owner(key) == stage]
    seen: set[type[BaseModel]] = set()
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen.add(model)
        section = re.search(rf"\{{ #{model.__name__.lower()} \}}(.*?)(?=\n## |\Z)", page, re.DOTALL)
        assert section, f"{model.__name__} is not on the page of {stage}"
        rows = re.findall(r"^\| `(\w+)` \|", section[1], flags=re.MULTILINE)
        assert rows == list(model.model_fields)
        for text in read_docstrings(model).values():
            assert text.replace("|", "\\|") in section[1]
        waiting += [each for info in model.model_fields.values() for each in nested_models(info.annotation)]


def test_defaults_types_and_limits_are_those_of_conf_and_code(pages: dict[str, str]) -> None:
    assert "| `min_domain_gain` | float, ≥ 0, < 1 | `0.15` |" in pages["reference/decide.md"]
    assert "| `heldout_every_steps` | int, > 0 | `20` (without conf: `50`) |" in pages["reference/stage1.md"]
    assert "| `path` | Path | required |" in pages["reference/collect.md"]
