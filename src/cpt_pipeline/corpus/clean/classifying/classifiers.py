"""The classifiers that clean uses: trained before its main pass, and asked in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import read_manifest
from cpt_pipeline.core.inputs import digest_inputs
from cpt_pipeline.corpus.clean.classifying.examples import (
    SampleExamples,
    count_examples,
    read_examples,
    require_examples,
)
from cpt_pipeline.corpus.clean.classifying.labels import read_labels
from cpt_pipeline.corpus.clean.classifying.params import CategorizeReport, ClassifyReport
from cpt_pipeline.corpus.clean.classifying.steps import ClassifiedTally, ClassifyCategories, ClassifyChannels
from cpt_pipeline.corpus.clean.params import CleanParams
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.engine.steps import plan_tasks
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.corpus.models.classifier import Example, draw_examples, train
from cpt_pipeline.corpus.models.classifier_report import ClassifierReport

Prepare = Callable[[Path, Tasks], list[PipelineStep]]
"""Gives the steps that read documents and change their text."""
_OF_EXAMPLES = frozenset({"strong_formats", "normalise", "noise", "dialogues", "classify"})
_OF_CATEGORIES = frozenset({"normalise", "noise", "categories"})
"""The parameters that each of the two depends on, with the files that they name."""


@dataclass(frozen=True)
class _Trained:
    folder: Path
    report: ClassifierReport


@dataclass(frozen=True)
class Classifiers:
    """Those of channels and of categories, where they are asked for."""

    params: CleanParams
    channels: _Trained | None
    categories: _Trained | None

    def steps(self, tasks: Tasks) -> list[PipelineStep]:
        """Give the steps that ask them."""
        steps: list[PipelineStep] = []
        if self.channels:
            steps.append(ClassifyChannels(tasks, self.channels.folder, self.params.classify))
        if self.categories:
            steps.append(ClassifyCategories(self.categories.folder, self.params.categories))
        return steps

    def report(self, tally: ClassifiedTally, tasks: Tasks) -> tuple[ClassifyReport | None, CategorizeReport | None]:
        """Say what they are worth and what they did."""
        return (
            tally.report_channels(self.channels.report, tasks, self.params.classify) if self.channels else None,
            tally.report_categories(self.categories.report) if self.categories else None,
        )


def check(raw_documents: Path, params: CleanParams) -> None:
    """Say before any work what is wrong with labels and examples (`ParameterError`)."""
    if params.categories.labels:
        read_labels(params.categories.labels, params.categories, params.normalise, params.noise)
    if params.classify.sources:
        count_examples(raw_documents, params.classify)


def train_classifiers(
    raw_documents: Path, scratch: Path, params: CleanParams, run: EngineParams, prepare: Prepare
) -> Classifiers:
    """Train what conf asks for."""
    labels = params.categories.labels
    examples = read_labels(labels, params.categories, params.normalise, params.noise) if labels else []
    available = count_examples(raw_documents, params.classify) if params.classify.sources else {}
    return Classifiers(
        params,
        _train_channels(raw_documents, scratch, params, run, prepare, available) if available else None,
        _train_categories(examples, scratch, params, labels) if labels else None,
    )


def _train_channels(
    raw_documents: Path,
    scratch: Path,
    params: CleanParams,
    run: EngineParams,
    prepare: Prepare,
    available: dict[str, int],
) -> _Trained:
    source = params.classify.examples or raw_documents
    changing = params.model_dump(mode="json", include=set(_OF_EXAMPLES))
    files = digest_inputs(params, only=_OF_EXAMPLES - {"classify"})
    settings = {"input": read_manifest(source)["files"], "files": files, **changing}
    tasks = Tasks(scratch, "examples", plan_tasks(source, run.task_megabytes << 20), settings)
    tasks.run([*prepare(source, tasks), SampleExamples(tasks, params.classify, available)], run)
    examples = draw_examples(read_examples(tasks), params.classify.max_examples)
    require_examples({**dict.fromkeys(available, 0), **Counter(each.label for each in examples)})
    folder = tasks.folder / "classifier"
    return _Trained(folder, train(examples, params.classify, folder))


def _train_categories(examples: list[Example], scratch: Path, params: CleanParams, labels: Path) -> _Trained:
    changing = params.model_dump(mode="json", include=set(_OF_CATEGORIES))
    files = digest_inputs(params, only=_OF_CATEGORIES)
    folder = Tasks(scratch, "categories", [], {"files": files, **changing}).folder / "classifier"
    return _Trained(folder, train(examples, params.categories, folder))
