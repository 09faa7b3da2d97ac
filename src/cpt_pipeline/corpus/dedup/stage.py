"""Dedup: one document of each cluster of near copies, none that holds a benchmark item, and the held-out split.

Held-out documents are drawn from whole clusters before any copy is removed, so no training text is a near copy of a
held-out one. Texts are read twice and never held: in memory are a signature (480 bytes) and an id per document.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xxhash
from pydantic import Field

from cpt_pipeline.core.errors import NothingLeftError, raise_all
from cpt_pipeline.core.params import Params, Report
from cpt_pipeline.core.progress import Progress
from cpt_pipeline.corpus.dedup.leaks import BenchmarkIndex, Leak, LeakParams
from cpt_pipeline.corpus.dedup.minhash import Clusters, MinHasher, MinHashParams, Signatures, link_near_copies
from cpt_pipeline.corpus.sieve import Amount, Sieve
from cpt_pipeline.corpus.words import fold
from cpt_pipeline.formats.benchmarks import BenchmarkItem, read_items
from cpt_pipeline.formats.documents import count_documents, read_documents

logger = logging.getLogger(__name__)


class DedupParams(Params):
    """`dedup:` in conf."""

    minhash: MinHashParams = MinHashParams()
    leaks: LeakParams = LeakParams()
    heldout_documents_per_channel: int = Field(150, ge=1)
    heldout_max_share: float = Field(0.1, gt=0, le=0.5)
    """A small channel gives at most this share of its distinct documents, and at least one."""
    heldout_max_characters: int = Field(6_000, ge=1)
    """Longer documents are not held out (they are not cut either)."""
    seed: int = 1
    """Which documents are held out. The choice of one document does not depend on the others that are there."""


class BenchmarkReport(Report):
    """What was found of one benchmark."""

    items: int
    unguarded_items: int
    """Too short to be searched for."""
    found_items: int
    documents: int
    """Documents excluded for it."""


class DedupReport(Report):
    """`dedup_metrics`: `records_in` = `documents` + `heldout_documents` + the sum of `excluded`."""

    records_in: int
    documents: int
    bytes: int
    heldout_documents: int
    excluded: dict[str, int]
    """`exact` and `near`: copies of a training document; `near_heldout`: copies of a held-out one; `benchmark`."""
    channels: dict[str, Amount]
    heldout_channels: dict[str, Amount]
    clusters: int
    """Groups of two or more copies."""
    largest_cluster: int
    benchmarks: dict[str, BenchmarkReport]


@dataclass
class _Survey:
    """What the first pass over the texts remembers of each document, by its number."""

    ids: list[str]
    channels: list[str]
    lengths: list[int]
    first_alike: dict[int, int]
    """Document to the earliest one with the same folded text, where that is another."""
    leaks: dict[int, Leak]
    signatures: Signatures
    signed: npt.NDArray[np.int64]
    """Document numbers of the rows of `signatures`: no leak, no exact copy."""


@dataclass
class _Verdicts:
    """What becomes of each document: held out, excluded, or (in neither) kept for training."""

    heldout: set[int] = field(default_factory=set)
    excluded: dict[int, tuple[str, str]] = field(default_factory=dict)


def dedup_documents(clean_documents: Path, benchmark_texts: Path, out: Path, params: DedupParams) -> DedupReport:
    """Write `unique_documents`, `heldout_documents` and `dedup_excluded` below `out`, in the order of the input.

    Of near copies the earliest survives. A document that leaks a benchmark item takes no part in clusters.
    `NothingLeftError` when a channel is left without training or without held-out text.
    """
    items = read_items(benchmark_texts)
    index = BenchmarkIndex(items, params.leaks)
    survey = _survey(clean_documents, index, params.minhash)
    clusters = _cluster(survey, params.minhash)
    verdicts = _decide(survey, clusters, params)
    with Sieve(out, kept=("unique_documents", "heldout_documents"), excluded="dedup_excluded") as sieve:
        for number, row in enumerate(read_documents(clean_documents)):
            if number in verdicts.excluded:
                sieve.exclude(row, *verdicts.excluded[number])
            else:
                sieve.keep(row, "heldout_documents" if number in verdicts.heldout else "unique_documents")
        raise_all(NothingLeftError, "dedup cannot split what there is:", _missing(sieve, survey))
    report = _report(sieve, clusters, _report_benchmarks(items, index, survey))
    logger.info("dedup: %d training and %d held-out documents", report.documents, report.heldout_documents)
    return report


def _survey(clean_documents: Path, index: BenchmarkIndex, params: MinHashParams) -> _Survey:
    hasher = MinHasher(params)
    num_documents = count_documents(clean_documents)
    survey = _Survey([], [], [], {}, {}, np.empty((num_documents, hasher.num_hashes), np.uint32), np.empty(0, np.int64))
    first_with: dict[bytes, int] = {}
    signed: list[int] = []
    with Progress("dedup", num_documents, "documents") as progress:
        for number, row in enumerate(read_documents(clean_documents, ("id", "text", "channel"))):
            survey.ids.append(row["id"])
            survey.channels.append(row["channel"])
            survey.lengths.append(len(row["text"]))
            folded = fold(row["text"])
            progress.advance()
            if leak := index.find(folded):
                survey.leaks[number] = leak
                continue
            first = first_with.setdefault(xxhash.xxh3_128_digest(folded.encode()), number)
            if first != number:
                survey.first_alike[number] = first
                continue
            survey.signatures[len(signed)] = hasher.signature(folded)
            signed.append(number)
    survey.signed = np.array(signed, np.int64)
    survey.signatures = survey.signatures[: len(signed)]
    return survey


def _cluster(survey: _Survey, params: MinHashParams) -> list[list[int]]:
    """Give the clusters, each sorted, in the order of their first members; leaking documents are in none."""
    clusters = Clusters(len(survey.ids))
    link_near_copies(survey.signatures, survey.signed, params, clusters)
    for number, first in survey.first_alike.items():
        clusters.link(number, first)
    members: defaultdict[int, list[int]] = defaultdict(list)
    for number in range(len(survey.ids)):
        if number not in survey.leaks:
            members[clusters.find(number)].append(number)
    return [members[first] for first in sorted(members)]


def _decide(survey: _Survey, clusters: list[list[int]], params: DedupParams) -> _Verdicts:
    verdicts = _Verdicts(heldout=_draw(survey, [cluster[0] for cluster in clusters], params))
    for number, leak in survey.leaks.items():
        verdicts.excluded[number] = ("benchmark", str(leak))
    for first, *copies in clusters:
        for copy in copies:
            reason = "exact" if copy in survey.first_alike else "near"
            verdicts.excluded[copy] = ("near_heldout" if first in verdicts.heldout else reason, survey.ids[first])
    return verdicts


def _draw(survey: _Survey, firsts: list[int], params: DedupParams) -> set[int]:
    """Draw the held-out documents of every channel: those with the smallest hash of seed and id."""
    by_channel: defaultdict[str, list[int]] = defaultdict(list)
    for first in firsts:
        by_channel[survey.channels[first]].append(first)
    drawn: set[int] = set()
    for numbers in by_channel.values():
        wanted = min(params.heldout_documents_per_channel, max(1, int(params.heldout_max_share * len(numbers))))
        short = [number for number in numbers if survey.lengths[number] <= params.heldout_max_characters]
        short.sort(key=lambda number: xxhash.xxh3_64_intdigest(f"{params.seed}:{survey.ids[number]}"))
        drawn.update(short[:wanted])
    return drawn


def _missing(sieve: Sieve, survey: _Survey) -> Iterator[str]:
    if not survey.ids:
        yield "clean_documents holds no document at all"
    kinds = {"unique_documents": "training", "heldout_documents": "held-out"}
    for name, kind in kinds.items():
        for channel in sorted(set(survey.channels) - set(sieve.amounts(name))):
            reasons = dict(sieve.reasons_by_channel[channel].most_common())
            yield (
                f"channel {channel} has no {kind} document (excluded: {reasons or 'none'}). Give it more text, or "
                "change dedup.heldout_max_characters or dedup.leaks"
            )


def _report_benchmarks(
    items: list[BenchmarkItem], index: BenchmarkIndex, survey: _Survey
) -> dict[str, BenchmarkReport]:
    sizes = Counter(item.benchmark for item in items)
    documents = Counter(leak.benchmark for leak in survey.leaks.values())
    found = Counter(benchmark for benchmark, _ in {(leak.benchmark, leak.item) for leak in survey.leaks.values()})
    return {
        name: BenchmarkReport(
            items=sizes[name],
            unguarded_items=index.unguarded.get(name, 0),
            found_items=found[name],
            documents=documents[name],
        )
        for name in sorted(sizes)
    }


def _report(sieve: Sieve, clusters: list[list[int]], benchmarks: dict[str, BenchmarkReport]) -> DedupReport:
    unique = sieve.total("unique_documents")
    sizes = [len(cluster) for cluster in clusters]
    return DedupReport(
        records_in=sieve.num_records,
        documents=unique.documents,
        bytes=unique.bytes,
        heldout_documents=sieve.total("heldout_documents").documents,
        excluded=sieve.excluded(),
        channels=sieve.amounts("unique_documents"),
        heldout_channels=sieve.amounts("heldout_documents"),
        clusters=sum(size > 1 for size in sizes),
        largest_cluster=max(sizes, default=0),
        benchmarks=benchmarks,
    )
