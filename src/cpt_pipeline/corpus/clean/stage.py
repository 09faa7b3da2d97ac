"""Clean: every document is normalised, freed of noise and personal data, judged by rules, and graded if it stays.

A rule is a number measured on the text and a limit on it; each exclusion names its rule, the number and the limit. A
limit that excludes nothing leaves the documents byte-equal.
"""

from __future__ import annotations

import json
import logging
import math
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import content_hash, digest_file, read_manifest
from cpt_pipeline.core.errors import NothingLeftError, raise_all
from cpt_pipeline.corpus.clean.blocked_words import BlockedWords
from cpt_pipeline.corpus.clean.classifiers import Classifiers, train_classifiers
from cpt_pipeline.corpus.clean.classify import ClassifiedTally
from cpt_pipeline.corpus.clean.params import CleanParams, CleanReport, PhraseReport, SurrogateReport
from cpt_pipeline.corpus.clean.personal_data import check_patterns
from cpt_pipeline.corpus.clean.phrases import Frequent, PhrasesParams
from cpt_pipeline.corpus.clean.steps import (
    SURROGATES,
    DropBlockedWords,
    JudgeText,
    MinePhrases,
    NameKind,
    NameLanguage,
    Normalise,
    RemoveNoise,
    RemovePhrases,
    ReplacePersonalData,
)
from cpt_pipeline.corpus.engine import Tasks
from cpt_pipeline.corpus.engine_params import EngineParams
from cpt_pipeline.corpus.sieve import Row, Sieve
from cpt_pipeline.corpus.steps import ReadDocuments, WriteDocuments, gather, gather_counts, plan_tasks

logger = logging.getLogger(__name__)

_LENGTHS, _QUALITIES = 24, 20


def clean_documents(raw_documents: Path, out: Path, params: CleanParams, run: EngineParams) -> CleanReport:
    """Write `clean_documents` and `clean_excluded` below `out`, both in the order of the input.

    `NothingLeftError` when a channel loses all of its documents, with the reasons. Unfinished tasks are kept beside
    `out`.
    """
    BlockedWords.load(params.blocked_words)  # what is wrong with the lists is said before the work
    classifiers = train_classifiers(raw_documents, out.parent / "tasks", params, run, _prepare)
    plan = plan_tasks(raw_documents, run.task_megabytes << 20)
    settings = {
        "input": read_manifest(raw_documents)["files"],
        "clean": params.model_dump(mode="json"),
        "lists": [digest_file(path) for path in _lists(params)],
        "examples": content_hash(params.classify.examples) if params.classify.examples else None,
    }
    tasks = Tasks(out.parent / "tasks", "clean", plan, settings)
    mined = _mine_phrases(raw_documents, out, params, run) if params.phrases.enabled else None
    tasks.run(
        [
            *_prepare(raw_documents, tasks, params),
            *([RemovePhrases(tasks, params.phrases, *mined)] if mined else []),
            *classifiers.steps(tasks),
            NameLanguage(params.language),
            DropBlockedWords(params.blocked_words),
            ReplacePersonalData(params.personal_data),
            JudgeText(params.rules),
            WriteDocuments(tasks),
        ],
        run,
    )
    report = _gather(tasks, out, params, mined[1] if mined else {}, classifiers)
    logger.info("clean: %d documents, %d excluded", report.documents, sum(report.excluded.values()))
    return report


def _lists(params: CleanParams) -> list[Path]:
    """Name the files of the user that decide what comes out."""
    listed = params.blocked_words.lists.values()
    allowed = [each.allow_file for each in listed if each.allow_file is not None]
    labels = [] if params.categories.labels is None else [params.categories.labels]
    return [*params.noise.advert_files, *(each.file for each in listed), *allowed, *labels]


def _prepare(raw_documents: Path, tasks: Tasks, params: CleanParams) -> list[PipelineStep]:
    """Give the steps that both passes begin with, so that phrases are mined on the text they are removed from."""
    return [
        ReadDocuments(raw_documents, tasks),
        NameKind(params.strong_formats),
        Normalise(params.normalise),
        RemoveNoise(params.noise),
    ]


def _mine_phrases(
    raw_documents: Path, out: Path, params: CleanParams, run: EngineParams
) -> tuple[Path, dict[str, int]]:
    """Count n-grams over the corpus, or a sample of it; give the table and how many documents of a source were read."""
    manifest = read_manifest(raw_documents)
    share = min(1.0, (params.phrases.mined_megabytes << 20) / max(manifest["text_bytes"], 1))
    sources = sorted(_sources(raw_documents))
    changing = params.model_dump(mode="json", include={"strong_formats", "normalise", "noise", "phrases"})
    plan = plan_tasks(raw_documents, run.task_megabytes << 20)
    tasks = Tasks(out.parent / "tasks", "phrases", plan, {"input": manifest["files"], **changing})
    tasks.run([*_prepare(raw_documents, tasks, params), MinePhrases(tasks, params.phrases, sources, share)], run)
    mined = [sum(numbers) for numbers in zip(*map(_read_json, tasks.files(".json")), strict=True)]
    table = tasks.folder / "frequent.npy"
    Frequent.build(tasks.files(".npy"), mined, params.phrases).write(table)
    return table, dict(zip(sources, mined, strict=True))


