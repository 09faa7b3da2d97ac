"""The ratio artifact while the law is switched off."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cpt_pipeline.mixture.law import choose_ratio
from cpt_pipeline.mixture.params import MixLawParams


def test_switched_off_it_says_so_and_sets_no_share() -> None:
    assert choose_ratio(MixLawParams()) == {
        "enabled": False,
        "domain_share": None,
        "reason": "mix_law.enabled is false: mix.domain_share holds",
    }


def test_what_is_not_built_cannot_be_switched_on() -> None:
    with pytest.raises(ValidationError, match=r"enabled\n  Input should be False"):
        MixLawParams.model_validate({"enabled": True})
