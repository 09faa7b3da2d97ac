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
import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import content_hash, read_manifest
from cpt_pipeline.core.errors import NothingLeftError, raise_all
from cpt_pipeline.corpus.dedup import verdicts as kinds
from cpt_pipeline.corpus.dedup.candidates import find_pairs
from cpt_pipeline.corpus.dedup.clusters import clusters
from cpt_pipeline.corpus.dedup.diversity import DiversitySample
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
from cpt_pipeline.corpus.dedup.passage_steps import HELDOUT, HashPassages, RemovePassages
from cpt_pipeline.corpus.dedup.passages import PassagesParams
from cpt_pipeline.corpus.dedup.semantic import find_semantic_copies, identify_models
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
from cpt_pipeline.corpus.dedup.verdicts import Verdicts, decide, first_alike, free_documents
from cpt_pipeline.corpus.dedup.verify import compare_texts, settle
from cpt_pipeline.corpus.embeddings.params import EncoderRunParams
from cpt_pipeline.corpus.engine import Tasks
from cpt_pipeline.corpus.engine_params import EngineParams
from cpt_pipeline.corpus.hash_files import FirstDocuments
from cpt_pipeline.corpus.sieve import Sieve
from cpt_pipeline.corpus.steps import (
    Plan,
    ReadDocuments,
    WriteDocuments,
    exclude,
    gather,
    gather_counts,
    plan_tasks,
)
from cpt_pipeline.formats.benchmarks import BenchmarkItem, read_items

logger = logging.getLogger(__name__)

VERDICTS = ".verdicts.parquet"
"""Suffix of a task's file of verdicts, beside its survey."""
_COPIES_AT_ONCE = 1 << 20
_EXAMPLES = 5
_ON_THE_CPU = EncoderRunParams()


def dedup_documents(
    clean_documents: Path,
    benchmark_texts: Path,
    out: Path,
    params: DedupParams,
    run: EngineParams,
    encoder: EncoderRunParams = _ON_THE_CPU,
) -> DedupReport:
    """Write `unique_documents`, `heldout_documents`, `dedup_excluded` and `corpus_index` below `out`.

    Documents stay in the order of the input. A document that leaks a benchmark item takes no part in clusters.
    `NothingLeftError` when a channel is left without training or without held-out text; `ModelNotFoundError`, before
    any work, when an encoder is not there. Unfinished tasks are kept beside `out`.
    """
    scratch = out.parent / "tasks"
    plan = plan_tasks(clean_documents, run.task_megabytes << 20)
    settings = {
        "documents": read_manifest(clean_documents)["files"],
        "items": read_manifest(benchmark_texts)["files"],
        "earlier": None if params.earlier_index is None else content_hash(params.earlier_index),
        "dedup": params.model_dump(mode="json"),
        "models": identify_models(params),
    }
    surveyed = Tasks(scratch, "survey", plan, settings)
    surveyed.run([ReadDocuments(clean_documents, surveyed), SurveyDocuments(surveyed, benchmark_texts, params)], run)
    survey = read_survey(surveyed)
    pairs = _find_pairs(clean_documents, surveyed, survey, params)
    curve = _curve(pairs, survey, surveyed, params)
    threshold = _threshold(curve, params)
    labels = clusters(read_pairs(pairs), survey.num_documents, pairs.with_name("labels.npy"), min_similarity=threshold)
    earlier = _find_earlier(surveyed, params)
    known = (survey, np.asarray(labels), np.array([bool(each) for each in earlier], np.bool_))
    if params.semantic.enabled:
        compared = free_documents(*known)
        copies = find_semantic_copies(clean_documents, surveyed, survey, compared, plan, settings, (run, encoder))
        found, semantic = copies.settle(decide(*known, params, copies.survivors))
    else:
        found, semantic = decide(*known, params), None
    write_verdicts(surveyed, found, earlier)
    passages = _find_passages(clean_documents, surveyed, plan, settings, run) if params.passages.enabled else None
    judged = Tasks(scratch, "dedup", plan, settings)
    steps = [ReadDocuments(clean_documents, judged), ApplyVerdicts(judged, surveyed)]
    judged.run([*steps, *([passages] if passages else []), WriteDocuments(judged)], run)
    sample = DiversitySample(params.diversity)
    with Sieve(out, kept=("unique_documents", "heldout_documents"), excluded="dedup_excluded") as sieve:
        for number, row in enumerate(gather(judged)):
            if row["reason"] is not None:
                sieve.exclude(row, row["reason"], row["detail"])
            elif found.kinds[number] == kinds.HELDOUT:
                sieve.keep(row, "heldout_documents")
            else:
                sieve.keep(row, "unique_documents")
                sample.add(row)
        raise_all(NothingLeftError, "dedup cannot split what there is:", _missing(sieve, survey))
    _write_index(out / "corpus_index", surveyed, found, params)
    benchmarks = _report_benchmarks(read_items(benchmark_texts), surveyed, params)
    report = _report(sieve, found, gather_counts(judged), benchmarks, curve, threshold)
    report = report.model_copy(update={"semantic": semantic, "diversity": sample.measure(encoder)})
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
        for document, kind, detail in zip(data, found["kind"].to_pylist(), found["detail"].to_pylist(), strict=True):
            document.metadata[HELDOUT] = kind == kinds.HELDOUT
            if kind in kinds.REASONS:
                exclude(document, kinds.REASONS[kind], detail)
            yield document


