"""Which documents hold benchmark items, and what becomes of them: decided when the whole corpus has been surveyed.

How rare a seed is in the corpus is the sum of what all tasks counted, so a verdict depends neither on their number nor
on the order of documents. A long document loses the passages, a short one and one that is mostly items goes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cpt_pipeline.core.artifact import unfinished
from cpt_pipeline.corpus.dedup.decontamination.cuts import merge_spans
from cpt_pipeline.corpus.dedup.decontamination.leaks import BenchmarkIndex, Candidate, SeedCounts, Weights
from cpt_pipeline.corpus.dedup.decontamination.params import LeakParams
from cpt_pipeline.corpus.dedup.decontamination.passages import Borders, Passage, read_edges
from cpt_pipeline.corpus.dedup.decontamination.surroundings import Span
from cpt_pipeline.corpus.engine.tasks import Tasks

SEEDS, LEAKS = ".seeds.parquet", ".leaks.parquet"
"""Suffixes of a task's files: how many of its documents hold which seed, and its documents that hold items."""
CANDIDATES = pa.list_(
    pa.struct(
        [
            ("item", pa.int32()),
            ("start", pa.int32()),
            ("end", pa.int32()),
            ("covered", pa.list_(pa.int32())),
            ("complete", pa.bool_()),
            ("num_beside", pa.int32()),
            ("text", pa.string()),
            ("cuts", pa.list_(pa.list_(pa.int32(), 2))),
        ]
    )
)
"""Type of a survey's column `candidates`: passages that may be items, with the characters to cut: around each, and
answers at the end of the text."""
_SCHEMA = pa.schema(
    [
        pa.field("number", pa.int64()),
        pa.field("leaks", pa.list_(pa.struct([(name, pa.string()) for name in ("benchmark", "item", "text")]))),
        pa.field("cuts", pa.list_(pa.list_(pa.int32(), 2))),
    ]
)


class LeakingDocument(NamedTuple):
    """A document that holds items."""

    number: int
    leaks: list[dict[str, str]]
    """`benchmark`, `item` and the `text` found; each item once, by its first place."""
    cuts: list[Span]
    """What is removed; nothing where the document is excluded."""

    @property
    def is_excluded(self) -> bool:
        """Whether all of it goes."""
        return not self.cuts


def write_seed_counts(tasks: Tasks, rank: int, counted: SeedCounts) -> None:
    """Write the seeds that a task's documents hold."""
    seeds = np.flatnonzero(counted.counts)
    table = pa.table({"seed": pa.array(seeds, pa.int32()), "documents": counted.counts[seeds]})
    _write(table, tasks, rank, SEEDS)


def judge_leaks(surveyed: Tasks, index: BenchmarkIndex, params: LeakParams) -> None:
    """Write which documents of each task hold items, and what is cut out of them."""
    total = np.zeros(index.num_seeds, np.int64)
    for path in surveyed.files(SEEDS):
        table = pq.read_table(path)
        total[table["seed"].to_numpy()] += table["documents"].to_numpy()
    num_documents = sum(pq.read_metadata(path).num_rows for path in surveyed.files())
    rarity = index.rarity(total, num_documents)
    crossing = _crossing(surveyed, index, params)
    first = 0
    for rank, path in enumerate(surveyed.files()):
        table = pq.read_table(path, columns=["characters", "candidates"])
        rows = []
        suspects = sorted({*np.flatnonzero(table["candidates"].is_valid().to_numpy()).tolist(), *crossing[rank]})
        for place, row in zip(suspects, table.take(pa.array(suspects, pa.int64())).to_pylist(), strict=True):
            candidates = [*(row["candidates"] or []), *crossing[rank].get(place, [])]
            leaks, cuts = _judge(candidates, row["characters"], index, rarity, params)
            if leaks:
                rows.append({"number": first + place, "leaks": leaks, "cuts": cuts})
        _write(pa.Table.from_pylist(rows, schema=_SCHEMA), surveyed, rank, LEAKS)
        first += table.num_rows


def read_leaks(surveyed: Tasks, rank: int) -> Iterator[LeakingDocument]:
    """Return the documents of a task that hold items, in order."""
    for row in pq.read_table(surveyed.file(rank, LEAKS)).to_pylist():
        yield LeakingDocument(row["number"], row["leaks"], [(start, end) for start, end in row["cuts"]])


def read_all_leaks(surveyed: Tasks) -> Iterator[LeakingDocument]:
    """Return all documents that hold items, in order, those of one task in memory."""
    for rank in range(surveyed.num_tasks):
        yield from read_leaks(surveyed, rank)


def _crossing(surveyed: Tasks, index: BenchmarkIndex, params: LeakParams) -> list[dict[int, list[Passage]]]:
    """Return for each task what crosses from a task before into it or from it into the next, by its rows."""
    found: list[dict[int, list[Passage]]] = [{} for _ in range(surveyed.num_tasks)]
    borders = Borders(index, params)
    for rank in range(surveyed.num_tasks):
        edges = read_edges(surveyed, rank)
        for is_here, row, passage in borders.cross(edges):
            found[rank if is_here else rank - 1].setdefault(row, []).append(passage)
        borders.load_tail(edges)
    return found


def _judge(
    candidates: list[dict[str, Any]], num_characters: int, index: BenchmarkIndex, rarity: Weights, params: LeakParams
) -> tuple[list[dict[str, str]], list[Span]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    passages, others = [], []
    for given in candidates:
        (first, *more) = given.pop("cuts")
        leak = index.judge(Candidate.load(given), rarity)
        if leak is not None:
            found.setdefault(leak.name, asdict(leak))
            passages.append((first[0], first[1]))
            others += [(start, end) for start, end in more]
    cuts = merge_spans([*passages, *others])
    left = num_characters - sum(end - start for start, end in cuts)
    enough = max(params.min_left_characters, params.min_left_share * num_characters)
    stays = left >= enough and len(merge_spans(passages)) <= params.max_passages
    return list(found.values()), cuts if stays else []


def _write(table: pa.Table, tasks: Tasks, rank: int, suffix: str) -> None:
    partial = unfinished(tasks.file(rank, suffix))
    pq.write_table(table, partial)
    os.replace(partial, tasks.file(rank, suffix))
