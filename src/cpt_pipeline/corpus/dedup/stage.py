"""Dedup: one document of each cluster of near copies, none that holds a benchmark item, and the held-out split.

Three passes, each divided among workers: every document is surveyed (signature, leaks), copies are judged on what the
survey found, and then the texts are read again to be kept, excluded, or freed of passages that others hold.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import content_hash, digest_file, read_manifest
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import NothingLeftError, raise_all
from cpt_pipeline.corpus.dedup import verdicts as kinds
from cpt_pipeline.corpus.dedup.candidates import find_pairs
from cpt_pipeline.corpus.dedup.clusters import clusters
from cpt_pipeline.corpus.dedup.coverage import (
    CountTerms,
    Wanted,
    general_texts,
    read_lists,
    report_coverage,
)
from cpt_pipeline.corpus.dedup.coverage_params import CoverageReport
from cpt_pipeline.corpus.dedup.families import follow_parents, parent_numbers
from cpt_pipeline.corpus.dedup.folding import fold
from cpt_pipeline.corpus.dedup.index import NearCopyIndex, match, write_index
from cpt_pipeline.corpus.dedup.leaks import BenchmarkIndex
from cpt_pipeline.corpus.dedup.minhash import Signatures
from cpt_pipeline.corpus.dedup.pairs import Pairs, PairWriter, read_pairs
from cpt_pipeline.corpus.dedup.params import (
    BenchmarkReport,
    CurvePoint,
    DedupParams,
    DedupReport,
    PassagesReport,
)
from cpt_pipeline.corpus.dedup.passages import PassagesParams, find_passages, remove_passages
from cpt_pipeline.corpus.dedup.signatures import SignatureFiles
from cpt_pipeline.corpus.dedup.survey import (
    SIGNATURES,
    Survey,
    SurveyDocuments,
    read_ids,
    read_leaks,
    read_survey,
    task_ranges,
)
from cpt_pipeline.corpus.dedup.texts import TextsByNumber
from cpt_pipeline.corpus.dedup.thresholds import Kept, kept_by_threshold, pick_threshold
from cpt_pipeline.corpus.dedup.topics import find_topics
from cpt_pipeline.corpus.dedup.verdicts import Verdicts, decide, first_alike
from cpt_pipeline.corpus.dedup.verify import compare_texts, settle
from cpt_pipeline.corpus.engine import Tasks
from cpt_pipeline.corpus.engine_params import EngineParams
from cpt_pipeline.corpus.hash_files import FirstDocuments, write_pairs
from cpt_pipeline.corpus.sieve import Sieve
from cpt_pipeline.corpus.steps import (
    NUMBER,
    DocumentStep,
    Plan,
    ReadDocuments,
    WriteDocuments,
    count,
    exclude,
    gather,
    gather_counts,
    is_excluded,
    plan_tasks,
)
from cpt_pipeline.formats.benchmarks import BenchmarkItem, read_items

logger = logging.getLogger(__name__)

VERDICTS = ".verdicts.parquet"
"""Suffix of a task's file of verdicts, beside its survey."""
_PARENT = "parent number"
_COPIES_AT_ONCE = 1 << 20
_EXAMPLES = 5