def write_verdicts(surveyed: Tasks, found: Verdicts, earlier: list[str]) -> None:
    """Write the kinds and details of each task's documents beside its survey."""
    leaks = read_leaks(surveyed)
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
                elif kind == kinds.SEMANTIC and found.cosines is not None:
                    details.append(f"{ids[int(found.survivors[number])]} ({found.cosines[number]:.3f})")
                else:
                    details.append(ids.get(int(found.survivors[number])) if kind in kinds.COPIES else None)
            table = pa.table({"kind": found.kinds[first:last], "detail": pa.array(details, pa.string())})
            pq.write_table(table, surveyed.file(rank, VERDICTS))


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


def _find_pairs(clean_documents: Path, surveyed: Tasks, survey: Survey, params: DedupParams) -> Path:
    """Find the pairs of near copies, the doubtful ones decided by their texts."""
    work = surveyed.folder / "pairs"
    first = first_alike(survey.exact, survey.leaks)
    skip = survey.leaks | (first != np.arange(survey.num_documents))
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


def _find_earlier(surveyed: Tasks, params: DedupParams) -> list[str]:
    """Give for each document the id and similarity of the one of an earlier round that it copies; "" for none."""
    signatures = SignatureFiles(surveyed.files(SIGNATURES), params.minhash)
    if params.earlier_index is None:
        return [""] * len(signatures)
    index = NearCopyIndex(params.earlier_index, params.minhash)
    found = match(signatures, index)
    ids = index.ids(found.old[found.old >= 0].tolist())
    return [
        f"{ids[old]} ({similarity:.2f})" if old >= 0 else ""
        for old, similarity in zip(found.old.tolist(), found.similarity.tolist(), strict=True)
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


def _write_index(out: Path, surveyed: Tasks, found: Verdicts, params: DedupParams) -> None:
    write_index(out, _index_parts(surveyed, found, params), params.minhash, previous=params.earlier_index)


def _index_parts(surveyed: Tasks, found: Verdicts, params: DedupParams) -> Iterator[tuple[list[str], Signatures]]:
    signatures = SignatureFiles(surveyed.files(SIGNATURES), params.minhash)
    kept = np.flatnonzero((found.kinds == kinds.KEPT) | (found.kinds == kinds.HELDOUT))
    for start in range(0, kept.size, 1 << 18):
        numbers = kept[start : start + (1 << 18)]
        ids = read_ids(surveyed, numbers)
        yield [ids[number] for number in numbers.tolist()], signatures.take(numbers)


def _curve(pairs: Path, survey: Survey, surveyed: Tasks, params: DedupParams) -> list[Kept]:
    """Say what each threshold would keep; documents that leak benchmark items are kept by none."""
    characters = np.where(survey.leaks, 0, survey.characters)
    thresholds = sorted({*params.curve_thresholds, params.minhash.min_similarity})
    curve = kept_by_threshold(pairs, characters, thresholds, surveyed.folder / "pairs")
    num_leaks = int(survey.leaks.sum())
    return [kept._replace(documents=kept.documents - num_leaks) for kept in curve]


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
        semantic=None,
        diversity=None,
    )
