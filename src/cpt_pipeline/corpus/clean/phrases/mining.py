"""A pass that counts over the corpus, or a sample of it, what many documents of a source share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import read_manifest, write_json
from cpt_pipeline.core.json_reading import UNFINISHED, read_json
from cpt_pipeline.corpus.clean.phrases.phrases import Frequent, PhrasesParams, is_mined, mined_number
from cpt_pipeline.corpus.engine.hash_files import Hashes, write_pairs
from cpt_pipeline.corpus.engine.params import EngineParams
from cpt_pipeline.corpus.engine.steps import plan_tasks
from cpt_pipeline.corpus.engine.tasks import Tasks

Steps = Callable[[Tasks, list[str]], Sequence[PipelineStep]]
"""Makes the steps of the pass from its tasks and the sources in order; the first one reads, the last one leaves what
`Gathered.write` writes."""


@dataclass(frozen=True)
class Mined:
    """The table of what is frequent (`phrases.Frequent`), and how many documents of each source were read."""

    table: Path
    num_mined: dict[str, int]


class TakeSample(PipelineStep):  # type: ignore[misc]
    """Let through the documents that are mined; the others are not prepared in vain."""

    name = "take sample"
    type = "cpt"

    def __init__(self, shares: Mapping[str, float]) -> None:
        super().__init__()
        self._shares = shares

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Give the share of each source, by hashes of ids."""
        yield from (each for each in data if is_mined(each.id, self._shares[each.metadata["source"]]))


class Gathered:
    """What a task finds: hashes with the documents that hold them, and how many documents of each source."""

    def __init__(self, sources: list[str]) -> None:
        self._sources = {name: number for number, name in enumerate(sources)}
        self._hashes, self._documents = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
        self._mined = [0] * len(sources)

    def add(self, hashes: Hashes, number: int, source: str) -> None:
        """Add a document with its number among all."""
        found = np.unique(hashes)
        place = self._sources[source]
        self._hashes.append(found)
        self._documents.append(np.full(found.size, mined_number(number, place), np.uint64))
        self._mined[place] += 1

    def write(self, tasks: Tasks, rank: int) -> None:
        """Write a file of pairs, and one with the number of documents per source."""
        write_pairs(tasks.file(rank, ".npy"), np.concatenate(self._hashes), np.concatenate(self._documents))
        write_json(tasks.file(rank, ".json"), self._mined)


def mine(
    raw_documents: Path,
    scratch: Path,
    run: EngineParams,
    limits: PhrasesParams,
    *,
    name: str,
    settings: Any,
    steps: Steps,
) -> Mined:
    """Run the pass `name`; `limits` say how much is read and what is frequent, `settings` decide what is found.

    Every source has the same part of what is read, so what is found of one does not depend on how large others are.
    """
    manifest = read_manifest(raw_documents)
    sizes = _sources(raw_documents)
    shares = divide_sample(sizes, manifest["text_bytes"], limits.mined_megabytes << 20)
    sources = sorted(sizes)
    plan = plan_tasks(raw_documents, run.task_megabytes << 20)
    tasks = Tasks(scratch, name, plan, {"input": manifest["files"], **settings})
    read, *rest = steps(tasks, sources)
    tasks.run([read, TakeSample(shares), *rest], run)
    counts = [read_json(path, remedy=UNFINISHED) for path in tasks.files(".json")]
    mined = [sum(numbers) for numbers in zip(*counts, strict=True)]
    table = tasks.folder / "frequent.npy"
    Frequent.build(tasks.files(".npy"), mined, limits).write(table)
    return Mined(table, dict(zip(sources, mined, strict=True)))


def divide_sample(sizes: Mapping[str, int], num_bytes: int, mined_bytes: int) -> dict[str, float]:
    """Give the share of each source's documents that is mined: `sizes` are documents, of the same length on average."""
    mean = num_bytes / max(sum(sizes.values()), 1)
    return {source: min(1.0, mined_bytes / len(sizes) / max(size * mean, 1.0)) for source, size in sizes.items()}


def _sources(directory: Path) -> Counter[str]:
    """Count the documents of each source."""
    found: Counter[str] = Counter()
    for path in sorted(directory.glob("documents-*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=["source"]):
                found.update({each["values"]: each["counts"] for each in batch.column(0).value_counts().to_pylist()})
    return found