def dedup_documents(
    clean_documents: Path,
    benchmark_texts: Path,
    out: Path,
    params: DedupParams,
    channels: ChannelsParams,
    run: EngineParams,
) -> DedupReport:
    """Write `unique_documents`, `heldout_documents`, `dedup_excluded` and `corpus_index` below `out`.

    Documents stay in the order of the input. A document that leaks a benchmark item takes no part in clusters.
    `NothingLeftError` when a channel is left without training or without held-out text. Unfinished tasks are kept
    beside `out`.
    """
    lists = read_lists(params.coverage)  # what is wrong with them is said before the work
    scratch = out.parent / "tasks"
    plan = plan_tasks(clean_documents, run.task_megabytes << 20)
    settings = {
        "documents": read_manifest(clean_documents)["files"],
        "items": read_manifest(benchmark_texts)["files"],
        "earlier": None if params.earlier_index is None else content_hash(params.earlier_index),
        "dedup": params.model_dump(mode="json"),
        "terms": [digest_file(path) for path in params.coverage.terms.values()],
        "channels": channels.model_dump(mode="json"),
    }
    surveyed = Tasks(scratch, "survey", plan, settings)
    surveyed.run([ReadDocuments(clean_documents, surveyed), SurveyDocuments(surveyed, benchmark_texts, params)], run)
    survey = read_survey(surveyed)
    pairs = _find_pairs(clean_documents, surveyed, survey, params)
    curve = _curve(pairs, survey, surveyed, params)
    threshold = _threshold(curve, params)
    labels = clusters(read_pairs(pairs), survey.num_documents, pairs.with_name("labels.npy"), min_similarity=threshold)
    earlier = _find_earlier(surveyed, survey, params)
    found = decide(survey, np.asarray(labels), np.array([bool(each) for each in earlier], np.bool_), params)
    write_verdicts(surveyed, survey, found, earlier)
    passages = _find_passages(clean_documents, surveyed, plan, settings, run) if params.passages.enabled else None
    judged = Tasks(scratch, "dedup", plan, settings)
    steps = [ReadDocuments(clean_documents, judged), ApplyVerdicts(judged, surveyed)]
    items = read_items(benchmark_texts)
    general = general_texts(clean_documents, survey, found, channels, params.coverage.sample_documents)
    wanted = Wanted(lists, find_topics(items, general, params.coverage.max_terms) if params.coverage.topics else [])
    counting = CountTerms(judged, wanted.write(judged.folder / "wanted.json")) if wanted.terms() else None
    judged.run([*steps, *(step for step in (passages, counting) if step), WriteDocuments(judged)], run)
    with Sieve(out, kept=("unique_documents", "heldout_documents"), excluded="dedup_excluded") as sieve:
        judged_rows = zip(gather(judged), found.kinds == kinds.HELDOUT, strict=True)
        for row, is_heldout in follow_parents(judged_rows):
            if row["reason"] is not None:
                sieve.exclude(row, row["reason"], row["detail"])
            else:
                sieve.keep(row, "heldout_documents" if is_heldout else "unique_documents")
        raise_all(NothingLeftError, "dedup cannot split what there is:", _missing(sieve, survey))
    indexed = np.flatnonzero(np.isin(found.kinds, (kinds.KEPT, kinds.HELDOUT)) & ~survey.synthetic)
    _write_index(out / "corpus_index", surveyed, indexed, params)
    benchmarks = _report_benchmarks(items, surveyed, params)
    coverage = report_coverage(wanted, judged, params.coverage, channels) if counting else CoverageReport()
    report = _report(sieve, found, gather_counts(judged), benchmarks, curve, threshold, coverage)
    logger.info("dedup: %d training and %d held-out documents", report.documents, report.heldout_documents)
    return report


class ApplyVerdicts(PipelineStep):  # type: ignore[misc]
    """Exclude what was judged to be a copy or a leak, and mark what is held out."""

    name = "apply verdicts"
    type = "cpt"

    def __init__(self, tasks: Tasks, verdicts: Tasks) -> None:
        super().__init__()
        self._tasks, self._verdicts = tasks, verdicts

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Read the verdicts of a task beside its documents."""
        found = pq.read_table(self._verdicts.file(rank, VERDICTS))
        columns = (found[name].to_pylist() for name in ("kind", "detail", "parent"))
        for document, kind, detail, parent in zip(data, *columns, strict=True):
            document.metadata[kinds.HELD_OUT] = kind == kinds.HELDOUT
            document.metadata[_PARENT] = parent
            if kind in kinds.REASONS:
                exclude(document, kinds.REASONS[kind], detail)
            yield document


def write_verdicts(surveyed: Tasks, survey: Survey, found: Verdicts, earlier: list[str]) -> None:
    """Write the kinds and details of each task's documents beside its survey, and whom they were made from."""
    leaks, parents = read_leaks(surveyed), parent_numbers(survey.synthetic)
    for ranks in _with_few_copies(task_ranges(surveyed), found):
        numbers = np.arange(ranks[0][1], ranks[-1][2])
        copies = numbers[np.isin(found.kinds[numbers], kinds.COPIES)]
        ids = read_ids(surveyed, found.survivors[copies])
        for rank, first, last in ranks:
            details: list[str | None] = []
            for number, kind in enumerate(found.kinds[first:last].tolist(), start=first):
                if kind == kinds.BENCHMARK:
                    first_leak, *others = next(leaks)
                    more = f" (and {len(others)} more items)" if others else ""
                    details.append(f"{first_leak['benchmark']}/{first_leak['item']}: {first_leak['text']}{more}")
                elif kind == kinds.NEAR_EARLIER:
                    details.append(earlier[number] or "a copy of such a document")
                else:
                    details.append(ids.get(int(found.survivors[number])) if kind in kinds.COPIES else None)
            columns = {"kind": found.kinds[first:last], "detail": pa.array(details, pa.string())}
            pq.write_table(pa.table({**columns, "parent": parents[first:last]}), surveyed.file(rank, VERDICTS))


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


