"""Clean: every document is normalised, freed of noise and personal data, judged by rules, and graded if it stays.

A rule is a number measured on the text and a limit on it; each exclusion names its rule, the number and the limit. A
limit that excludes nothing leaves the documents byte-equal.
"""

from __future__ import annotations

import logging
import math
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from datatrove.pipeline.base import PipelineStep

from cpt_pipeline.core.artifact import digest_file, read_manifest
from cpt_pipeline.core.errors import NothingLeftError, raise_all
from cpt_pipeline.corpus.clean.blocked_words import BlockedWords
from cpt_pipeline.corpus.clean.dialogue_steps import DENSITY, LISTED, PARTS, CleanDialogues, MineReplies, limits
from cpt_pipeline.corpus.clean.dialogues import DialogueRules
from cpt_pipeline.corpus.clean.listing import PhraseReport, read_listings
from cpt_pipeline.corpus.clean.mining import Mined, mine
from cpt_pipeline.corpus.clean.params import CleanParams, CleanReport, DialoguesReport, SurrogateReport
from cpt_pipeline.corpus.clean.personal_data import check_patterns
from cpt_pipeline.corpus.clean.steps import (
    PHRASES,
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
    DialogueRules(params.dialogues)
    plan = plan_tasks(raw_documents, run.task_megabytes << 20)
    settings = {
        "input": read_manifest(raw_documents)["files"],
        "clean": params.model_dump(mode="json"),
        "lists": [digest_file(path) for path in _lists(params)],
    }
    tasks = Tasks(out.parent / "tasks", "clean", plan, settings)
    replies = _mine_replies(raw_documents, out, params, run)
    phrases = _mine_phrases(raw_documents, out, params, run, replies)
    tasks.run(
        [
            *_prepare(raw_documents, tasks, params, replies),
            *([RemovePhrases(tasks, params.phrases, phrases)] if phrases else []),
            NameLanguage(params.language),
            DropBlockedWords(params.blocked_words),
            ReplacePersonalData(params.personal_data),
            JudgeText(params.rules),
            WriteDocuments(tasks),
        ],
        run,
    )
    report = _gather(tasks, out, params, phrases, replies)
    logger.info("clean: %d documents, %d excluded", report.documents, sum(report.excluded.values()))
    return report


def _lists(params: CleanParams) -> list[Path]:
    """Name the files of the user that decide what comes out."""
    listed = params.blocked_words.lists.values()
    allowed = [each.allow_file for each in listed if each.allow_file is not None]
    phrases = [*params.dialogues.tool_claims.files, *params.dialogues.stock_replies.files]
    return [*params.noise.advert_files, *phrases, *(each.file for each in listed), *allowed]


def _prepare(raw_documents: Path, tasks: Tasks, params: CleanParams, replies: Mined | None) -> list[PipelineStep]:
    """Give the steps that all passes begin with, so that phrases are mined on the text they are removed from."""
    steps: list[PipelineStep] = _before_dialogues(raw_documents, tasks, params)
    if params.dialogues.enabled:
        steps.append(CleanDialogues(tasks, params.dialogues, params.normalise, replies))
    return steps


def _before_dialogues(raw_documents: Path, tasks: Tasks, params: CleanParams) -> list[PipelineStep]:
    return [
        ReadDocuments(raw_documents, tasks),
        NameKind(params.strong_formats),
        Normalise(params.normalise),
        RemoveNoise(params.noise),
    ]


def _mine_replies(raw_documents: Path, out: Path, params: CleanParams, run: EngineParams) -> Mined | None:
    """Count the turns of dialogues that a source repeats."""
    dialogues = params.dialogues
    if not (dialogues.enabled and dialogues.stock_replies.repeated):
        return None

    def steps(tasks: Tasks, sources: list[str], share: float) -> list[PipelineStep]:
        before = _before_dialogues(raw_documents, tasks, params)
        return [*before, MineReplies(tasks, dialogues, params.normalise, sources, share)]

    settings = params.model_dump(mode="json", include={"strong_formats", "normalise", "noise", "dialogues"})
    scratch = out.parent / "tasks"
    return mine(raw_documents, scratch, run, limits(dialogues), name="replies", settings=settings, steps=steps)


def _mine_phrases(
    raw_documents: Path, out: Path, params: CleanParams, run: EngineParams, replies: Mined | None
) -> Mined | None:
    """Count n-grams over the corpus, or a sample of it."""
    if not params.phrases.enabled:
        return None

    def steps(tasks: Tasks, sources: list[str], share: float) -> list[PipelineStep]:
        prepared = _prepare(raw_documents, tasks, params, replies)
        return [*prepared, MinePhrases(tasks, params.phrases, sources, share)]

    changing = {"strong_formats", "normalise", "noise", "dialogues", "phrases"}
    settings = params.model_dump(mode="json", include=changing)
    scratch = out.parent / "tasks"
    return mine(raw_documents, scratch, run, params.phrases, name="phrases", settings=settings, steps=steps)


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


def _gather(tasks: Tasks, out: Path, params: CleanParams, phrases: Mined | None, replies: Mined | None) -> CleanReport:
    tally, formats = _Tally(), Counter[str]()
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
        raise_all(NothingLeftError, "Nothing is left after clean (conf: clean):", _lost_channels(sieve))
    counts = gather_counts(tasks)
    patterns, densities = _with(SURROGATES, counts), _with(DENSITY, counts)
    stock = params.dialogues.stock_replies
    found = {
        "surrogates": _judge_surrogates(patterns, params),
        "dialogues": _report_dialogues(densities),
        "phrases": _listed(tasks, PHRASES, phrases, params.phrases.max_listed, params.phrases.remove_share),
        "stock_replies": _listed(tasks, LISTED, replies, stock.max_listed, stock.remove_share),
    }
    return _report(sieve, tally, counts - patterns - densities, found)


def _with(begin: str, counts: Counter[str]) -> Counter[str]:
    return Counter({name: number for name, number in counts.items() if name.startswith(begin)})


def _listed(
    tasks: Tasks, suffix: str, mined: Mined | None, max_listed: int, remove_share: float | None
) -> dict[str, tuple[PhraseReport, ...]]:
    if mined is None:
        return {}
    border = math.inf if remove_share is None else remove_share
    return read_listings(tasks.files(suffix), mined.num_mined, max_listed, border)


def _report_dialogues(counts: Counter[str]) -> dict[str, DialoguesReport]:
    """Give the dialogues of each unit with their mean density."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, number in sorted(counts.items()):
        unit, _, what = name.removeprefix(DENSITY).partition("/")
        found[unit][what] = number
    return {
        unit: DialoguesReport(
            dialogues=each["dialogues"],
            turns=each["turns"],
            kept=each["kept"],
            density_before=round(each["before"] / each["dialogues"] / PARTS, 4),
            density_after=round(each["after"] / each["kept"] / PARTS, 4) if each["kept"] else None,
        )
        for unit, each in found.items()
    }


def _lost_channels(sieve: Sieve) -> list[str]:
    """Say why each channel that came in and did not come out is gone; or that nothing came in."""
    kept = sieve.amounts("clean_documents")
    lost = {channel: reasons for channel, reasons in sieve.reasons_by_channel.items() if channel not in kept}
    found = [f"channel {channel}: {_in_words(reasons)}" for channel, reasons in sorted(lost.items())]
    return found if sieve.num_records else ["raw_documents holds no document at all"]


def _in_words(reasons: Counter[str]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())


def _report(sieve: Sieve, tally: _Tally, counts: Counter[str], found: dict[str, Any]) -> CleanReport:
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
        **found,
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


def _sorted(counts: dict[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {name: dict(sorted(numbers.items())) for name, numbers in sorted(counts.items())}
