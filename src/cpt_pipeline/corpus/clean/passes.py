"""The passes of clean over the same documents: what each begins with, and what the later ones learn from the earlier.

What a source repeats is mined before it is removed, and a sample is cleaned before its quality is asked about; all of
them prepare a text in the same way.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import content_hash, read_manifest
from cpt_pipeline.core.inputs import digest_inputs
from cpt_pipeline.corpus.clean.classifying.classifiers import Classifiers, train_classifiers
from cpt_pipeline.corpus.clean.dialogues.steps import CleanDialogues, MineReplies, limits
from cpt_pipeline.corpus.clean.languages.step import NameLanguage
from cpt_pipeline.corpus.clean.params import CleanParams, CleanRunParams
from cpt_pipeline.corpus.clean.phrases.mining import Mined, Steps, mine
from cpt_pipeline.corpus.clean.phrases.phrases import PhrasesParams
from cpt_pipeline.corpus.clean.rules.judging import JudgeText
from cpt_pipeline.corpus.clean.rules.params import Role
from cpt_pipeline.corpus.clean.scoring.asking import ask_labels
from cpt_pipeline.corpus.clean.scoring.labels import Label, read_labels
from cpt_pipeline.corpus.clean.scoring.making import MadeScorer, make_scorer
from cpt_pipeline.corpus.clean.scoring.report import AskReport
from cpt_pipeline.corpus.clean.scoring.sampling import TakeCandidates, TakeSamples, Wanted, gather_samples
from cpt_pipeline.corpus.clean.steps import (
    DropBlockedAddresses,
    DropBlockedWords,
    MeasureTokens,
    MinePhrases,
    NameKind,
    Normalise,
    RemoveNoise,
    RemovePhrases,
    ReplacePersonalData,
)
from cpt_pipeline.corpus.engine.steps import DocumentStep, ReadDocuments, plan_tasks
from cpt_pipeline.corpus.engine.tasks import Tasks

_OF_EVERY_PASS = frozenset(CleanParams.model_fields) - {"classify", "scorer", "augmentation"}
"""The parameters whose files every pass depends on; those of the others only a pass of their own reads."""
_REPAIRING = {"strong_formats", "normalise", "noise"}
"""The parameters on which the text depends that dialogues are cleaned in."""


class Passes:
    """Makes the tasks and steps of all passes; what a pass finds is kept, each runs at most once."""

    def __init__(
        self, raw_documents: Path, scratch: Path, params: CleanParams, roles: dict[str, Role], run: CleanRunParams
    ) -> None:
        self._raw_documents, self._scratch, self._params, self._run = raw_documents, scratch, params, run
        self.roles = roles
        self._files = digest_inputs(params, only=_OF_EVERY_PASS)

    def tasks(self, name: str) -> Tasks:
        """Divide the documents; the folder is named after all that decides what a task gives."""
        params = self._params
        settings = {
            "input": read_manifest(self._raw_documents)["files"],
            "clean": params.model_dump(mode="json"),
            "roles": self.roles,
            "files": self._files,
            "examples": content_hash(params.classify.examples) if params.classify.examples else None,
            "scorer": self.scorer.name if name == "clean" and self.scorer else None,
        }
        plan = plan_tasks(self._raw_documents, self._run.task_megabytes << 20)
        return Tasks(self._scratch, name, plan, settings)

    def repair(self, documents: Path, tasks: Tasks) -> list[PipelineStep]:
        """Give the steps that read documents and change their text, the same for all passes."""
        dialogues = self._params.dialogues
        cleaning = CleanDialogues(tasks, dialogues, self._params.normalise, self.replies)
        return [*self._before_dialogues(documents, tasks), *([cleaning] if dialogues.enabled else [])]

    def describe(self, tasks: Tasks) -> list[PipelineStep]:
        """Give the steps that say what a repaired text is: channel, category and language."""
        phrases = [RemovePhrases(tasks, self._params.phrases, self.phrases)] if self.phrases else []
        return [*phrases, *self.classifiers.steps(tasks), NameLanguage(self._params.language)]

    def judge(self) -> list[DocumentStep]:
        """Give the steps that decide whether a text stays."""
        return [
            DropBlockedAddresses(self._params.blocked_addresses),
            DropBlockedWords(self._params.blocked_words),
            ReplacePersonalData(self._params.personal_data),
            JudgeText(self._params.rules, self.roles),
        ]

    @cached_property
    def replies(self) -> Mined | None:
        """The turns of dialogues that a source repeats."""
        dialogues = self._params.dialogues
        if not (dialogues.enabled and dialogues.stock_replies.repeated):
            return None

        def steps(tasks: Tasks, sources: list[str]) -> list[PipelineStep]:
            mining = MineReplies(tasks, dialogues, self._params.normalise, sources)
            return [*self._before_dialogues(self._raw_documents, tasks), mining]

        return self._mine("replies", limits(dialogues), {*_REPAIRING, "dialogues"}, steps)

    @cached_property
    def phrases(self) -> Mined | None:
        """The n-grams that a source repeats."""
        if not self._params.phrases.enabled:
            return None

        def steps(tasks: Tasks, sources: list[str]) -> list[PipelineStep]:
            mining = MinePhrases(tasks, self._params.phrases, sources)
            return [*self.repair(self._raw_documents, tasks), mining]

        return self._mine("phrases", self._params.phrases, {*_REPAIRING, "dialogues", "phrases"}, steps)

    @cached_property
    def classifiers(self) -> Classifiers:
        """Those of channels and categories, trained on examples."""
        return train_classifiers(self._raw_documents, self._scratch, self._params, self._run, self.repair)

    @cached_property
    def scorer(self) -> MadeScorer | None:
        """The judge of quality, made from the labels of the user or of a language model."""
        params = self._params.scorer
        if not params.enabled:
            return None
        labels: list[Label] = []
        asked = None
        if params.labels is not None:
            labels = read_labels(params.labels)
        elif params.ask.endpoint is not None:
            labels, asked = self._ask_labels()
        return make_scorer(labels, asked, self._scratch, params, self._run)

    def _ask_labels(self) -> tuple[list[Label], AskReport]:
        """Clean a sample of the documents and ask a language model for marks."""
        params, number = self._params.scorer, self._params.scorer.ask.num_documents
        tasks = self.tasks("sample")
        read, *repair = self.repair(self._raw_documents, tasks)
        wanted = Wanted.of(params, self._params.strong_formats, self._params.classify.sources)
        candidates = TakeCandidates(wanted, wanted.count(self._raw_documents), number, params.seed)
        samples = TakeSamples(tasks, params, self._params.strong_formats)
        tasks.run([read, candidates, *repair, *self.describe(tasks), *self.judge(), samples], self._run)
        return ask_labels(gather_samples(tasks, number), params.ask, self._run.endpoint)

    def _mine(self, name: str, limits: PhrasesParams, deciding: set[str], steps: Steps) -> Mined:
        settings = {"files": self._files, **self._params.model_dump(mode="json", include=deciding)}
        return mine(self._raw_documents, self._scratch, self._run, limits, name=name, settings=settings, steps=steps)

    def _before_dialogues(self, documents: Path, tasks: Tasks) -> list[PipelineStep]:
        return [
            ReadDocuments(documents, tasks),
            NameKind(self._params.strong_formats),
            MeasureTokens(self._params.rules.basic.max_token_shares),
            Normalise(self._params.normalise),
            RemoveNoise(self._params.noise),
        ]
