"""What parent and worker tell one another survives its file."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from pydantic import ValidationError

from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.evaluation.job import Answer, EvaluationJob, Subject, as_json, read_answer, write_answer
from cpt_pipeline.evaluation.params import EvaluateRunParams


def test_an_answer_keeps_broken_losses(tmp_path: Path) -> None:
    answer = Answer(
        nll=(math.nan, math.inf, 1.5), tokens=(1, 2, 3), bytes=(4, 5, 6), choices=(0,), continuations=("中",)
    )
    write_answer(tmp_path / "a.json", answer)
    found = read_answer(tmp_path / "a.json")
    assert math.isnan(found.nll[0])
    assert found.nll[1:] == (math.inf, 1.5)
    assert found.continuations == ("中",)


@pytest.mark.parametrize("was", ["1.25", '"digest"', "}"])
def test_an_answer_that_was_damaged_is_not_taken_up(tmp_path: Path, was: str) -> None:
    path = tmp_path / "a.json"
    write_answer(path, Answer(nll=(1.25,), tokens=(1,), bytes=(4,), choices=(0,), continuations=()))
    text = path.read_text("utf-8")
    assert was in text
    path.write_text(text[: text.rindex(was)] + text[text.rindex(was) :].replace(was, "1.5", 1), encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"a\.json is .*kedro workspaces --clear"):
        read_answer(path)


def test_a_job_survives_and_unknown_keys_are_refused() -> None:
    subject = Subject(name="base", stage="base", step=0, folder=Path("f"), answer=Path("a"))
    job = EvaluationJob(subjects=(subject,), questions=Path("q"), run=EvaluateRunParams(dtype="bfloat16"))
    value = json.loads(json.dumps(as_json(job)))
    assert EvaluationJob.model_validate(value) == job
    with pytest.raises(ValidationError, match="surprise"):
        EvaluationJob.model_validate({**value, "surprise": 1})
