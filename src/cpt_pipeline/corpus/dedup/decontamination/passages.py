"""Passages of documents that may be items, with what is cut around them; of a text that was divided, over its borders.

An item may stand at the end of one part and the beginning of the next. So the end of what was read of a work and the
beginning of its next part are looked at together, and both lose what is theirs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from cpt_pipeline.core.artifact import unfinished
from cpt_pipeline.corpus.dedup.decontamination.cuts import Sentences
from cpt_pipeline.corpus.dedup.decontamination.items import find_letters
from cpt_pipeline.corpus.dedup.decontamination.leaks import BenchmarkIndex, Candidate, SeedCounts
from cpt_pipeline.corpus.dedup.decontamination.params import LeakParams
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.formats.documents import continues
from cpt_pipeline.text.folding import fold

Passage = dict[str, Any]
"""A candidate as a mapping, with the spans to cut as `cuts`."""

EDGES = ".edges.json"
"""Suffix of a task's file: the beginning of its first document and the end of its last, where a text goes on there."""
_PLACE = ("id", "part_of", "part", "last_part", "separator")
_AROUND = 4_000
"""Characters beyond those searched, for choices and reasons that stand there."""


def find_passages(
    text: str, index: BenchmarkIndex, params: LeakParams, counts: SeedCounts, folded: str
) -> list[Passage]:
    """Return the passages of a whole document, and count its seeds; `folded` is the text folded."""
    found = index.look(text, counts, folded=folded)
    return _with_cuts(text, found, 0, index, params) if found else []


class _Piece(NamedTuple):
    """A piece of a document."""

    row: int
    """Of the task's documents."""
    first: int
    """The character of the document with which it begins."""
    text: str


class Borders:
    """The documents of a task, in order: `add` each; what crosses into another one is returned for both."""

    def __init__(self, index: BenchmarkIndex, params: LeakParams) -> None:
        self._index, self._params = index, params
        self._reach = index.reach + _AROUND + params.margin_characters
        self._head: tuple[dict[str, Any], _Piece] | None = None
        self._last: dict[str, Any] | None = None
        self._pieces: list[_Piece] = []
        self._num_rows = 0

    def add(self, place: Mapping[str, Any], text: str) -> list[tuple[int, Passage]]:
        """Return rows of the task and passages over the border before a document: both parts of each."""
        here = {name: place[name] for name in _PLACE}
        head = _Piece(self._num_rows, 0, text[: self._reach])
        if self._head is None:
            self._head = here, head
        goes_on = continues(self._last, here)
        found = list(self._join(here, head)) if goes_on else []
        if not goes_on:
            self._pieces = []
        self._pieces.append(_Piece(self._num_rows, max(len(text) - self._reach, 0), text[-self._reach :]))
        while len(self._pieces) > 1 and sum(len(each.text) for each in self._pieces[1:]) >= self._reach:
            del self._pieces[0]
        self._last = here
        self._num_rows += 1
        return found

    def write(self, tasks: Tasks, rank: int) -> None:
        """Write what the tasks before and behind this one need."""
        edges: dict[str, Any] = {}
        if self._head is not None and self._head[0]["part"]:
            edges["head"] = self._head
        if self._last is not None and self._last["part"] is not None and not self._last["last_part"]:
            edges["tail"] = self._last, self._pieces
        partial = unfinished(tasks.file(rank, EDGES))
        partial.write_text(json.dumps(edges), encoding="utf-8")
        os.replace(partial, tasks.file(rank, EDGES))

    def load_tail(self, edges: dict[str, Any]) -> None:
        """Go on where another task ended."""
        self._last, pieces = edges.get("tail", (None, []))
        self._pieces = [_Piece(*each) for each in pieces]

    def cross(self, edges: dict[str, Any]) -> list[tuple[bool, int, Passage]]:
        """Return what crosses into the first document of another task: whether it is that document's, row, passage."""
        if "head" not in edges:
            return []
        here, head = edges["head"]
        if not continues(self._last, here):
            return []
        marked = _Piece(-1, *head[1:])
        return [(row < 0, max(row, 0), passage) for row, passage in self._join(here, marked)]

    def _join(self, here: Mapping[str, Any], head: _Piece) -> Iterator[tuple[int, Passage]]:
        separator = here["separator"] or ""
        before = "".join(each.text for each in self._pieces)
        text = before + separator + head.text
        low, high = max(len(before) - self._index.reach, 0), len(before) + len(separator) + self._index.reach
        found = self._index.look(text[low:high])
        if not found:
            return
        starts = [len("".join(each.text for each in self._pieces[:number])) for number in range(len(self._pieces))]
        places = [*zip(starts, self._pieces, strict=True), (len(before) + len(separator), head)]
        skipped = find_letters(fold(text[:low]))[0].size
        for passage in _with_cuts(text, found, skipped, self._index, self._params):
            if any(start < len(before) and end > len(before) + len(separator) for start, end in passage["cuts"]):
                for start, piece in places:
                    if spans := _within(passage["cuts"], start, piece):
                        yield piece.row, {**passage, "cuts": spans}


def _within(spans: list[tuple[int, int]], start: int, piece: _Piece) -> list[tuple[int, int]]:
    """Return spans of a joined text as those of the document that a piece of it, from `start` on, belongs to."""
    size, moved = len(piece.text), piece.first - start
    inside = [(max(first, start), min(last, start + size)) for first, last in spans]
    return [(first + moved, last + moved) for first, last in inside if first < last]


def read_edges(tasks: Tasks, rank: int) -> dict[str, Any]:
    """Read what `Borders.write` wrote for a task."""
    edges: dict[str, Any] = json.loads(tasks.file(rank, EDGES).read_text(encoding="utf-8"))
    return edges


def _with_cuts(
    text: str, found: list[Candidate], skipped: int, index: BenchmarkIndex, params: LeakParams
) -> list[Passage]:
    """Return candidates with their cuts; their letters are counted from the `skipped`th of the text on."""
    sentences = Sentences(text)
    return [
        {
            **asdict(each),
            "cuts": sentences.around_item(
                each.start + skipped, each.end + skipped, params.margin_characters, index.choices(each.item)
            ),
        }
        for each in found
    ]