class _Tally:
    """What is counted of the kept documents while they go by."""

    def __init__(self) -> None:
        self.grades: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0])
        self.lengths: defaultdict[str, list[int]] = defaultdict(lambda: [0] * _LENGTHS)
        self.qualities: defaultdict[str, list[int]] = defaultdict(lambda: [0] * _QUALITIES)
        self.languages: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.categories: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, row: Row) -> None:
        channel, quality = row["channel"], row["quality"]
        self.grades[channel][0] += quality
        self.grades[channel][1] += 1
        self.lengths[channel][min(max(len(row["text"]), 1).bit_length() - 1, _LENGTHS - 1)] += 1
        self.qualities[channel][min(int(quality * _QUALITIES), _QUALITIES - 1)] += 1
        self.languages[channel][row["language"] or "none"] += 1
        self.categories[channel][row["category"] or "none"] += 1


def _gather(
    tasks: Tasks, out: Path, params: CleanParams, num_mined: dict[str, int], classifiers: Classifiers
) -> CleanReport:
    tally, classified, formats = _Tally(), ClassifiedTally(params.classify.sources), Counter[str]()
    cap = params.format_cap
    with Sieve(out, kept=("clean_documents",), excluded="clean_excluded") as sieve:
        for row in gather(tasks):
            if row["reason"] is not None:
                sieve.exclude(row, row["reason"], row["detail"])
                continue
            if cap.max_documents is not None and row["category"] in cap.formats:
                formats[row["category"]] += 1
                if formats[row["category"]] > cap.max_documents:
                    sieve.exclude(row, "format_cap", f"{row['category']}: {cap.max_documents} documents came before")
                    continue
            sieve.keep(row, "clean_documents")
            tally.add(row)
            classified.add(row)
        raise_all(NothingLeftError, "Nothing is left after clean (conf: clean):", _lost_channels(sieve))
    phrases = _list_phrases(tasks, params.phrases, num_mined) if params.phrases.enabled else {}
    counts = gather_counts(tasks)
    patterns = Counter({name: number for name, number in counts.items() if name.startswith(SURROGATES)})
    report = _report(sieve, tally, counts - patterns, phrases, _judge_surrogates(patterns, params))
    channels, categories = classifiers.report(classified, tasks)
    return report.model_copy(update={"classify": channels, "category_classifier": categories})


def _lost_channels(sieve: Sieve) -> list[str]:
    """Say why each channel that came in and did not come out is gone; or that nothing came in."""
    kept = sieve.amounts("clean_documents")
    lost = {channel: reasons for channel, reasons in sieve.reasons_by_channel.items() if channel not in kept}
    found = [f"channel {channel}: {_in_words(reasons)}" for channel, reasons in sorted(lost.items())]
    return found if sieve.num_records else ["raw_documents holds no document at all"]


def _in_words(reasons: Counter[str]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())


def _report(
    sieve: Sieve,
    tally: _Tally,
    counts: Counter[str],
    phrases: dict[str, tuple[PhraseReport, ...]],
    surrogates: SurrogateReport,
) -> CleanReport:
    total = sieve.total("clean_documents")
    return CleanReport(
        records_in=sieve.num_records,
        documents=total.documents,
        bytes=total.bytes,
        excluded=sieve.excluded(),
        excluded_by_channel=_sorted(sieve.reasons_by_channel),
        channels=sieve.amounts("clean_documents"),
        counts=dict(sorted(counts.items())),
        languages=_sorted(tally.languages),
        categories=_sorted(tally.categories),
        mean_quality={channel: round(total / number, 4) for channel, (total, number) in sorted(tally.grades.items())},
        lengths={channel: tuple(numbers) for channel, numbers in sorted(tally.lengths.items())},
        qualities={channel: tuple(numbers) for channel, numbers in sorted(tally.qualities.items())},
        surrogates=surrogates,
        phrases=phrases,
        classify=None,
        category_classifier=None,
    )


def _judge_surrogates(patterns: Counter[str], params: CleanParams) -> SurrogateReport:
    """Check that nothing that was put in became a pattern of its own."""
    frequent = check_patterns(patterns, params.personal_data)
    for each in frequent:
        logger.warning("clean: %s is %.2f %% of all replacements", each.pattern, 100 * each.share)
    return SurrogateReport(
        replacements=patterns.total(),
        patterns=len(patterns),
        too_frequent={each.pattern.removeprefix(SURROGATES): round(each.share, 5) for each in frequent},
    )


def _list_phrases(
    tasks: Tasks, params: PhrasesParams, num_mined: dict[str, int]
) -> dict[str, tuple[PhraseReport, ...]]:
    """Give the most frequent phrases of each source, each with the first document that holds it."""
    found: dict[str, dict[str, list[Any]]] = {}
    for path in tasks.files(".phrases.json"):
        for source, listed in _read_json(path).items():
            for text, row in listed.items():
                found.setdefault(source, {}).setdefault(text, row)
    remove_share = math.inf if params.remove_share is None else params.remove_share
    return {
        source: tuple(
            PhraseReport(
                text=text,
                documents=documents,
                share=round(documents / num_mined[source], 4),
                removed=documents >= remove_share * num_mined[source],
                example=example,
            )
            for text, (documents, _, example) in sorted(listed.items(), key=lambda item: (-item[1][0], item[0]))[
                : params.max_listed
            ]
        )
        for source, listed in sorted(found.items())
    }


def _sorted(counts: dict[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {name: dict(sorted(numbers.items())) for name, numbers in sorted(counts.items())}


def _sources(directory: Path) -> set[str]:
    found: set[str] = set()
    for path in sorted(directory.glob("documents-*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=["source"]):
                found.update(batch.column(0).unique().to_pylist())
    return found


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
