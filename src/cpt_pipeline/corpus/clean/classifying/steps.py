"""Channels and categories by a linear classifier: documents of new or mixed sources, and those without a category.

What a document is given stands in its metadata with the probability: `channel_from`, `channel_probability`,
`category_from`, `category_probability`. Text of one domain found in a big general corpus with a classifier that was
trained on known text of the domain is how DeepSeekMath (Shao et al. 2024) and others gather theirs.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import write_json
from cpt_pipeline.core.json_reading import UNFINISHED, read_json
from cpt_pipeline.corpus.clean.classifying.params import (
    CategorizeReport,
    ClassifiedSourceReport,
    ClassifyParams,
    ClassifyReport,
    DoubtReport,
)
from cpt_pipeline.corpus.engine.sieve import Row
from cpt_pipeline.corpus.engine.steps import exclude, is_excluded
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.corpus.models.classifier import ClassifierParams
from cpt_pipeline.corpus.models.classifier_report import ClassifierReport
from cpt_pipeline.corpus.models.text_model import TextModel

_SUFFIX = ".doubts.json"
_DOCUMENTS_AT_ONCE = 64
_CLASSIFIER = "classifier"


class _Ask(PipelineStep):  # type: ignore[misc]
    """Ask a classifier about some documents, several at once; all are passed on in their order."""

    type = "cpt"

    def __init__(self, model: Path, params: ClassifierParams) -> None:
        super().__init__()
        self._model, self._params = model, params

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        documents = iter(data)
        while batch := list(islice(documents, _DOCUMENTS_AT_ONCE)):
            self._ask([each for each in batch if not is_excluded(each) and self.is_asked(each)])
            yield from batch

    @abstractmethod
    def is_asked(self, document: Document) -> bool: ...

    @abstractmethod
    def answer(self, document: Document, name: str, probability: float, threshold: float) -> None: ...

    def _ask(self, documents: list[Document]) -> None:
        if not documents:
            return
        model = _load(self._model)
        thresholds = self._params.thresholds(model.classes)
        found = model.probabilities([each.text for each in documents])
        for document, place, probability in zip(documents, found.argmax(axis=1), found.max(axis=1), strict=True):
            name = model.classes[int(place)]
            self.answer(document, name, float(probability), thresholds[name])


class ClassifyChannels(_Ask):
    """Give documents of some sources the channel that is likeliest for their text."""

    name = "classify channels"

    def __init__(self, tasks: Tasks, model: Path, params: ClassifyParams) -> None:
        super().__init__(model, params)
        self._tasks, self._sources, self._otherwise = tasks, frozenset(params.sources), params.otherwise
        self._doubts: defaultdict[str, list[tuple[float, str, str, float, bool]]] = defaultdict(list)

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Pass every document on, then write those near the threshold."""
        yield from super().run(data, rank, world_size)
        write_json(self._tasks.file(rank, _SUFFIX), self._doubts)

    def is_asked(self, document: Document) -> bool:
        """Say whether the document's source is one of those."""
        return document.metadata["source"] in self._sources

    def answer(self, document: Document, name: str, probability: float, threshold: float) -> None:
        """Set the channel where it is probable enough."""
        taken = probability >= threshold
        self._keep_doubt(document, (abs(probability - threshold), document.id, name, round(probability, 4), taken))
        if taken:
            _note(document, "channel", name, probability)
        elif self._otherwise == "exclude":
            exclude(document, "channel_unclear", f"{name} {probability:.2f}, at least {threshold}")

    def _keep_doubt(self, document: Document, doubt: tuple[float, str, str, float, bool]) -> None:
        doubts = self._doubts[document.metadata["source"]]
        doubts.append(doubt)
        doubts.sort()
        del doubts[self._params.max_review :]


class ClassifyCategories(_Ask):
    """Give documents without a category the likeliest one."""

    name = "classify categories"

    def is_asked(self, document: Document) -> bool:
        """Say whether the document has no category: its source names none, and it has no strong format."""
        return document.metadata["category"] is None

    def answer(self, document: Document, name: str, probability: float, threshold: float) -> None:
        """Set the category where it is probable enough."""
        if probability >= threshold:
            _note(document, "category", name, probability)


class ClassifiedTally:
    """Counts what the classifiers gave to the documents that are kept, while they go by."""

    def __init__(self, sources: Iterable[str]) -> None:
        self._channels: dict[str, Counter[str]] = {name: Counter() for name in sources}
        self._categories: Counter[str] = Counter()
        self._unclear: Counter[str] = Counter()
        self._without = 0

    def add(self, row: Row) -> None:
        """Count a kept document."""
        metadata = row["metadata"] or ""
        notes = json.loads(metadata) if '_from": "' in metadata else {}
        source = row["source"]
        if source in self._channels:
            if notes.get("channel_from") == _CLASSIFIER:
                self._channels[source][row["channel"]] += 1
            else:
                self._unclear[source] += 1
        if notes.get("category_from") == _CLASSIFIER:
            self._categories[row["category"]] += 1
        self._without += row["category"] is None

    def report_channels(self, classifier: ClassifierReport, tasks: Tasks, params: ClassifyParams) -> ClassifyReport:
        """Say where the documents of each source went, and which were near the threshold."""
        doubts: defaultdict[str, list[Any]] = defaultdict(list)
        for path in tasks.files(_SUFFIX):
            for source, found in read_json(path, remedy=UNFINISHED).items():
                doubts[source] += found
        return ClassifyReport(
            classifier=classifier,
            sources={
                source: ClassifiedSourceReport(
                    channels=dict(sorted(counts.items())),
                    unclear=self._unclear[source],
                    doubts=tuple(
                        DoubtReport(id=id, channel=channel, probability=probability, taken=taken)
                        for _, id, channel, probability, taken in sorted(doubts[source])[: params.max_review]
                    ),
                )
                for source, counts in sorted(self._channels.items())
            },
        )

    def report_categories(self, classifier: ClassifierReport) -> CategorizeReport:
        """Say which categories were given."""
        documents = dict(sorted(self._categories.items()))
        return CategorizeReport(classifier=classifier, documents=documents, unclear=self._without)


def _note(document: Document, column: str, name: str, probability: float) -> None:
    found = document.metadata
    notes = {f"{column}_from": _CLASSIFIER, f"{column}_probability": round(probability, 4)}
    known = json.loads(found["metadata"] or "{}")
    found[column], found["metadata"] = name, json.dumps({**known, **notes}, ensure_ascii=False, sort_keys=True)


@lru_cache(2)
def _load(folder: Path) -> TextModel:
    return TextModel.load(folder)
