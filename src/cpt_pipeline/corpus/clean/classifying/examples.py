"""The examples of a classifier of channels: a bounded sample of the documents whose channel is known.

A pass of its own, after the steps that change text, so that the model learns from what it will be asked about. Each
channel is sampled by a hash of its texts; a task keeps at most what chance gives it of twice the number needed, so what
all tasks leave does not grow with the corpus.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import read_manifest, unfinished
from cpt_pipeline.core.errors import ArtifactError, ParameterError, raise_all
from cpt_pipeline.core.verification import verify_artifact
from cpt_pipeline.corpus.clean.classifying.params import ClassifyParams
from cpt_pipeline.corpus.engine.steps import is_excluded
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.corpus.models.classifier import Example, find_few, make_example

_SUFFIX = ".examples.parquet"
_RANKS = 1 << 64
_SCHEMA = pa.schema([("draw", pa.uint64()), ("channel", pa.string()), ("text", pa.large_string())])
_HEADING = "No channel can be learnt (conf: clean.classify):"


class SampleExamples(PipelineStep):  # type: ignore[misc]
    """Write a task's part of the sample; gives nothing."""

    name = "sample examples"
    type = "cpt"

    def __init__(self, tasks: Tasks, params: ClassifyParams, available: Mapping[str, int]) -> None:
        super().__init__()
        self._tasks, self._params = tasks, params
        self._shares = {channel: 2 * params.max_examples / max(number, 1) for channel, number in available.items()}
        self._without = _not_examples(params)

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Look at every document; those that are to be classified are no examples."""
        found: list[Example] = []
        for document in data:
            channel = document.metadata["channel"]
            if not is_excluded(document) and document.metadata["source"] not in self._without:
                example = make_example(document.text, channel, self._params)
                if example.draw < self._shares[channel] * _RANKS:
                    found.append(example)
        columns = [[each.draw for each in found], [each.label for each in found], [each.text for each in found]]
        partial = unfinished(self._tasks.file(rank, _SUFFIX))
        pq.write_table(pa.table(dict(zip(_SCHEMA.names, columns, strict=True)), _SCHEMA), partial)
        os.replace(partial, self._tasks.file(rank, _SUFFIX))
        yield from ()


def read_examples(tasks: Tasks) -> Iterator[Example]:
    """Give what all tasks sampled."""
    for path in tasks.files(_SUFFIX):
        yield from (Example(row["draw"], row["channel"], row["text"]) for row in pq.read_table(path).to_pylist())


def count_examples(raw_documents: Path, params: ClassifyParams) -> dict[str, int]:
    """Count by channel what may be sampled. `ParameterError` lists everything that stands against it."""
    sources = {source for source, _ in _count(raw_documents)}
    problems = [
        f"{name} is no source of this run; there are {', '.join(sorted(sources))}"
        for name in params.sources
        if name not in sources
    ]
    available: Counter[str] = Counter()
    directory = params.examples or raw_documents
    if unfit := _find_unfit(directory):
        raise_all(ParameterError, _HEADING, [*problems, unfit])
    for (source, channel), number in _count(directory).items():
        if source not in _not_examples(params):
            available[channel] += number
    named = params.min_probability if isinstance(params.min_probability, dict) else {}
    unknown = [f"min_probability names {name}, of which there is no example" for name in named if name not in available]
    require_examples(available, [*problems, *unknown])
    return dict(available)


def require_examples(numbers: Mapping[str, int], problems: Collection[str] = ()) -> None:
    """Raise `ParameterError` for the problems and for channels of too few examples."""
    raise_all(ParameterError, _HEADING, [*problems, *(f"channel {each}" for each in find_few(numbers))])


def _not_examples(params: ClassifyParams) -> frozenset[str]:
    """Name the sources of this run that are to be classified; of an earlier round every document has its channel."""
    return frozenset(params.sources if params.examples is None else ())


def _find_unfit(directory: Path) -> str | None:
    try:
        verify_artifact(directory)
        kind = read_manifest(directory)["kind"]
    except ArtifactError as error:
        return f"examples: {error}"
    return None if kind == "documents" else f"examples: {directory} is of kind {kind}, not documents"


def _count(directory: Path) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for path in sorted(directory.glob("documents-*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=["source", "channel"]):
                found.update(zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True))
    return found