class HashPassages(PipelineStep):  # type: ignore[misc]
    """Write the passages of a task's documents by hash; gives nothing."""

    name = "hash passages"
    type = "cpt"

    def __init__(self, tasks: Tasks, params: PassagesParams) -> None:
        super().__init__()
        self._tasks, self._params = tasks, params

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Held-out documents come before all others, so what they hold is removed from training text."""
        hashes, documents = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
        for document in data:
            if not is_excluded(document) and document.metadata[_PARENT] == document.metadata[NUMBER]:
                found = find_passages(document.text, self._params).hashes
                hashes.append(found)
                documents.append(np.full(found.size, _rank(document), np.uint64))
        write_pairs(self._tasks.file(rank, ".npy"), np.concatenate(hashes), np.concatenate(documents))
        yield from ()


class RemovePassages(DocumentStep):
    """Remove what an earlier document holds, or a held-out one; held-out documents are left as they are."""

    name = "remove passages"

    def __init__(self, table: Path, params: PassagesParams) -> None:
        super().__init__()
        self._table, self._params = table, params
        self._first: FirstDocuments | None = None

    def apply(self, document: Document) -> None:
        """Exclude what keeps too little of itself."""
        if document.metadata[kinds.HELD_OUT]:
            return
        self._first = self._first or FirstDocuments(self._table)
        before = document.text
        left, held = remove_passages(before, _rank(document), self._first, self._params)
        if not held:
            return
        if len(left) < self._params.min_left_share * len(before):
            exclude(document, "repeated_passages", f"{len(left)} of {len(before)} characters stand nowhere else")
            return
        document.text = left
        count(document, "passages/documents")
        count(document, "passages/units", sum(held.values()))
        count(document, "passages/characters", len(before) - len(left))


def _rank(document: Document) -> int:
    """Give the place of a document among those that may keep a passage: of a made one that of its parent."""
    number: int = document.metadata[_PARENT]
    return number if document.metadata[kinds.HELD_OUT] else number + (1 << 40)


def _find_pairs(clean_documents: Path, surveyed: Tasks, survey: Survey, params: DedupParams) -> Path:
    """Find the pairs of near copies, the doubtful ones decided by their texts."""
    work = surveyed.folder / "pairs"
    alone = survey.leaks | survey.synthetic
    first = first_alike(survey.exact, alone)
    skip = alone | (first != np.arange(survey.num_documents))
    files = surveyed.files(SIGNATURES)
    lowest = min([params.minhash.min_similarity, *params.curve_thresholds])
    found = find_pairs(files, params.minhash, work, skip=skip, lowest=lowest, doubtful=True)
    texts = TextsByNumber(clean_documents)
    verify = compare_texts(lambda number: fold(texts[number]), params.minhash)
    settled = settle(found, survey.num_documents, params.minhash, verify, work)
    copies = np.flatnonzero(first != np.arange(survey.num_documents))
    with PairWriter(work / "all.parquet") as writer:
        for batch in (*read_pairs(settled), Pairs(first[copies], copies, np.ones(copies.size, np.float32))):
            writer.write(batch)
    return work / "all.parquet"


def _find_earlier(surveyed: Tasks, survey: Survey, params: DedupParams) -> list[str]:
    """Give for each document the id and similarity of the one of an earlier round that it copies; "" for none."""
    signatures = SignatureFiles(surveyed.files(SIGNATURES), params.minhash)
    if params.earlier_index is None:
        return [""] * len(signatures)
    index = NearCopyIndex(params.earlier_index, params.minhash)
    found = match(signatures, index)
    ids = index.ids(found.old[found.old >= 0].tolist())
    return [
        f"{ids[old]} ({similarity:.2f})" if old >= 0 and not made else ""
        for old, similarity, made in zip(
            found.old.tolist(), found.similarity.tolist(), survey.synthetic.tolist(), strict=True
        )
    ]


def _find_passages(
    clean_documents: Path, surveyed: Tasks, plan: list[Plan], settings: dict[str, Any], run: EngineParams
) -> RemovePassages:
    params = PassagesParams.model_validate(settings["dedup"]["passages"])
    tasks = Tasks(surveyed.folder.parent, "passages", plan, settings)
    verdicts = ApplyVerdicts(tasks, surveyed)
    tasks.run([ReadDocuments(clean_documents, tasks), verdicts, HashPassages(tasks, params)], run)
    table = tasks.folder / "first.npy"
    FirstDocuments.build(tasks.files(".npy"), table)
    return RemovePassages(table, params)


def _missing(sieve: Sieve, survey: Survey) -> Iterator[str]:
    if not survey.num_documents:
        yield "clean_documents holds no document at all"
    for name, kind in {"unique_documents": "training", "heldout_documents": "held-out"}.items():
        for channel in sorted(set(survey.channels) - set(sieve.amounts(name))):
            reasons = dict(sieve.reasons_by_channel[channel].most_common())
            yield (
                f"channel {channel} has no {kind} document (excluded: {reasons or 'none'}). Give it more text, or "
                "change dedup.heldout_max_characters or dedup.leaks"
            )


def _write_index(out: Path, surveyed: Tasks, kept: npt.NDArray[np.int64], params: DedupParams) -> None:
    write_index(out, _index_parts(surveyed, kept, params), params.minhash, previous=params.earlier_index)


def _index_parts(
    surveyed: Tasks, kept: npt.NDArray[np.int64], params: DedupParams
) -> Iterator[tuple[list[str], Signatures]]:
    signatures = SignatureFiles(surveyed.files(SIGNATURES), params.minhash)
    for start in range(0, kept.size, 1 << 18):
        numbers = kept[start : start + (1 << 18)]
        ids = read_ids(surveyed, numbers)
        yield [ids[number] for number in numbers.tolist()], signatures.take(numbers)


def _curve(pairs: Path, survey: Survey, surveyed: Tasks, params: DedupParams) -> list[Kept]:
    """Say what each threshold would keep of real text; documents that leak benchmark items are kept by none."""
    left_out = survey.leaks | survey.synthetic
    characters = np.where(left_out, 0, survey.characters)
    thresholds = sorted({*params.curve_thresholds, params.minhash.min_similarity})
    curve = kept_by_threshold(pairs, characters, thresholds, surveyed.folder / "pairs")
    num_left_out = int(left_out.sum())
    return [kept._replace(documents=kept.documents - num_left_out) for kept in curve]


def _threshold(curve: list[Kept], params: DedupParams) -> float:
    if params.target_characters is None:
        return params.minhash.min_similarity
    return pick_threshold(curve, params.target_characters)


def _report_benchmarks(items: list[BenchmarkItem], surveyed: Tasks, params: DedupParams) -> dict[str, BenchmarkReport]:
    unguarded = BenchmarkIndex(items, params.leaks).unguarded
    sizes = Counter(item.benchmark for item in items)
    documents: Counter[str] = Counter()
    found: dict[str, dict[str, str]] = {name: {} for name in sizes}
    for leaks in read_leaks(surveyed):
        documents.update({leak["benchmark"] for leak in leaks})
        for leak in leaks:
            found[leak["benchmark"]].setdefault(leak["item"], leak["text"])
    return {
        name: BenchmarkReport(
            items=sizes[name],
            unguarded_items=unguarded.get(name, 0),
            found_items=len(found[name]),
            documents=documents[name],
            examples=dict(sorted(found[name].items())[:_EXAMPLES]),
        )
        for name in sorted(sizes)
    }


def _report(
    sieve: Sieve,
    found: Verdicts,
    counts: Counter[str],
    benchmarks: dict[str, BenchmarkReport],
    curve: list[Kept],
    threshold: float,
    coverage: CoverageReport,
) -> DedupReport:
    unique = sieve.total("unique_documents")
    by_channel = sorted(sieve.reasons_by_channel.items())
    return DedupReport(
        records_in=sieve.num_records,
        documents=unique.documents,
        bytes=unique.bytes,
        heldout_documents=sieve.total("heldout_documents").documents,
        excluded=sieve.excluded(),
        excluded_by_channel={channel: dict(sorted(reasons.items())) for channel, reasons in by_channel},
        channels=sieve.amounts("unique_documents"),
        heldout_channels=sieve.amounts("heldout_documents"),
        clusters=found.num_clusters,
        largest_cluster=found.largest_cluster,
        passages=PassagesReport(
            documents=counts["passages/documents"],
            units=counts["passages/units"],
            characters=counts["passages/characters"],
        ),
        min_similarity=threshold,
        curve=tuple(
            CurvePoint(min_similarity=kept.threshold, documents=kept.documents, characters=kept.characters)
            for kept in curve
        ),
        benchmarks=benchmarks,
        coverage=coverage,
    )
