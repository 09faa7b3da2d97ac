"""A search of documents one after the other, judged when all have been seen, as dedup judges them.

What may be an item waits on the disk, so memory does not grow with the number of documents.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from cpt_pipeline.corpus.dedup.decontamination.items import find_letters
from cpt_pipeline.corpus.dedup.decontamination.leaks import BenchmarkIndex, Candidate, Leak
from cpt_pipeline.text.folding import fold


class LeakSearch:
    """The documents of one corpus: `add` each, then read `results` once for each, in the same order."""

    def __init__(self, index: BenchmarkIndex) -> None:
        self._index, self._counts = index, index.count()
        self._held: list[dict[str, Any]] = []
        self._num_added = 0
        self._waiting = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (it ends with the search)

    @property
    def num_items(self) -> Mapping[str, int]:
        """Items of each benchmark."""
        return self._index.num_items

    @property
    def unguarded(self) -> Mapping[str, int]:
        """Those of them that no text can be accused of."""
        return self._index.unguarded

    def add(self, pieces: Iterable[str], border: tuple[str, str] | None = None) -> None:
        """Look at a document, given in pieces that overlap by more than an item's length.

        Where it goes on with the text of the document before, `border` is the end of that text and what follows it:
        what stands on both sides is found in both documents.
        """
        found = [asdict(each) for piece in pieces for each in self._index.look(piece, self._counts)]
        self._counts.end_document()
        crossing = [asdict(each) for each in self._crossing(*border)] if border else []
        self._held.extend(crossing)
        self._write_held()
        self._held = [*found, *crossing]
        self._num_added += 1

    def _crossing(self, before: str, behind: str) -> Iterator[Candidate]:
        border = find_letters(fold(before))[0].size
        return (each for each in self._index.look(before + behind) if each.start < border < each.end)

    def _write_held(self) -> None:
        """Write what was found in the last document: the one behind it has been looked at."""
        if self._num_added:
            self._waiting.write(json.dumps(self._held) + "\n")

    def results(self) -> Iterator[list[Leak]]:
        """Return the items of each document, each once, with its longest text, by the first place."""
        rarity = self._index.rarity(self._counts.counts, self._counts.num_documents)
        self._write_held()
        self._num_added = 0
        self._waiting.seek(0)
        for line in self._waiting:
            found: dict[tuple[str, str], Leak] = {}
            for given in json.loads(line):
                leak = self._index.judge(Candidate.load(given), rarity)
                if leak and (leak.name not in found or len(leak.text) > len(found[leak.name].text)):
                    found[leak.name] = leak
            yield list(found.values())
