"""Clean: every document is normalised, freed of noise and personal data, judged by rules, and graded if it stays.

A rule is a number measured on the text and a limit on it; each exclusion names its rule, the number and the limit. A
limit that excludes nothing leaves the documents byte-equal.
"""

from __future__ import annotations

import json
import logging
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import digest_file, read_manifest
from cpt_pipeline.core.errors import NothingLeftError, raise_all
from cpt_pipeline.corpus.clean.augmentation.params import SyntheticReport
from cpt_pipeline.corpus.clean.augmentation.stage import Augmented, Rules, augment
from cpt_pipeline.corpus.clean.augmentation.stage import check as check_augmentation
from cpt_pipeline.corpus.clean.augmentation.tally import QUESTIONS, UNCHANGED, SyntheticTally
from cpt_pipeline.corpus.clean.blocked_words import BlockedWords
from cpt_pipeline.corpus.clean.params import (
    CleanParams,
    CleanReport,
    CleanRunParams,
    FormatCapParams,
    PhraseReport,
    SurrogateReport,
)
from cpt_pipeline.corpus.clean.personal_data import check_patterns
from cpt_pipeline.corpus.clean.phrases import Frequent, PhrasesParams
from cpt_pipeline.corpus.clean.scoring.asking import ask_labels
from cpt_pipeline.corpus.clean.scoring.labels import Label, read_labels
from cpt_pipeline.corpus.clean.scoring.making import MadeScorer, make_scorer
from cpt_pipeline.corpus.clean.scoring.making import check as check_scorer
from cpt_pipeline.corpus.clean.scoring.report import AskReport, ScorerReport
from cpt_pipeline.corpus.clean.scoring.sampling import TakeCandidates, TakeSamples, gather_samples
from cpt_pipeline.corpus.clean.scoring.scorers import load_scorer
from cpt_pipeline.corpus.clean.scoring.steps import ScoreText
from cpt_pipeline.corpus.clean.scoring.verdicts import Verdicts
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
from cpt_pipeline.corpus.steps import DocumentStep, ReadDocuments, WriteDocuments, gather, gather_counts, plan_tasks
from cpt_pipeline.formats.documents import count_documents

logger = logging.getLogger(__name__)

Mined = tuple[Path, dict[str, int]]
"""The table of phrases, and how many documents of a source were read for it."""

_LENGTHS, _QUALITIES = 24, 20


def clean_documents(raw_documents: Path, out: Path, params: CleanParams, run: CleanRunParams) -> CleanReport:
    """Write `clean_documents` and `clean_excluded` below `out`, both in the order of the input.

    What augmentation makes from a document follows it.

    `NothingLeftError` when a channel loses all of its documents, with the reasons. Unfinished tasks are kept beside
    `out`.
    """
    BlockedWords.load(params.blocked_words)  # what is wrong with the lists is said before the work
    check_augmentation(params.augmentation, run.endpoint)
    check_scorer(params.scorer, run.endpoint)
    plan = plan_tasks(raw_documents, run.task_megabytes << 20)
    mined = _mine_phrases(raw_documents, out, params, run) if params.phrases.enabled else None
    scorer = _make_scorer(raw_documents, out, params, run, mined) if params.scorer.enabled else None
    tasks = Tasks(out.parent / "tasks", "clean", plan, _settings(raw_documents, params, scorer))
    tasks.run(
        [
            *_prepare(raw_documents, tasks, params),
            *_name_language(tasks, params, mined),
            *_judge(params),
            *([ScoreText(tasks, scorer.model, params.scorer, params.strong_formats)] if scorer else []),
            WriteDocuments(tasks),
        ],
        run,
    )
    load_scorer.cache_clear()  # a model that one worker loaded is in this process
    verdicts = Verdicts(tasks, scorer, params.scorer) if scorer else None
    augmented = _augment(verdicts.exclude_low_scores(run) if verdicts else tasks, params, run)
    scored = verdicts.report() if verdicts else None
    report = _gather(tasks, augmented, out, params, mined[1] if mined else {}, scored)
    logger.info("clean: %d documents, %d excluded", report.documents, sum(report.excluded.values()))
    return report


def _lists(params: CleanParams) -> list[Path]:
    """Name the files of the user that decide what comes out."""
    listed = params.blocked_words.lists.values()
    allowed = [each.allow_file for each in listed if each.allow_file is not None]
    return [*params.noise.advert_files, *(each.file for each in listed), *allowed]


def _prepare(raw_documents: Path, tasks: Tasks, params: CleanParams) -> list[PipelineStep]:
    """Give the steps that both passes begin with, so that phrases are mined on the text they are removed from."""
    return [
        ReadDocuments(raw_documents, tasks),
        NameKind(params.strong_formats),
        Normalise(params.normalise),
        RemoveNoise(params.noise),
    ]


def _name_language(tasks: Tasks, params: CleanParams, mined: Mined | None) -> list[PipelineStep]:
    """Give the steps between repair and judgement."""
    phrases = [RemovePhrases(tasks, params.phrases, *mined)] if mined else []
    return [*phrases, NameLanguage(params.language)]


def _judge(params: CleanParams) -> list[DocumentStep]:
    """Give the steps that decide whether a text stays."""
    return [
        DropBlockedWords(params.blocked_words),
        ReplacePersonalData(params.personal_data),
        JudgeText(params.rules),
    ]


