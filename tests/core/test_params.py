"""Parameters cannot change and hold no key that nobody reads."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from cpt_pipeline.core.params import Params, Report


class Inner(Params):
    rate: float = 0.5


class Outer(Params):
    name: str
    inner: Inner = Inner()
    steps: tuple[int, ...] = ()


class Count(Report):
    documents: int
    share: float
    names: tuple[str, ...] = ()


@pytest.mark.feature(3)
def test_text_is_json_for_mlflow() -> None:
    params = Outer.model_validate({"name": "中文", "steps": [1, 2]})
    assert json.loads(str(params)) == {"name": "中文", "inner": {"rate": 0.5}, "steps": [1, 2]}


def test_unknown_keys_are_refused_at_every_depth() -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"name": "a", "nmae": "b", "inner": {"rat": 1.0}})
    assert [".".join(map(str, each["loc"])) for each in caught.value.errors()] == ["inner.rat", "nmae"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "fast"])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ValidationError, match="rate\n  Input should be"):
        Inner.model_validate({"rate": value})


def test_parameters_and_reports_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Inner().rate = 1.0  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        Count(documents=1, share=0.5).documents = 2  # type: ignore[misc]


def test_a_report_is_plain_json() -> None:
    metrics = Count(documents=3, share=0.25, names=("a",)).as_metrics()
    assert metrics == {"documents": 3, "share": 0.25, "names": ["a"]}
    with pytest.raises(ValidationError, match="Extra inputs"):
        Count.model_validate({"documents": 1, "share": 0.5, "seconds": 3})
