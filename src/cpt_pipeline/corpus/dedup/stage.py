"""Dedup: one document of each cluster of near copies, none that holds a benchmark item, and the held-out split.

Three passes, each divided among workers: every document is surveyed (signature, leaks), copies are judged on what the
survey found, and then the texts are read again to be kept, excluded, or freed of passages that others hold. Copies by
meaning take a pass of their own, when they are asked for.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cpt_pipeline.core.artifact import content_hash, read_manifest, remove_unfinished, unfinished
from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.inputs import digest_inputs
from cpt_pipeline.core.verification import verify_artifact
from cpt_pipeline.corpus.dedup import verdicts as kinds
from cpt_pipeline.corpus.dedup.decontamination.leaks import BenchmarkIndex
from cpt_pipeline.corpus.dedup.decontamination.verdicts import judge_leaks
from cpt_pipeline.corpus.dedup.gathering import gather_documents, report_benchmarks
from cpt_pipeline.corpus.dedup.heldout import count_families
from cpt_pipeline.corpus.dedup.near.candidates import find_pairs
from cpt_pipeline.corpus.dedup.near.clusters import clusters
from cpt_pipeline.corpus.dedup.near.index import NearCopyIndex, match, write_index
from cpt_pipeline.corpus.dedup.near.minhash import Signatures
from cpt_pipeline.corpus.dedup.near.pairs import Pairs, PairWriter, read_pairs
from cpt_pipeline.corpus.dedup.near.signatures import SignatureFiles
from cpt_pipeline.corpus.dedup.near.thresholds import Kept, kept_by_threshold, pick_threshold
from cpt_pipeline.corpus.dedup.near.verify import compare_texts, settle
from cpt_pipeline.corpus.dedup.params import CurvePoint, DedupParams, DedupReport, DedupRunParams
from cpt_pipeline.corpus.dedup.passages.steps import HashPassages, RemovePassages
from cpt_pipeline.corpus.dedup.semantic.params import SemanticReport
from cpt_pipeline.corpus.dedup.semantic.semantic import find_semantic_copies, identify_models
from cpt_pipeline.corpus.dedup.statistics.coverage import CountTerms, Wanted, general_texts, read_lists, report_coverage
from cpt_pipeline.corpus.dedup.statistics.coverage_params import CoverageReport
from cpt_pipeline.corpus.dedup.statistics.topics import find_topics
from cpt_pipeline.corpus.dedup.survey import SIGNATURES, SKETCHES, Survey, SurveyDocuments, read_ids, read_survey
from cpt_pipeline.corpus.dedup.texts import TextsByNumber
from cpt_pipeline.corpus.dedup.verdict_files import ApplyVerdicts, write_verdicts
from cpt_pipeline.corpus.dedup.verdicts import Verdicts, decide, first_alike, free_documents
from cpt_pipeline.corpus.engine.hash_files import FirstDocuments
from cpt_pipeline.corpus.engine.steps import ReadDocuments, WriteDocuments, plan_tasks
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.formats.benchmarks import read_items
from cpt_pipeline.text.folding import fold

logger = logging.getLogger(__name__)


def dedup_documents(
    clean_documents: Path,
    benchmark_texts: Path,
    out: Path,
    params: DedupParams,
    channels: ChannelsParams,
    run: DedupRunParams,
) -> DedupReport:
    """Write `unique_documents`, `heldout_documents`, `dedup_excluded` and `corpus_index` below `out`.

    Documents stay in the order of the input. One that holds a benchmark item loses the passage; one that would keep
    too little without is excluded, and takes no part in clusters.
    `NothingLeftError` when a channel is left without training or without held-out text. Before any work:
    `ParameterError` for lists of terms, `ModelNotFoundError` for encoders, `ArtifactError` for an index of an earlier
    round that is damaged or was made with other parameters. Unfinished tasks are kept beside `out`.
    """
    if params.earlier_index is not None:
        verify_artifact(params.earlier_index)
        NearCopyIndex(params.earlier_index, params.minhash)  # refuses one of other parameters
    lists = read_lists(params.coverage)
    passes = _Passes(clean_documents, benchmark_texts, out.parent / "tasks", params, channels, run)
    surveyed = passes.tasks("survey")
    surveyed.run([ReadDocuments(clean_documents, surveyed), SurveyDocuments(surveyed, benchmark_texts, params)], run)
    items = read_items(benchmark_texts)
    index = BenchmarkIndex(items, params.leaks)
    judge_leaks(surveyed, index, params.leaks)
    survey = read_survey(surveyed)
    pairs = _find_pairs(clean_documents, surveyed, survey, params)
    curve = _curve(pairs, survey, params)
    threshold = params.minhash.min_similarity
    if params.target_characters is not None:
        threshold = pick_threshold(curve, params.target_characters)
    labels = clusters(read_pairs(pairs), survey.num_documents, pairs.with_name("labels.npy"), min_similarity=threshold)
    earlier = _find_earlier(surveyed, survey, params)
    found, semantic = passes.judge(surveyed, survey, np.asarray(labels), earlier)
    write_verdicts(surveyed, survey, found, earlier)
    general = general_texts(clean_documents, survey, found, channels, params.coverage.sample_documents)
    wanted = Wanted(lists, find_topics(items, general, params.coverage.max_terms) if params.coverage.topics else [])
    judged = passes.tasks("dedup", found)
    counting = CountTerms(judged, wanted.write(judged.folder / "wanted.json")) if wanted.terms() else None
    changing = [step for step in (passes.remove_passages(surveyed, found), counting) if step]
    reading = [ReadDocuments(clean_documents, judged), ApplyVerdicts(judged, surveyed)]
    judged.run([*reading, *changing, WriteDocuments(judged)], run)
    stated = {
        "min_similarity": threshold,
        "curve": [CurvePoint(min_similarity=at, documents=documents, characters=size) for at, documents, size in curve],
        "semantic": semantic,
        "works": count_families(survey, found.families, found.drawable & (found.kinds != kinds.HELDOUT)),
        "heldout_works": count_families(survey, found.families, found.kinds == kinds.HELDOUT),
        "benchmarks": report_benchmarks(index, surveyed, found),
        "coverage": report_coverage(wanted, judged, params.coverage, channels) if counting else CoverageReport(),
    }
    report = gather_documents(judged, found, survey, out, params, run, stated)
    _write_index(out / "corpus_index", surveyed, found, survey, params)
    logger.info("dedup: %d training and %d held-out documents", report.documents, report.heldout_documents)
    return report


class _Passes:
    """Makes the tasks of all passes over the same documents."""

    def __init__(
        self,
        clean_documents: Path,
        benchmark_texts: Path,
        scratch: Path,
        params: DedupParams,
        channels: ChannelsParams,
        run: DedupRunParams,
    ) -> None:
        self._documents, self._scratch, self._params, self._run = clean_documents, scratch, params, run
        self._plan = plan_tasks(clean_documents, run.task_megabytes << 20)
        self._settings: dict[str, Any] = {
            "documents": read_manifest(clean_documents)["files"],
            "items": read_manifest(benchmark_texts)["files"],
            "earlier": None if params.earlier_index is None else content_hash(params.earlier_index),
            "dedup": params.model_dump(mode="json"),
            "terms": digest_inputs(params.coverage),
            "channels": channels.model_dump(mode="json"),
            "models": identify_models(params),
        }

    def tasks(self, name: str, found: Verdicts | None = None) -> Tasks:
        """Divide the documents; the folder is named after all that decides what a task gives.

        With `found` that are the verdicts too: of copies by meaning another machine may round otherwise.
        """
        judged = {} if found is None else {"verdicts": found.digest()}
        return Tasks(self._scratch, name, self._plan, {**self._settings, **judged})

    def judge(
        self, surveyed: Tasks, survey: Survey, labels: npt.NDArray[np.int64], earlier: list[str]
    ) -> tuple[Verdicts, SemanticReport | None]:
        """Judge every document, with copies by meaning when they are asked for."""
        old = np.array([bool(each) for each in earlier], np.bool_)
        sketches = surveyed.files(SKETCHES)
        if not self._params.semantic.enabled:
            return decide(survey, labels, old, self._params, sketches=sketches), None
        compared = free_documents(survey, labels, old)
        run = (self._run, self._run.encoder)
        copies = find_semantic_copies(self._documents, surveyed, survey, compared, self._plan, self._settings, run)
        return copies.settle(decide(survey, labels, old, self._params, copies.survivors, sketches))

    def remove_passages(self, surveyed: Tasks, found: Verdicts) -> RemovePassages | None:
        """Find which document holds each passage first, in a pass of its own."""
        params = self._params.passages
        if not params.enabled:
            return None
        tasks = self.tasks("passages", found)
        reading = [ReadDocuments(self._documents, tasks), ApplyVerdicts(tasks, surveyed)]
        tasks.run([*reading, HashPassages(tasks, params)], self._run)
        remove_unfinished(tasks.folder / "first.npy")
        table = unfinished(tasks.folder / "first.npy")
        FirstDocuments.build(tasks.files(".npy"), table)
        return RemovePassages(table, params)


def _find_pairs(clean_documents: Path, surveyed: Tasks, survey: Survey, params: DedupParams) -> Path:
    """Find the pairs of near copies, the doubtful ones decided by their texts."""
    remove_unfinished(surveyed.folder / "pairs")
    work = unfinished(surveyed.folder / "pairs")  # two runs of one stage do each other no harm
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


def _write_index(out: Path, surveyed: Tasks, found: Verdicts, survey: Survey, params: DedupParams) -> None:
    """Write the signatures and ids of what was kept or held out, for later rounds."""
    kept = np.flatnonzero(np.isin(found.kinds, (kinds.KEPT, kinds.HELDOUT)) & ~survey.synthetic)
    signatures = SignatureFiles(surveyed.files(SIGNATURES), params.minhash)

    def part(numbers: npt.NDArray[np.int64]) -> tuple[list[str], Signatures]:
        ids = read_ids(surveyed, numbers)
        return [ids[number] for number in numbers.tolist()], signatures.take(numbers)

    parts = (part(kept[start : start + (1 << 18)]) for start in range(0, kept.size, 1 << 18))
    write_index(out, parts, params.minhash, previous=params.earlier_index)


def _curve(pairs: Path, survey: Survey, params: DedupParams) -> list[Kept]:
    """Say what each threshold would keep of real text; documents that leak benchmark items are kept by none."""
    left_out = survey.leaks | survey.synthetic
    characters = np.where(left_out, 0, survey.characters)
    thresholds = sorted({*params.curve_thresholds, params.minhash.min_similarity})
    curve = kept_by_threshold(pairs, characters, thresholds, pairs.parent)
    num_left_out = int(left_out.sum())
    return [kept._replace(documents=kept.documents - num_left_out) for kept in curve]
