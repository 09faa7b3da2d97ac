"""The errors of users: all problems at once, and an exit code per kind."""

from __future__ import annotations

import pytest

from cpt_pipeline.core import errors
from cpt_pipeline.core.errors import CptError, SourceError, raise_all


def test_every_problem_stands_on_a_line_of_its_own() -> None:
    with pytest.raises(SourceError) as caught:
        raise_all(SourceError, "2 sources are wrong", (f"source {name}: no licence" for name in "ab"))
    assert str(caught.value) == "2 sources are wrong\n  - source a: no licence\n  - source b: no licence"


def test_without_a_problem_nothing_happens() -> None:
    raise_all(SourceError, "heading", [])


def test_exit_codes() -> None:
    """0 and 1 are taken: done, and a fault of ours."""
    kinds = {
        name: kind.exit_code
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, CptError)
    }
    assert {name: code for name, code in kinds.items() if code != 2} == {
        "DiskSpaceError": 75,
        "NotPermittedError": 3,
        "StoppedBySignalError": 75,
        "TasksFailedError": 75,
        "TrainingFailedError": 4,
        "TrainingInterruptedError": 75,
    }
    assert {"CptError", "ParameterError", "SourceError", "ArtifactError", "ModelNotFoundError"} <= set(kinds)
