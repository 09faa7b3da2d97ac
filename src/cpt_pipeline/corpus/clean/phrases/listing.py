"""The most frequent texts of each source, listed for review while documents go by.

Each task leaves its most frequent ones, text to [documents, number and id of the first document]; the most frequent of
all are among them, however the corpus is divided.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from cpt_pipeline.core.artifact import write_json
from cpt_pipeline.core.json_reading import UNFINISHED, read_json
from cpt_pipeline.core.params import Report

_SPARE = 1_000


class PhraseReport(Report):
    """A phrase that many documents of a source share."""

    text: str
    documents: int
    """Of the source; of those that were mined, where it is a sample."""
    share: float
    removed: bool
    example: str
    """Id of a document that holds it."""


class Listing:
    """The texts of one task, at most `max_listed` of a source when they are written."""

    def __init__(self, max_listed: int) -> None:
        self._max_listed = max_listed
        self._listed: defaultdict[str, dict[str, tuple[int, int, str]]] = defaultdict(dict)

    def add(self, source: str, text: str, documents: int, number: int, document_id: str) -> None:
        """List a text that so many documents hold; the first one that is seen is its example."""
        listed = self._listed[source]
        listed.setdefault(text, (documents, number, document_id))
        if len(listed) > 10 * self._max_listed + _SPARE:
            self._prune(listed)

    def write(self, path: Path) -> None:
        """Write the list as JSON."""
        for listed in self._listed.values():
            self._prune(listed)
        write_json(path, self._listed)

    def _prune(self, listed: dict[str, tuple[int, int, str]]) -> None:
        for text in listed.keys() - set(_first(listed, self._max_listed)):
            del listed[text]


def read_listings(
    paths: Sequence[Path], num_mined: Mapping[str, int], max_listed: int, remove_share: float
) -> dict[str, tuple[PhraseReport, ...]]:
    """Give the most frequent texts of each source in all tasks' files, which are in the order of the corpus."""
    found: dict[str, dict[str, tuple[int, int, str]]] = {}
    for path in paths:
        for source, listed in read_json(path, remedy=UNFINISHED).items():
            for text, row in listed.items():
                found.setdefault(source, {}).setdefault(text, row)
    return {
        source: tuple(
            PhraseReport(
                text=text,
                documents=listed[text][0],
                share=round(listed[text][0] / num_mined[source], 4),
                removed=listed[text][0] >= remove_share * num_mined[source],
                example=listed[text][2],
            )
            for text in _first(listed, max_listed)
        )
        for source, listed in sorted(found.items())
    }


def _first(listed: Mapping[str, tuple[int, int, str]], number: int) -> list[str]:
    return sorted(listed, key=lambda text: (-listed[text][0], text))[:number]
