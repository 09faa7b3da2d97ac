"""A sample of the documents that a scorer will see: drawn by hashes of ids, so it is the same however tasks are cut."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import xxhash
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import write_json
from cpt_pipeline.corpus.clean.scoring.params import ScorerParams
from cpt_pipeline.corpus.clean.scoring.steps import why_unscored
from cpt_pipeline.corpus.engine import Tasks
from cpt_pipeline.corpus.steps import is_excluded

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


class TakeCandidates(PipelineStep):  # type: ignore[misc]
    """Let through what may become a sample; the rest is not cleaned in vain."""

    name = "take candidates"
    type = "cpt"

    def __init__(self, num_documents: int, num_samples: int, seed: int) -> None:
        super().__init__()
        self._border, self._seed = _RANKS * _SURPLUS * num_samples // max(num_documents, 1), seed

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Give documents whose rank is low."""
        yield from (document for document in data if _rank(document.id, self._seed) < self._border)


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
    for each in json.loads(path.read_text(encoding="utf-8")):
        yield Sample(**each)


def _rank(document_id: str, seed: int) -> int:
    return xxhash.xxh3_64_intdigest(document_id, seed)
