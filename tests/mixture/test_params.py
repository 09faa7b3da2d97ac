"""Parameters of the mixture: bad ones stop before any work."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cpt_pipeline.mixture.params import MixParams
from tests.mixture.corpus import params


def test_defaults() -> None:
    given = params()
    assert (given.max_passes, given.seed, given.stage1.min_quality) == (4.0, 0, 0.0)
    assert (given.stage1.weights, given.stage1.categories, given.stage1.uses) == ({}, {}, ())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"domain_share": 1.1}, r"domain_share\n  Input should be less than or equal to 1"),
        ({"domain_share": -0.1}, r"domain_share\n  Input should be greater than or equal to 0"),
        ({"domain_share": float("nan")}, "domain_share\n  Input should be"),
        ({"sequence_length": 4}, r"sequence_length\n  Input should be greater than or equal to 8"),
        ({"max_passes": 0}, r"max_passes\n  Input should be greater than 0"),
        ({"domian_share": 0.1}, r"domian_share\n  Extra inputs are not permitted"),
        ({"stage1": {"num_tokens": 0}}, r"stage1\.num_tokens\n  Input should be greater than 0"),
        ({"stage1": {"num_tokens": 79}}, r"mix\.stage1\.num_tokens is less than one step"),
        ({"stage1": {"num_tokens": 800, "weights": {"en": 0}}}, r"stage1\.weights\.en\n  Input should be greater"),
        ({"stage1": {"num_tokens": 800, "uses": ["clean"]}}, r"stage1\.uses\.0\n  Input should be 'stage1_only'"),
        ({"stage2": {"num_tokens": 800, "uses": ["stage1_only"]}}, r"mix\.stage2\.uses must stay empty"),
        ({"stage2": {"num_tokens": 800, "min_quality": 2}}, r"stage2\.min_quality\n  Input should be less than"),
    ],
)
def test_a_bad_value_is_refused_by_name(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        params(**changes)


def test_parameters_cannot_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        params().domain_share = 0.5  # type: ignore[misc]


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        MixParams.model_validate({"sequence_length": 1, "rows_per_step": 0, "domain_share": 2, "stage1": {}})
    assert {".".join(map(str, each["loc"])) for each in caught.value.errors()} == {
        "sequence_length",
        "rows_per_step",
        "domain_share",
        "stage1",
        "stage2",
    }
