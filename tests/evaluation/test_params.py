"""The parameters of the evaluation, and the files in conf that set them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from cpt_pipeline.evaluation.params import EvaluateParams, EvaluateRunParams

CONF = Path(__file__).parents[2] / "conf"


def test_conf_is_valid_and_its_benchmarks_are_there() -> None:
    conf = yaml.safe_load((CONF / "base" / "parameters_evaluate.yml").read_text(encoding="utf-8"))
    params = EvaluateParams.model_validate(conf["evaluate"])
    EvaluateRunParams.model_validate(conf["evaluate_run"])
    assert set(conf) == {"evaluate", "evaluate_run"}
    assert set(conf["evaluate"]) == set(EvaluateParams.model_fields)
    for benchmark in params.suite.benchmarks:
        assert (CONF.parent / benchmark.path).is_file()


@pytest.mark.parametrize(
    "wrong", [{"confidence": 1.0}, {"confidence": 0.3}, {"bootstrap_resamples": 10}, {"documents_per_chanel": 5}]
)
def test_wrong_values_and_unknown_keys_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        EvaluateParams.model_validate(wrong)
