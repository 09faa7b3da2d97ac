"""The pass that makes documents from those that were kept, after clean has judged them all.

What is chosen follows from ids. An LLM is asked from this process, so its load does not grow with the workers, and the
answers are kept; then the tasks read the files of the pass before, put behind each document what is made from it, and
let that through the rules.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.errors import EndpointError, ParameterError
from cpt_pipeline.core.inputs import digest_inputs
from cpt_pipeline.corpus.clean.augmentation.generative import Writer
from cpt_pipeline.corpus.clean.augmentation.made import Maker, Replacer, Shuffler
from cpt_pipeline.corpus.clean.augmentation.params import AugmentationParams, Kind, QuestionsParams, SelectionParams
from cpt_pipeline.corpus.clean.augmentation.questions import common_words
from cpt_pipeline.corpus.clean.augmentation.selection import Choice, read_chosen, with_limits
from cpt_pipeline.corpus.clean.augmentation.synonyms import Synonyms
from cpt_pipeline.corpus.clean.augmentation.tally import UNCHANGED
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.engine.sieve import Row
from cpt_pipeline.corpus.engine.steps import (
    DocumentStep,
    ReadParts,
    WriteDocuments,
    as_document,
    count,
    exclude,
    is_excluded,
)
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.corpus.llm.answers import Request
from cpt_pipeline.corpus.llm.params import EndpointRunParams
from cpt_pipeline.formats.documents import Synthetic, work_of

logger = logging.getLogger(__name__)

_GENERAL_CHARACTERS = 5_000
"""Of a sampled general document, that are read."""
_NUM_EXAMPLES = 3


@dataclass(frozen=True)
class Rules:
    """The steps that made documents go through."""

    generated: tuple[DocumentStep, ...]
    """For the words of an LLM."""
    rearranged: tuple[DocumentStep, ...]
    """For words that went through all steps before."""


@dataclass(frozen=True)
class Augmented:
    """The files of the pass, and what the LLM was asked for it."""

    tasks: Tasks
    usage: Counter[str]


class Augment(PipelineStep):  # type: ignore[misc]
    """Put behind each kept document what is made from it."""

    name = "augment"
    type = "cpt"

    def __init__(self, makers: list[tuple[Kind, Choice, Maker]], rules: Rules) -> None:
        super().__init__()
        self._makers, self._rules = makers, rules

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Pass every document on, followed by its children."""
        for document in data:
            children = [] if is_excluded(document) else list(self._make(document))
            yield document
            yield from children

    def _make(self, parent: Document) -> Iterator[Document]:
        row = {"id": parent.id, "text": parent.text, **parent.metadata}
        for kind, choice, maker in self._makers:
            if not choice.takes(row):
                continue
            made = maker.make(row)
            if made is None:
                count(parent, f"{UNCHANGED}{kind}")
                continue
            child = _child(row, kind, made.text, maker.marks(row))
            for name, number in made.counts.items():
                count(child, name, number)
            if made.verdict is not None:
                exclude(child, *made.verdict)
            for step in self._rules.generated if isinstance(maker, Writer) else self._rules.rearranged:
                if not is_excluded(child):
                    step.apply(child)
            yield child


def check(params: AugmentationParams, run: EndpointRunParams | None) -> None:
    """Say before the work what is wrong with the lists (`ParameterError`) and with the endpoint (`EndpointError`)."""
    if params.synonyms.enabled:
        Synonyms.load(params.synonyms.files)
    if params.generative:
        from cpt_pipeline.corpus.llm.endpoint import check_endpoint

        check_endpoint(run or EndpointRunParams())


def augment(
    kept: Tasks,
    params: AugmentationParams,
    rules: Rules,
    *,
    not_from: Iterable[str],
    run: EngineParams,
    endpoint: EndpointRunParams | None,
) -> Augmented:
    """Make documents from those that the tasks of `kept` left; nothing is made from the categories `not_from`."""
    choices = _choose(kept, params, frozenset(not_from))
    makers: dict[Kind, Maker] = {
        "shuffle_sentences": Shuffler(params.shuffle_sentences),
        "synonyms": Replacer(params.synonyms),
    }
    usage: Counter[str] = Counter()
    if params.generative:
        writers = _write(kept, params, choices, endpoint or EndpointRunParams(), usage)
        makers |= writers
    learnt = [
        [kind, maker.errors, {name: sorted(words) for name, words in maker.common.items()}]
        for kind, maker in makers.items()
        if isinstance(maker, Writer)
    ]
    settings = {"params": params.model_dump(mode="json"), "learnt": learnt, "lists": _list_digests(params)}
    parts = [[kept.folder.name, rank] for rank in range(kept.num_tasks)]
    tasks = Tasks(kept.folder.parent, "augment", parts, settings)
    steps = Augment([(kind, choice, makers[kind]) for kind, choice in choices.items()], rules)
    tasks.run([ReadParts(kept), steps, WriteDocuments(tasks)], run)
    return Augmented(tasks, usage)


