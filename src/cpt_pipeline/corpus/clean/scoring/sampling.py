"""A sample of the documents that a scorer will see: drawn by hashes of ids, so it is the same however tasks are cut."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import xxhash
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import write_json
from cpt_pipeline.core.json_reading import UNFINISHED, read_json
from cpt_pipeline.corpus.clean.scoring.params import ScorerParams
from cpt_pipeline.corpus.clean.scoring.steps import why_unscored
from cpt_pipeline.corpus.engine.steps import is_excluded
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.formats.documents import read_documents

_RANKS = 1 << 64
_SURPLUS = 20
"""So many times the sample are looked at: most may be excluded by the rules, or be no prose."""


@dataclass(frozen=True, slots=True, order=True)
class Sample:
    """A document as a language model is shown it."""

    rank: int
    """The samples are those of the lowest ranks."""
    id: str
    language: str
    text: str


@dataclass(frozen=True)
class Wanted:
    """Which documents the scorer may be asked about, as far as that is known before they are cleaned."""

    channels: frozenset[str] | None
    """None is any."""
    sources: frozenset[str]
    """Those whose channel is yet to be found."""
    strong_formats: frozenset[str]

    @classmethod
    def of(cls, params: ScorerParams, strong_formats: Iterable[str], classified: Iterable[str]) -> Wanted:
        """Read the parameters of clean."""
        channels = None if params.channels is None else frozenset(params.channels)
        return cls(channels, frozenset(classified), frozenset(strong_formats))

    def takes(self, channel: str, source: str, category: str | None) -> bool:
        """Say whether a document may count."""
        if category in self.strong_formats:
            return False
        return self.channels is None or channel in self.channels or source in self.sources

    def count(self, raw_documents: Path) -> int:
        """Count them in an artifact."""
        columns = ("channel", "source", "category")
        return sum(self.takes(*(row[name] for name in columns)) for row in read_documents(raw_documents, columns))


class TakeCandidates(PipelineStep):  # type: ignore[misc]
    """Let through what may become a sample; the rest is not cleaned in vain."""

    name = "take candidates"
    type = "cpt"

    def __init__(self, wanted: Wanted, num_wanted: int, num_samples: int, seed: int) -> None:
        super().__init__()
        self._wanted, self._seed = wanted, seed
        self._border = _RANKS * _SURPLUS * num_samples // max(num_wanted, 1)

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Give documents that may count and whose rank is low."""
        for document in data:
            known = (document.metadata[name] for name in ("channel", "source", "category"))
            if self._wanted.takes(*known) and _rank(document.id, self._seed) < self._border:
                yield document


class TakeSamples(PipelineStep):  # type: ignore[misc]
    """Keep the samples of a task; gives nothing."""

    name = "take samples"
    type = "cpt"

    def __init__(self, tasks: Tasks, params: ScorerParams, strong_formats: tuple[str, ...]) -> None:
        super().__init__()
        self._tasks, self._params, self._strong_formats = tasks, params, strong_formats

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Write those of the lowest ranks."""
        taken = heapq.nsmallest(self._params.ask.num_documents, map(self._sample, filter(self._is_wanted, data)))
        write_json(self._tasks.file(rank, ".json"), [asdict(sample) for sample in taken])
        yield from ()

    def _is_wanted(self, document: Document) -> bool:
        return not is_excluded(document) and why_unscored(document, self._params, self._strong_formats) is None

    def _sample(self, document: Document) -> Sample:
        return Sample(
            rank=_rank(document.id, self._params.seed),
            id=document.id,
            language=document.metadata["language"] or "",
            text=document.text[: self._params.ask.max_characters],
        )


def gather_samples(tasks: Tasks, num_samples: int) -> list[Sample]:
    """Give the samples of all tasks."""
    return heapq.nsmallest(num_samples, (sample for path in tasks.files(".json") for sample in _read(path)))


def _read(path: Any) -> Iterator[Sample]:
    for each in read_json(path, remedy=UNFINISHED):
        yield Sample(**each)


def _rank(document_id: str, seed: int) -> int:
    return xxhash.xxh3_64_intdigest(document_id, seed)
