"""A pass that counts over the corpus, or a sample of it, what many documents of a source share."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import read_manifest, write_json
from cpt_pipeline.corpus.clean.phrases import Frequent, PhrasesParams, mined_number
from cpt_pipeline.corpus.engine import Tasks
from cpt_pipeline.corpus.engine_params import EngineParams
from cpt_pipeline.corpus.hash_files import Hashes, write_pairs
from cpt_pipeline.corpus.steps import plan_tasks

Steps = Callable[[Tasks, list[str], float], Sequence[PipelineStep]]
"""Makes the steps of the pass from its tasks, the sources in order, and the share of documents that is mined; the last
one leaves what `Gathered.write` writes."""


@dataclass(frozen=True)
class Mined:
    """The table of what is frequent (`phrases.Frequent`), and how many documents of each source were read."""

    table: Path
    num_mined: dict[str, int]


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
    """Run the pass `name`; `limits` say how much is read and what is frequent, `settings` decide what is found."""
    manifest = read_manifest(raw_documents)
    share = min(1.0, (limits.mined_megabytes << 20) / max(manifest["text_bytes"], 1))
    sources = sorted(_sources(raw_documents))
    plan = plan_tasks(raw_documents, run.task_megabytes << 20)
    tasks = Tasks(scratch, name, plan, {"input": manifest["files"], **settings})
    tasks.run(steps(tasks, sources, share), run)
    counts = [json.loads(path.read_text(encoding="utf-8")) for path in tasks.files(".json")]
    mined = [sum(numbers) for numbers in zip(*counts, strict=True)]
    table = tasks.folder / "frequent.npy"
    Frequent.build(tasks.files(".npy"), mined, limits).write(table)
    return Mined(table, dict(zip(sources, mined, strict=True)))


def _sources(directory: Path) -> set[str]:
    found: set[str] = set()
    for path in sorted(directory.glob("documents-*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=["source"]):
                found.update(batch.column(0).unique().to_pylist())
    return found
