"""The ratio of domain to general text: today what conf says; a fitted law may answer instead."""

from __future__ import annotations

from typing import Any

from cpt_pipeline.mixture.params import MixLawParams


def choose_ratio(params: MixLawParams) -> dict[str, Any]:
    """Give the `ratio` artifact; switched off it says so and leaves `mix.domain_share` in force."""
    assert not params.enabled
    return {"enabled": False, "domain_share": None, "reason": "mix_law.enabled is false: mix.domain_share holds"}
