"""What the parent asks of the evaluation worker, and what the worker answers: two JSON files per model and run.

One answer per model, in a file that carries the model's identity and everything that shapes the numbers, so a
killed evaluation goes on with the models that are missing and never mixes two of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from cpt_pipeline.core.artifact import digest_json, write_json
from cpt_pipeline.core.errors import ArtifactError
from cpt_pipeline.core.json_reading import UNFINISHED, read_json
from cpt_pipeline.core.params import Params
from cpt_pipeline.evaluation.params import EvaluateRunParams
from cpt_pipeline.evaluation.texts import HeldoutText
from cpt_pipeline.formats.benchmarks import BenchmarkItem

EXIT = "exit.json"
"""The worker's last words (`core.last_words`), beside `job.json`."""


class Subject(Params):
    """A model to be measured."""

    name: str
    stage: str
    step: int
    folder: Path
    answer: Path
    """Where the worker writes its `Answer`."""


class Questions(Params):
    """What every model is asked."""

    texts: tuple[HeldoutText, ...]
    items: tuple[BenchmarkItem, ...]
    prompts: tuple[str, ...]
    sample_tokens: int
    sequence_length: int


class EvaluationJob(Params):
    """`job.json` of the worker."""

    subjects: tuple[Subject, ...]
    questions: Path
    run: EvaluateRunParams


class Answer(BaseModel):
    """What one model was found to do; lists are in the order of the questions. Losses may be not-a-number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    nll: tuple[float, ...]
    """Nats per text."""
    tokens: tuple[int, ...]
    bytes: tuple[int, ...]
    choices: tuple[int, ...]
    """Index of the likeliest choice of every benchmark item."""
    continuations: tuple[str, ...]


def write_answer(path: Path, answer: Answer) -> None:
    """Write one model's answer with its digest: a file that is taken up days later is looked at again."""
    value = as_json(answer)
    write_json(path, {"answer": value, "digest": digest_json(value)})


def read_answer(path: Path) -> Answer:
    """Return one model's answer; `ArtifactError` names a file that is not as it was written."""
    written = read_json(path, keys=("answer", "digest"), remedy=UNFINISHED)
    if digest_json(written["answer"]) != written["digest"]:
        raise ArtifactError(f"{path} is not as it was written. {UNFINISHED}")
    return Answer.model_validate(written["answer"])


def as_json(value: BaseModel) -> Any:
    """Give the JSON value of a job, questions or an answer; not-a-number stays so."""
    return value.model_dump(mode="json")
