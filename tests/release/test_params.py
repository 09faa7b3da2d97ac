"""The policy, and the file in conf that sets it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from cpt_pipeline.release.params import DecideParams

CONF = Path(__file__).parents[2] / "conf"


def test_conf_names_every_part_of_the_policy() -> None:
    conf = yaml.safe_load((CONF / "base" / "parameters_decide.yml").read_text(encoding="utf-8"))
    params = DecideParams.model_validate(conf["decide"])
    assert set(conf["decide"]) == set(DecideParams.model_fields)
    assert (params.min_domain_gain, params.max_general_rise, params.judge) == (0.15, 0.02, "last")


@pytest.mark.parametrize("wrong", [{"min_domain_gain": 1.0}, {"max_general_rise": -0.01}, {"min_documents": 1}])
def test_senseless_limits_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        DecideParams.model_validate(wrong)
