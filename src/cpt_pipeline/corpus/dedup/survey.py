"""The first look at every document: what dedup must know of it to judge it without its text.

Each task leaves a table (one row per document), a file of signatures and one of sketches (`shared_text`). Read
together, the columns that judgement needs of all documents at once stand in arrays of 50 bytes per document; ids and
leaked texts stay on the disk.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import content_hash, unfinished
from cpt_pipeline.corpus.dedup.decontamination.leaks import BenchmarkIndex, SeedCounts
from cpt_pipeline.corpus.dedup.decontamination.params import LeakParams
from cpt_pipeline.corpus.dedup.decontamination.passages import Borders, find_passages
from cpt_pipeline.corpus.dedup.decontamination.verdicts import CANDIDATES, read_all_leaks, write_seed_counts
from cpt_pipeline.corpus.dedup.near.minhash import Signer
from cpt_pipeline.corpus.dedup.near.signatures import write_signatures
from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.corpus.dedup.shared_text import sketch
from cpt_pipeline.corpus.engine.hash_files import write_pairs
from cpt_pipeline.corpus.engine.steps import NUMBER
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.formats.benchmarks import read_items
from cpt_pipeline.formats.documents import read_synthetic, work_of
from cpt_pipeline.text.folding import fold

_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("channel", pa.string()),
        pa.field("characters", pa.int32()),
        pa.field("quality", pa.float32()),
        pa.field("exact_high", pa.uint64()),
        pa.field("exact_low", pa.uint64()),
        pa.field("work", pa.uint64()),
        pa.field("draw", pa.uint64()),
        pa.field("synthetic", pa.bool_()),
        pa.field("candidates", CANDIDATES),
    ]
)
_PLAIN = {"channel": np.uint8, "characters": np.int64, "quality": np.float32, "work": np.uint64, "draw": np.uint64}
"""Columns that are read as they are, with their types in memory."""
SIGNATURES = ".npy"
"""Suffix of a task's file of signatures."""
SKETCHES = ".sketches.npy"
"""Suffix of a task's file of sketches: pairs of hash and document number."""