def _settings(raw_documents: Path, params: CleanParams, scorer: MadeScorer | None = None) -> dict[str, Any]:
    """Give what the work of a task depends on besides its own part of the input."""
    return {
        "input": read_manifest(raw_documents)["files"],
        "clean": params.model_dump(mode="json"),
        "lists": [digest_file(path) for path in _lists(params)],
        "scorer": scorer.name if scorer else None,
    }


def _make_scorer(
    raw_documents: Path, out: Path, params: CleanParams, run: CleanRunParams, mined: Mined | None
) -> MadeScorer:
    """Take the labels of the user, or ask for some, and make the scorer."""
    labels: list[Label] = []
    asked = None
    if params.scorer.labels is not None:
        labels = read_labels(params.scorer.labels)
    elif params.scorer.ask.endpoint is not None:
        labels, asked = _ask_labels(raw_documents, out, params, run, mined)
    return make_scorer(labels, asked, out.parent / "tasks", params.scorer, run)


def _ask_labels(
    raw_documents: Path, out: Path, params: CleanParams, run: CleanRunParams, mined: Mined | None
) -> tuple[list[Label], AskReport]:
    """Clean a sample of the documents and ask a language model for marks."""
    number = params.scorer.ask.num_documents
    plan = plan_tasks(raw_documents, run.task_megabytes << 20)
    tasks = Tasks(out.parent / "tasks", "sample", plan, _settings(raw_documents, params))
    read, *repair = _prepare(raw_documents, tasks, params)
    candidates = TakeCandidates(count_documents(raw_documents), number, params.scorer.seed)
    samples = TakeSamples(tasks, params.scorer, params.strong_formats)
    tasks.run([read, candidates, *repair, *_name_language(tasks, params, mined), *_judge(params), samples], run)
    return ask_labels(gather_samples(tasks, number), params.scorer.ask, run.endpoint)


def _augment(kept: Tasks, params: CleanParams, run: CleanRunParams) -> Augmented:
    """Make documents from the kept ones; without augmentation nothing is read or written."""
    if not params.augmentation.selections:
        return Augmented(kept, Counter())
    generated = (NameKind(params.strong_formats), Normalise(params.normalise), *_judge(params))
    return augment(
        kept,
        params.augmentation,
        Rules(generated=generated, rearranged=(JudgeText(params.rules),)),
        not_from={*params.strong_formats, *params.format_cap.formats},
        run=run,
        endpoint=run.endpoint,
    )


def _mine_phrases(raw_documents: Path, out: Path, params: CleanParams, run: EngineParams) -> Mined:
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
        self.synthetic = SyntheticTally()

    def add(self, row: Row) -> None:
        self.synthetic.keep(row)
        channel, quality = row["channel"], row["quality"]
        self.grades[channel][0] += quality
        self.grades[channel][1] += 1
        self.lengths[channel][min(max(len(row["text"]), 1).bit_length() - 1, _LENGTHS - 1)] += 1
        self.qualities[channel][min(int(quality * _QUALITIES), _QUALITIES - 1)] += 1
        self.languages[channel][row["language"] or "none"] += 1
        self.categories[channel][row["category"] or "none"] += 1


def _gather(
    tasks: Tasks,
    augmented: Augmented,
    out: Path,
    params: CleanParams,
    num_mined: dict[str, int],
    scored: ScorerReport | None,
) -> CleanReport:
    tally = _Tally()
    with Sieve(out, kept=("clean_documents",), excluded="clean_excluded") as sieve:
        for row in _cap_formats(gather(augmented.tasks), params.format_cap):
            if row["reason"] is not None:
                sieve.exclude(row, row["reason"], row["detail"])
                tally.synthetic.exclude(row, row["reason"])
                continue
            sieve.keep(row, "clean_documents")
            tally.add(row)
        raise_all(NothingLeftError, "Nothing is left after clean (conf: clean):", _lost_channels(sieve))
    phrases = _list_phrases(tasks, params.phrases, num_mined) if params.phrases.enabled else {}
    counts = gather_counts(tasks)
    if augmented.tasks is not tasks:
        counts += gather_counts(augmented.tasks)
    patterns = _beginning_with(SURROGATES, counts)
    of_augmentation = _beginning_with(UNCHANGED, counts) + _beginning_with(QUESTIONS, counts)
    synthetic = tally.synthetic.report(of_augmentation, augmented.usage)
    steps = counts - patterns - of_augmentation
    return _report(sieve, tally, steps, phrases, _judge_surrogates(patterns, params), synthetic, scored)


def _cap_formats(rows: Iterable[Row], cap: FormatCapParams) -> Iterator[Row]:
    """Exclude what is more than the cap of its format allows."""
    formats: Counter[str] = Counter()
    for row in rows:
        if row["reason"] is None and cap.max_documents is not None and row["category"] in cap.formats:
            formats[row["category"]] += 1
            if formats[row["category"]] > cap.max_documents:
                detail = f"{row['category']}: {cap.max_documents} documents came before"
                yield {**row, "reason": "format_cap", "detail": detail}
                continue
        yield row


def _beginning_with(start: str, counts: Counter[str]) -> Counter[str]:
    return Counter({name: number for name, number in counts.items() if name.startswith(start)})


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
    synthetic: SyntheticReport,
    scorer: ScorerReport | None,
) -> CleanReport:
    total = sieve.total("clean_documents")
    return CleanReport(
        records_in=sieve.num_records - sum(synthetic.made.values()),
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
        scorer=scorer,
        surrogates=surrogates,
        phrases=phrases,
        synthetic=synthetic,
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
