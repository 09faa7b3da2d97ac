"""The policy: expressions are read as SPDX means them, and a refusal is stronger than a wide acceptance."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cpt_pipeline.corpus.collect.admission.license_policy import LicensePolicyParams

POLICY = LicensePolicyParams(accepted=("MIT", "Apache-2.0", "CC-BY-*", "GPL-*"), refused=("*-NC-*", "GPL-2.0-only"))


@pytest.mark.parametrize(
    "license",
    [
        "MIT",
        "CC-BY-SA-4.0",
        "MIT AND Apache-2.0",
        "GPL-2.0-only OR MIT",
        "(GPL-2.0-only OR MIT) AND Apache-2.0",
        "GPL-3.0-only WITH Classpath-exception-2.0",
        "unknown, allowed because the owner agreed",
    ],
)
def test_accepted(license: str) -> None:
    assert POLICY.find_problem(license) is None


@pytest.mark.feature(8)
@pytest.mark.parametrize(
    ("license", "named"),
    [
        ("BSD-3-Clause", "BSD-3-Clause is"),
        ("CC-BY-NC-4.0", "CC-BY-NC-4.0 is"),
        ("MIT AND CC-BY-NC-4.0", "CC-BY-NC-4.0 is"),
        ("BSD-2-Clause OR GPL-2.0-only", "BSD-2-Clause and GPL-2.0-only is"),
        ("MIT AND (BSD-2-Clause OR ISC)", "BSD-2-Clause and ISC is"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only is"),
    ],
)
def test_refused_by_name(license: str, named: str) -> None:
    problem = POLICY.find_problem(license)
    assert problem is not None
    assert problem.startswith(named)


def test_unknown_can_be_refused() -> None:
    policy = LicensePolicyParams(accept_unknown=False)
    assert policy.find_problem("MIT") is None
    assert policy.find_problem("unknown, allowed because nobody asked") is not None


def test_an_expression_is_no_pattern() -> None:
    with pytest.raises(ValidationError, match="one licence per entry"):
        LicensePolicyParams(accepted=("MIT OR ISC",))