class SurveyDocuments(PipelineStep):  # type: ignore[misc]
    """Measure, sign and search every document of a task."""

    name = "survey documents"
    type = "cpt"

    def __init__(self, tasks: Tasks, benchmark_texts: Path, params: DedupParams) -> None:
        super().__init__()
        self._tasks, self._benchmark_texts, self._params = tasks, benchmark_texts, params

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Write the table, the signatures and the sketches of a task and give nothing."""
        index = _index(self._benchmark_texts, content_hash(self._benchmark_texts), self._params.leaks)
        seeds = index.count()
        borders = Borders(index, self._params.leaks)
        signer = Signer(self._params.minhash)
        rows: list[dict[str, Any]] = []
        signatures = []
        sketches, numbers = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
        for document in data:
            folded = fold(document.text)
            rows.append(self._row(document, folded, index, seeds))
            for row, passage in borders.add({"id": document.id, **document.metadata}, document.text):
                rows[row]["candidates"] = [*(rows[row]["candidates"] or []), passage]
            seeds.end_document()
            signatures.append(signer.sign(folded))
            sketches.append(sketch(folded))
            numbers.append(np.full(sketches[-1].size, document.metadata[NUMBER], np.uint64))
        write_pairs(self._tasks.file(rank, SKETCHES), np.concatenate(sketches), np.concatenate(numbers))
        write_signatures(self._tasks.file(rank, SIGNATURES), signatures, self._params.minhash)
        write_seed_counts(self._tasks, rank, seeds)
        borders.write(self._tasks, rank)
        partial = unfinished(self._tasks.file(rank))
        pq.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA), partial)
        os.replace(partial, self._tasks.file(rank))
        yield from ()

    def _row(self, document: Document, folded: str, index: BenchmarkIndex, seeds: SeedCounts) -> dict[str, Any]:
        exact = xxhash.xxh3_128_intdigest(folded.encode())
        quality = document.metadata["quality"]
        work = work_of({"id": document.id, "part_of": document.metadata["part_of"]})
        return {
            "id": document.id,
            "channel": document.metadata["channel"],
            "characters": len(document.text),
            "quality": 0.0 if quality is None else quality,
            "exact_high": exact >> 64,
            "exact_low": exact & 0xFFFFFFFFFFFFFFFF,
            "work": xxhash.xxh3_64_intdigest(work),
            "draw": xxhash.xxh3_64_intdigest(f"{self._params.seed}:{work}"),
            "synthetic": read_synthetic({"id": document.id, "metadata": document.metadata["metadata"]}) is not None,
            "candidates": find_passages(document.text, index, self._params.leaks, seeds, folded) or None,
        }


@lru_cache(1)
def _index(benchmark_texts: Path, content: str, params: LeakParams) -> BenchmarkIndex:
    """Build the index once for all tasks of a worker: it takes as long as some megabytes of text."""
    return BenchmarkIndex(read_items(benchmark_texts), params)


@dataclass(frozen=True)
class Survey:
    """What is known of all documents, by their number. Texts of 128-bit equal hashes count as equal."""

    channels: list[str]
    """Names; `channel` holds places in this list."""
    channel: npt.NDArray[np.uint8]
    characters: npt.NDArray[np.int64]
    quality: npt.NDArray[np.float32]
    exact: npt.NDArray[np.uint64]
    """Shape [documents, 2]: the hash of the folded text."""
    works: npt.NDArray[np.int64]
    """Which work a document is a part of: numbers from 0, in the order of their first documents."""
    draw: npt.NDArray[np.uint64]
    """Of the work: a number that is random for who does not know the seed; the smallest of a channel are held out."""
    leaks: npt.NDArray[np.bool_]
    """Hold benchmark items and are excluded for it."""
    trimmed: npt.NDArray[np.bool_]
    """Lose passages that hold benchmark items, and stay."""
    synthetic: npt.NDArray[np.bool_]
    """Made by clean from the real document before; no copy of anything, and never held out."""

    @property
    def num_documents(self) -> int:
        """Give the number of documents."""
        return int(self.characters.size)


def read_survey(tasks: Tasks) -> Survey:
    """Read the tables of all tasks, and what was judged of their leaks (`leak_verdicts.judge_leaks`)."""
    channels: dict[str, int] = {}
    parts: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in _PLAIN}
    exact, synthetic = [np.empty((0, 2), np.uint64)], [np.empty(0, np.bool_)]
    for path in tasks.files():
        table = pq.read_table(path, columns=[*parts, "exact_high", "exact_low", "synthetic"])
        numbers = [channels.setdefault(name, len(channels)) for name in table["channel"].to_pylist()]
        parts["channel"].append(np.array(numbers, np.uint8))
        parts["characters"].append(table["characters"].to_numpy().astype(np.int64))
        parts["quality"].append(table["quality"].to_numpy().astype(np.float32))
        for name in ("work", "draw"):
            parts[name].append(table[name].to_numpy().astype(np.uint64))
        exact.append(np.stack([table["exact_high"].to_numpy(), table["exact_low"].to_numpy()], axis=1))
        synthetic.append(table["synthetic"].to_numpy())
    joined = {name: np.concatenate([np.empty(0, _PLAIN[name]), *found]) for name, found in parts.items()}
    joined["works"] = _number(joined.pop("work"))
    joined |= {"exact": np.concatenate(exact), "synthetic": np.concatenate(synthetic)}
    leaks, trimmed = np.zeros((2, joined["works"].size), np.bool_)
    for document in read_all_leaks(tasks):
        (leaks if document.is_excluded else trimmed)[document.number] = True
    return Survey(list(channels), **joined, leaks=leaks, trimmed=trimmed)


def _number(names: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Replace names by numbers from 0 in the order in which they first stand."""
    _, firsts, inverse = np.unique(names, return_index=True, return_inverse=True)
    ranks = np.empty(firsts.size, np.int64)
    ranks[np.argsort(firsts)] = np.arange(firsts.size)
    return ranks[inverse]


def task_ranges(tasks: Tasks) -> list[tuple[int, int]]:
    """Give the numbers of the first document of each task and of the next."""
    ends = list(accumulate(pq.read_metadata(path).num_rows for path in tasks.files()))
    return list(zip([0, *ends[:-1]], ends, strict=True))


def read_ids(tasks: Tasks, numbers: npt.NDArray[np.int64]) -> dict[int, str]:
    """Give the ids of some documents by their numbers."""
    wanted = np.unique(numbers)
    found: dict[int, str] = {}
    for path, (start, end) in zip(tasks.files(), task_ranges(tasks), strict=True):
        mine = wanted[(wanted >= start) & (wanted < end)]
        if mine.size:
            column = pq.read_table(path, columns=["id"]).column("id").take(pa.array(mine - start))
            found.update(zip(mine.tolist(), column.to_pylist(), strict=True))
    return found
