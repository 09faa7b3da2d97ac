"""The verdicts on a task's documents, as a file beside its survey, and the step that applies them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import unfinished
from cpt_pipeline.corpus.dedup import verdicts as kinds
from cpt_pipeline.corpus.dedup.decontamination.cuts import cut
from cpt_pipeline.corpus.dedup.decontamination.verdicts import LeakingDocument, read_leaks
from cpt_pipeline.corpus.dedup.families import parent_numbers
from cpt_pipeline.corpus.dedup.survey import Survey, read_ids, task_ranges
from cpt_pipeline.corpus.dedup.verdicts import Verdicts
from cpt_pipeline.corpus.engine.steps import NUMBER, count, exclude
from cpt_pipeline.corpus.engine.tasks import Tasks

VERDICTS = ".verdicts.parquet"
"""Suffix of the file."""
_ITEMS = "benchmark_items"
"""Key of a document's `metadata`: the items whose passages it lost."""
_COPIES_AT_ONCE = 1 << 20


class ApplyVerdicts(PipelineStep):  # type: ignore[misc]
    """Exclude what was judged to be a copy or a leak, cut benchmark items out of the rest, mark what is held out."""

    name = "apply verdicts"
    type = "cpt"

    def __init__(self, tasks: Tasks, verdicts: Tasks) -> None:
        super().__init__()
        self._tasks, self._verdicts = tasks, verdicts

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Read the verdicts of a task beside its documents."""
        found = pq.read_table(self._verdicts.file(rank, VERDICTS))
        leaking = {each.number: each for each in read_leaks(self._verdicts, rank)}
        columns = (found[name].to_pylist() for name in ("kind", "detail", "parent"))
        for document, kind, detail, parent in zip(data, *columns, strict=True):
            document.metadata[kinds.HELD_OUT] = kind == kinds.HELDOUT
            document.metadata[kinds.PARENT] = parent
            if kind in kinds.REASONS:
                exclude(document, kinds.REASONS[kind], detail)
            elif document.metadata[NUMBER] in leaking:
                _trim(document, leaking[document.metadata[NUMBER]])
            yield document


def _trim(document: Document, leaking: LeakingDocument) -> None:
    """Cut the passages out; the metadata name what they held."""
    about = json.loads(document.metadata["metadata"] or "{}")
    about[_ITEMS] = [f"{leak['benchmark']}/{leak['item']}" for leak in leaking.leaks]
    document.metadata["metadata"] = json.dumps(about, ensure_ascii=False, sort_keys=True)
    before = len(document.text)
    document.text = cut(document.text, leaking.cuts)
    count(document, "leaks/documents")
    count(document, "leaks/passages", len(leaking.cuts))
    count(document, "leaks/characters", before - len(document.text))


def write_verdicts(surveyed: Tasks, survey: Survey, found: Verdicts, earlier: list[str]) -> None:
    """Write the kinds and details of each task's documents, and whom they were made from."""
    parents = parent_numbers(survey.synthetic)
    for ranks in _with_few_copies(task_ranges(surveyed), found):
        numbers = np.arange(ranks[0][1], ranks[-1][2])
        copies = numbers[np.isin(found.kinds[numbers], kinds.COPIES)]
        ids = read_ids(surveyed, found.survivors[copies])
        for rank, first, last in ranks:
            leaks = {each.number: each for each in read_leaks(surveyed, rank)}
            details = [_detail(number, found, ids, earlier, leaks) for number in range(first, last)]
            columns = {"kind": found.kinds[first:last], "detail": pa.array(details, pa.string())}
            partial = unfinished(surveyed.file(rank, VERDICTS))
            pq.write_table(pa.table({**columns, "parent": parents[first:last]}), partial)
            os.replace(partial, surveyed.file(rank, VERDICTS))


def _detail(
    number: int, found: Verdicts, ids: dict[int, str], earlier: list[str], leaks: dict[int, LeakingDocument]
) -> str | None:
    """Return what a document is a copy of, or the items it holds."""
    kind = int(found.kinds[number])
    if kind == kinds.BENCHMARK:
        first_leak, *others = leaks[number].leaks
        more = f" (and {len(others)} more items)" if others else ""
        return f"{first_leak['benchmark']}/{first_leak['item']}: {first_leak['text']}{more}"
    if kind == kinds.NEAR_EARLIER:
        return earlier[number] or "a copy of such a document"
    if kind == kinds.SEMANTIC and found.cosines is not None:
        return f"{ids[int(found.survivors[number])]} ({found.cosines[number]:.3f})"
    return ids.get(int(found.survivors[number])) if kind in kinds.COPIES else None


def _with_few_copies(ranges: list[tuple[int, int]], found: Verdicts) -> Iterator[list[tuple[int, int, int]]]:
    """Give tasks (rank, first, last) in runs whose copies' ids fit in memory."""
    run: list[tuple[int, int, int]] = []
    num_copies = 0
    for rank, (first, last) in enumerate(ranges):
        run.append((rank, first, last))
        num_copies += int(np.isin(found.kinds[first:last], kinds.COPIES).sum())
        if num_copies > _COPIES_AT_ONCE:
            yield run
            run, num_copies = [], 0
    if run:
        yield run
