"""Make the scorer of a run, once, before any document is scored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cpt_pipeline.core.json_reading import UNFINISHED, read_json
from cpt_pipeline.corpus.clean.scoring.labels import Label, read_labels, require_both_sides, split
from cpt_pipeline.corpus.clean.scoring.params import ScorerParams
from cpt_pipeline.corpus.clean.scoring.report import AskReport, EvaluationReport
from cpt_pipeline.corpus.clean.scoring.scorers import describe_model
from cpt_pipeline.corpus.clean.scoring.steps import TrainScorer, model_folder, write_labels
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.corpus.llm.endpoint import check_endpoint
from cpt_pipeline.corpus.llm.params import EndpointRunParams

_MAKING = {"kind", "validation_share", "seed", "linear", "encoder", "language_model"}
"""The parameters that decide what the scorer is; the others decide whom it is asked about and what follows."""


@dataclass(frozen=True)
class MadeScorer:
    """A scorer on the disk."""

    name: str
    """Another one for other labels, parameters or code."""
    model: Path
    num_labels: int
    evaluation: EvaluationReport | None
    asked: AskReport | None


def check(params: ScorerParams, run: EndpointRunParams) -> None:
    """Say before any work what is wrong with labels, endpoint or model: a `CptError` of its own kind for each."""
    if not params.enabled:
        return
    check_labels(params)
    if params.ask.endpoint is not None:
        check_endpoint(run)
    describe_model(params)


def check_labels(params: ScorerParams) -> None:
    """Raise `ParameterError` where the file of labels cannot be read or is no lesson."""
    if params.labels is not None:
        _require_lesson(read_labels(params.labels), params)


def make_scorer(
    labels: list[Label], asked: AskReport | None, scratch: Path, params: ScorerParams, run: EngineParams
) -> MadeScorer:
    """Train the scorer and judge it by the labels it did not see, unless that is done already."""
    settings = {
        "scorer": params.model_dump(mode="json", include=_MAKING),
        "labels": [[label.text, label.value, label.group] for label in labels],
        "model": describe_model(params),
    }
    _require_lesson(labels, params)
    tasks = Tasks(scratch, "scorer", [0], settings)
    write_labels(tasks.folder / "labels.json", labels)
    tasks.run([TrainScorer(tasks, tasks.folder / "labels.json", params)], run)
    found = read_json(tasks.file(0, ".json"), remedy=UNFINISHED)
    evaluation = EvaluationReport.model_validate(found) if found else None
    return MadeScorer(tasks.folder.name, model_folder(tasks), len(labels), evaluation, asked)


def _require_lesson(labels: list[Label], params: ScorerParams) -> None:
    """`ParameterError` unless the labels to learn from hold both sides."""
    if params.kind != "language_model":
        learnt, _ = split(labels, params.validation_share, params.seed)
        origin = params.labels.path if params.labels is not None else "clean.scorer.ask"
        require_both_sides(learnt, f"{origin}, without the clean.scorer.validation_share that is held back")
