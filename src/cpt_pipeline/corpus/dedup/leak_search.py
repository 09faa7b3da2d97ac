"""A search of documents one after the other, judged when all have been seen, as dedup judges them.

What may be an item waits on the disk, so memory does not grow with the number of documents.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

from cpt_pipeline.corpus.dedup.leaks import BenchmarkIndex, Candidate, Leak


class LeakSearch:
    """The documents of one corpus: `add` each, then read `results` once for each, in the same order."""

    def __init__(self, index: BenchmarkIndex) -> None:
        self._index, self._counts = index, index.count()
        self._waiting = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (it ends with the search)

    @property
    def num_items(self) -> Mapping[str, int]:
        """Items of each benchmark."""
        return self._index.num_items

    @property
    def unguarded(self) -> Mapping[str, int]:
        """Those of them that no text can be accused of."""
        return self._index.unguarded

    def add(self, pieces: Iterable[str]) -> None:
        """Look at a document, given in pieces that overlap by more than an item's length."""
        found = [asdict(each) for piece in pieces for each in self._index.look(piece, self._counts)]
        self._counts.end_document()
        self._waiting.write(json.dumps(found) + "\n")

    def results(self) -> Iterator[list[Leak]]:
        """Return the items of each document, each once, with its longest text, by the first place."""
        rarity = self._index.rarity(self._counts.counts, self._counts.num_documents)
        self._waiting.seek(0)
        for line in self._waiting:
            found: dict[tuple[str, str], Leak] = {}
            for given in json.loads(line):
                leak = self._index.judge(Candidate.load(given), rarity)
                if leak and (leak.name not in found or len(leak.text) > len(found[leak.name].text)):
                    found[leak.name] = leak
            yield list(found.values())
