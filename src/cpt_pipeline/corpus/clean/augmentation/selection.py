"""Which documents something is made from: by what they are, then by a hash of their id.

A document's draw depends on its id, the kind and the seed alone, so neither workers nor other documents can change it;
only a limit on the number makes one pass over the ids, to find the draw up to which documents are taken.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pyarrow.parquet as pq
import xxhash

from cpt_pipeline.corpus.clean.augmentation.params import SelectionParams
from cpt_pipeline.corpus.engine.sieve import Row
from cpt_pipeline.corpus.engine.tasks import Tasks

_HEAD = ["id", "channel", "source", "category", "language", "metadata", "reason"]
_DRAWS = 1 << 64


@dataclass(frozen=True)
class Choice:
    """The documents that one kind is made from."""

    name: str
    params: SelectionParams
    not_from: frozenset[str]
    """Categories of strong formats."""
    languages: frozenset[str] | None = None
    last: int = _DRAWS
    """The largest draw that is taken."""

    def takes(self, row: Row) -> bool:
        """Say whether something is made from a document."""
        draw = self.draw(row)
        return draw is not None and draw <= self.last

    def draw(self, row: Row) -> int | None:
        """Give the draw of a document; None where it is not of those that were asked for."""
        if row["category"] in self.not_from or not self._is_wanted(row):
            return None
        draw = xxhash.xxh3_64_intdigest(f"{self.params.seed}:{self.name}:{row['id']}")
        return draw if draw < self.params.share * _DRAWS else None

    def _is_wanted(self, row: Row) -> bool:
        params = self.params
        asked = {"channel": params.channels, "source": params.sources, "category": params.categories}
        if any(names is not None and row[key] not in names for key, names in asked.items()):
            return False
        if self.languages is not None and language_of(row) not in self.languages:
            return False
        return params.grades is None or json.loads(row["metadata"] or "{}").get("grade") in params.grades


def language_of(row: Row) -> str:
    """Return the language by which prompts and general words are chosen; empty where none was named."""
    return row["language"] or ""


def with_limits(choices: list[Choice], tasks: Tasks) -> list[Choice]:
    """Find the last draws of the choices that have a limit on their number."""
    limits = [choice.params.max_documents for choice in choices]
    smallest: list[list[int]] = [[] for _ in choices]  # negated, because heapq keeps the smallest at the top
    if any(limits):
        for _, heads in _heads(tasks):
            for choice, limit, held in zip(choices, limits, smallest, strict=True):
                draws = (choice.draw(row) for row in heads if row["reason"] is None) if limit else ()
                for draw in draws:
                    _hold(held, draw, limit or 0)
    return [
        replace(choice, last=-held[0]) if limit is not None and len(held) == limit else choice
        for choice, limit, held in zip(choices, limits, smallest, strict=True)
    ]


def read_chosen(tasks: Tasks, takes: Callable[[Row], bool]) -> Iterator[Row]:
    """Give the chosen rows of all tasks, in order, with their texts; row groups without one are passed over."""
    for (file, group), heads in _heads(tasks):
        rows = [(place, row) for place, row in enumerate(heads) if row["reason"] is None and takes(row)]
        if rows:
            texts = file.read_row_group(group, columns=["text"]).column(0)
            yield from ({**row, "text": texts[place].as_py()} for place, row in rows)


def _heads(tasks: Tasks) -> Iterator[tuple[tuple[pq.ParquetFile, int], list[Row]]]:
    """Give the rows without texts, a row group at a time."""
    for path in tasks.files():
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                yield (file, group), file.read_row_group(group, columns=_HEAD).to_pylist()


def _hold(held: list[int], draw: int | None, limit: int) -> None:
    if draw is None:
        return
    if len(held) < limit:
        heapq.heappush(held, -draw)
    elif -draw > held[0]:
        heapq.heapreplace(held, -draw)