def _choose(kept: Tasks, params: AugmentationParams, not_from: frozenset[str]) -> dict[Kind, Choice]:
    languages = {kind: frozenset(each.prompts) for kind, each in params.generative.items()}
    choices = [Choice(kind, each, not_from, languages.get(kind)) for kind, each in params.selections.items()]
    return dict(zip(params.selections, with_limits(choices, kept), strict=True))


def _write(
    kept: Tasks, params: AugmentationParams, choices: dict[Kind, Choice], run: EndpointRunParams, usage: Counter[str]
) -> dict[Kind, Writer]:
    """Ask for everything; give what makes documents of the answers."""
    from cpt_pipeline.corpus.llm.endpoint import ask

    assert params.endpoint is not None
    writers: dict[Kind, Writer] = {}
    for kind, each in params.generative.items():
        common = _common_words(kept, each, choices[kind].not_from) if isinstance(each, QuestionsParams) else {}
        writer = Writer(kind, each, params.endpoint, run.answers.resolve(), common=common)
        for answer in ask(_requests(kept, writer, choices[kind]), params.endpoint, run):
            usage.update(prompt_tokens=answer.prompt_tokens, completion_tokens=answer.completion_tokens, requests=1)
            if answer.error is not None:
                writer.errors[answer.id] = answer.error
        usage["failed_requests"] += len(writer.errors)
        writers[kind] = writer
    _refuse_failures(params, usage, [error for writer in writers.values() for error in writer.errors.items()])
    return writers


def _requests(kept: Tasks, writer: Writer, choice: Choice) -> Iterator[Request]:
    for row in read_chosen(kept, choice.takes):
        yield from writer.requests(row)


def _refuse_failures(params: AugmentationParams, usage: Counter[str], errors: list[tuple[str, str]]) -> None:
    if len(errors) > params.max_failed_share * usage["requests"]:
        examples = "; ".join(f"{request}: {error}" for request, error in errors[:_NUM_EXAMPLES])
        raise EndpointError(
            f"{len(errors)} of {usage['requests']} requests failed, more than clean.augmentation.max_failed_share = "
            f"{params.max_failed_share}. First: {examples}. The others are kept; the same command asks these again."
        )


def _common_words(kept: Tasks, params: QuestionsParams, not_from: frozenset[str]) -> dict[str, frozenset[str]]:
    """Learn from a sample of general documents per language which words are common."""
    if not params.general_channels:
        return {}
    wanted = SelectionParams(channels=params.general_channels, max_documents=params.general_documents, seed=params.seed)
    languages = sorted(params.prompts)
    samples = [Choice(f"general/{name}", wanted, not_from, frozenset({name})) for name in languages]
    found: dict[str, frozenset[str]] = {}
    for name, sample in zip(languages, with_limits(samples, kept), strict=True):
        texts = [row["text"][:_GENERAL_CHARACTERS] for row in read_chosen(kept, sample.takes)]
        if texts:
            found[name] = common_words(texts, params.rare_share)
            logger.info("augmentation: %d words are common in %d texts (%s)", len(found[name]), len(texts), name)
    if not found:
        named = ", ".join(params.general_channels)
        raise ParameterError(
            f"clean.augmentation.questions.general_channels ({named}): clean kept no document of them in a language of "
            "the prompts, so questions cannot be compared with general text. Name other channels, or none"
        )
    return found


def _child(row: Row, kind: Kind, text: str, marks: dict[str, str]) -> Document:
    """Give a document of its parent's channel, source, licence and language, marked as what it is."""
    made = Synthetic(kind, row["id"])
    metadata = {**json.loads(row["metadata"] or "{}"), "synthetic": made.kind, "parent": made.parent, **marks}
    category = "questions" if kind == "questions" else row["category"]
    ends = True if "model" in marks else row["last_part"]  # a shuffled middle of a book ends no text
    place = {"part_of": work_of(row), "part": None, "separator": None, "last_part": ends}
    child = {**row, "id": made.id, "text": text, "category": category, "quality": None, **place}
    return as_document({**child, "metadata": json.dumps(metadata, ensure_ascii=False, sort_keys=True)})


def _list_digests(params: AugmentationParams) -> dict[str, str]:
    return digest_inputs(params.synonyms) if params.synonyms.enabled else {}
