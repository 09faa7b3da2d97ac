"""Coverage: how many training documents hold the terms of the user's lists and of the benchmarks' topics.

Terms are counted once per document while dedup writes what it keeps, so the counts are of the text that will be read.
A term that too few documents of the domain channels hold is a gap, and so is an item of a benchmark most of whose
terms are gaps.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from datatrove.data import Document

from cpt_pipeline.core.artifact import write_json
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import ParameterError, raise_all
from cpt_pipeline.corpus.dedup.statistics.coverage_params import (
    CoverageParams,
    CoverageReport,
    ItemGapReport,
    TermListReport,
    TopicReport,
)
from cpt_pipeline.corpus.dedup.statistics.topics import Topic
from cpt_pipeline.corpus.dedup.survey import Survey
from cpt_pipeline.corpus.dedup.texts import TextsByNumber
from cpt_pipeline.corpus.dedup.verdicts import HELD_OUT, KEPT, PARENT, Verdicts
from cpt_pipeline.corpus.engine.steps import NUMBER, DocumentStep
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.text.folding import fold
from cpt_pipeline.text.term_search import TermSearch, read_terms

_SUFFIX = ".coverage.json"
_SAMPLE_CHARACTERS = 2_000


@dataclass(frozen=True)
class Wanted:
    """What is looked for."""

    lists: Mapping[str, Sequence[str]]
    """Name to folded terms."""
    topics: Sequence[Topic]

    def terms(self) -> list[str]:
        """Give every term once."""
        listed = (terms for terms in self.lists.values())
        return sorted({term for terms in (*listed, *(topic.terms for topic in self.topics)) for term in terms})

    def write(self, path: Path) -> Path:
        """Write what `CountTerms` reads."""
        write_json(path, {"terms": self.terms(), "lists": {name: list(terms) for name, terms in self.lists.items()}})
        return path


def read_lists(params: CoverageParams) -> dict[str, list[str]]:
    """Read the user's lists; `ParameterError` names every file and line that is wrong."""
    lists: dict[str, list[str]] = {}
    problems: list[str] = []
    for name, path in params.terms.items():
        lists[name], wrong = read_terms(path)
        problems += wrong
    raise_all(ParameterError, "Lists of terms (conf: dedup.coverage.terms):", problems)
    return lists


def general_texts(
    documents: Path, survey: Survey, found: Verdicts, channels: ChannelsParams, sample_documents: int
) -> Iterator[str]:
    """Give the beginnings of general training documents: those with the smallest draws, in their order."""
    general = np.array([name in channels.general for name in survey.channels], np.bool_)
    kept = np.flatnonzero((found.kinds == KEPT) & general[survey.channel])
    sample = kept[np.argsort(survey.draw[kept], kind="stable")[:sample_documents]]
    texts = TextsByNumber(documents)
    for number in np.sort(sample).tolist():
        yield texts[number][:_SAMPLE_CHARACTERS]


class CountTerms(DocumentStep):
    """Count the training documents that hold each term, by channel; every task leaves its counts as JSON."""

    name = "count terms"

    def __init__(self, tasks: Tasks, wanted: Path) -> None:
        super().__init__()
        self._tasks, self._wanted = tasks, wanted
        self._terms: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._lists: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Pass every document on, then write the counts."""
        yield from super().run(data, rank, world_size)
        write_json(self._tasks.file(rank, _SUFFIX), {"terms": self._terms, "lists": self._lists})

    def apply(self, document: Document) -> None:
        """Look for all terms in a document of a source that is not held out: what is made of it says nothing new."""
        if document.metadata[HELD_OUT] or document.metadata[PARENT] != document.metadata[NUMBER]:
            return
        search, terms, lists = _search(self._wanted)
        found = {terms[place] for place in search.find(fold(document.text))}
        if found:
            channel = document.metadata["channel"]
            self._terms[channel].update(found)
            self._lists[channel].update(name for name, listed in lists.items() if not found.isdisjoint(listed))


@lru_cache(1)
def _search(wanted: Path) -> tuple[TermSearch, list[str], dict[str, frozenset[str]]]:
    given = json.loads(wanted.read_text(encoding="utf-8"))
    lists = {name: frozenset(terms) for name, terms in given["lists"].items()}
    return TermSearch(given["terms"]), given["terms"], lists


class _Counts:
    """Documents of all tasks that hold a term, by channel."""

    def __init__(self, tasks: Tasks, channels: ChannelsParams, min_documents: int) -> None:
        self._terms: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._lists: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._min_documents = min_documents
        for path in tasks.files(_SUFFIX):
            found = json.loads(path.read_text(encoding="utf-8"))
            for channel, counts in found["terms"].items():
                self._terms[channel].update(counts)
            for channel, counts in found["lists"].items():
                self._lists[channel].update(counts)
        self._domain = [channel for channel in self._terms if channel in channels.domain]

    def of_list(self, name: str) -> dict[str, int]:
        return {channel: counts[name] for channel, counts in sorted(self._lists.items()) if counts[name]}

    def of_terms(self, terms: Sequence[str]) -> dict[str, tuple[int, ...]]:
        return {channel: tuple(counts[term] for term in terms) for channel, counts in sorted(self._terms.items())}

    def covers(self, term: str, *, by_all: bool = False) -> bool:
        channels = self._terms if by_all else self._domain
        return sum(self._terms[channel][term] for channel in channels) >= self._min_documents


def report_coverage(wanted: Wanted, tasks: Tasks, params: CoverageParams, channels: ChannelsParams) -> CoverageReport:
    """Sum the counts of all tasks."""
    counts = _Counts(tasks, channels, params.min_documents)
    return CoverageReport(
        lists={name: _report_list(name, terms, counts, params) for name, terms in wanted.lists.items()},
        topics={f"{each.benchmark}/{each.ability}": _report_topic(each, counts, params) for each in wanted.topics},
    )


def _report_list(name: str, terms: Sequence[str], counts: _Counts, params: CoverageParams) -> TermListReport:
    gaps = [term for term in terms if not counts.covers(term)]
    return TermListReport(
        terms=len(terms),
        covered=len(terms) - len(gaps),
        documents=counts.of_list(name),
        listed=tuple(terms[: params.max_listed]),
        term_documents=counts.of_terms(terms[: params.max_listed]),
        gaps=tuple(gaps[: params.max_listed]),
    )


def _report_topic(topic: Topic, counts: _Counts, params: CoverageParams) -> TopicReport:
    judged = {item: terms for item, terms in topic.items.items() if terms}
    gaps = [
        ItemGapReport(
            item=item,
            missing=tuple(term for term in terms if not counts.covers(term)),
            general=_is_covered(terms, counts, params, by_all=True),
        )
        for item, terms in judged.items()
        if not _is_covered(terms, counts, params)
    ]
    return TopicReport(
        terms=len(topic.terms),
        covered=sum(counts.covers(term) for term in topic.terms),
        covered_by_all=sum(counts.covers(term, by_all=True) for term in topic.terms),
        items=len(topic.items),
        items_without_terms=len(topic.items) - len(judged),
        gap_items=len(gaps),
        gap_items_by_all=sum(not gap.general for gap in gaps),
        listed=topic.terms[: params.max_listed],
        term_documents=counts.of_terms(topic.terms[: params.max_listed]),
        gaps=tuple(gaps[: params.max_listed]),
    )


def _is_covered(terms: Sequence[str], counts: _Counts, params: CoverageParams, *, by_all: bool = False) -> bool:
    return sum(counts.covers(term, by_all=by_all) for term in terms) >= params.min_item_share * len(terms)
