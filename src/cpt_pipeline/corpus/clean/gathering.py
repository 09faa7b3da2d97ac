"""What clean publishes and says: the rows of all tasks, kept or excluded, and the report of what was counted."""

from __future__ import annotations

import logging
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cpt_pipeline.core.errors import NothingLeftError, raise_all
from cpt_pipeline.corpus.clean.augmentation.stage import Augmented
from cpt_pipeline.corpus.clean.augmentation.tally import QUESTIONS, UNCHANGED, SyntheticTally
from cpt_pipeline.corpus.clean.classifying.steps import ClassifiedTally
from cpt_pipeline.corpus.clean.dialogues.steps import DENSITY, LISTED, PARTS
from cpt_pipeline.corpus.clean.params import (
    CleanParams,
    CleanReport,
    DialoguesReport,
    FormatCapParams,
    SurrogateReport,
)
from cpt_pipeline.corpus.clean.passes import Passes
from cpt_pipeline.corpus.clean.personal_data.personal_data import check_patterns
from cpt_pipeline.corpus.clean.phrases.listing import PhraseReport, read_listings
from cpt_pipeline.corpus.clean.phrases.mining import Mined
from cpt_pipeline.corpus.clean.rules.report import RULES, report_rules
from cpt_pipeline.corpus.clean.scoring.report import ScorerReport
from cpt_pipeline.corpus.clean.steps import PHRASES, SURROGATES
from cpt_pipeline.corpus.engine.sieve import Row, Sieve
from cpt_pipeline.corpus.engine.steps import gather, gather_counts
from cpt_pipeline.corpus.engine.tasks import Tasks
from cpt_pipeline.formats.documents import read_synthetic

logger = logging.getLogger(__name__)

_LENGTHS, _QUALITIES = 24, 20


class _Tally:
    """What is counted of the kept documents while they go by."""

    def __init__(self, params: CleanParams) -> None:
        self.grades: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0])
        self.lengths: defaultdict[str, list[int]] = defaultdict(lambda: [0] * _LENGTHS)
        self.qualities: defaultdict[str, list[int]] = defaultdict(lambda: [0] * _QUALITIES)
        self.languages: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.categories: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.synthetic = SyntheticTally()
        self.classified = ClassifiedTally(params.classify.sources)

    def add(self, row: Row) -> None:
        self.synthetic.keep(row)
        if read_synthetic(row) is None:  # a made document has the notes of its parent
            self.classified.add(row)
        channel, quality = row["channel"], row["quality"]
        self.grades[channel][0] += quality
        self.grades[channel][1] += 1
        self.lengths[channel][min(max(len(row["text"]), 1).bit_length() - 1, _LENGTHS - 1)] += 1
        self.qualities[channel][min(int(quality * _QUALITIES), _QUALITIES - 1)] += 1
        self.languages[channel][row["language"] or "none"] += 1
        self.categories[channel][row["category"] or "none"] += 1


def gather_documents(
    passes: Passes, tasks: Tasks, augmented: Augmented, scored: ScorerReport | None, out: Path, params: CleanParams
) -> CleanReport:
    """Write `clean_documents` and `clean_excluded` below `out`; `tasks` are those of the main pass."""
    tally = _Tally(params)
    with Sieve(out, kept=("clean_documents",), excluded="clean_excluded") as sieve:
        for row in _cap_formats(gather(augmented.tasks), params.format_cap):
            if row["reason"] is not None:
                sieve.exclude(row, row["reason"], row["detail"])
                tally.synthetic.exclude(row, row["reason"])
                continue
            sieve.keep(row, "clean_documents")
            tally.add(row)
        raise_all(NothingLeftError, "Nothing is left after clean (conf: clean):", _lost_channels(sieve))
    counts = gather_counts(tasks)
    if augmented.tasks is not tasks:
        counts += gather_counts(augmented.tasks)
    patterns, densities, rules = (_beginning_with(start, counts) for start in (SURROGATES, DENSITY, RULES))
    of_augmentation = _beginning_with(UNCHANGED, counts) + _beginning_with(QUESTIONS, counts)
    channels, categories = passes.classifiers.report(tally.classified, tasks)
    found = {
        "counts": dict(sorted((counts - patterns - densities - rules - of_augmentation).items())),
        "rules": report_rules(rules),
        "surrogates": _judge_surrogates(patterns, params),
        "dialogues": _report_dialogues(densities),
        "synthetic": tally.synthetic.report(of_augmentation, augmented.usage),
        "classify": channels,
        "category_classifier": categories,
        "scorer": scored,
    }
    return _report(sieve, tally, found | _list_for_review(passes, tasks, params))


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


def _report(sieve: Sieve, tally: _Tally, found: dict[str, Any]) -> CleanReport:
    total = sieve.total("clean_documents")
    return CleanReport(
        records_in=sieve.num_records - sum(found["synthetic"].made.values()),
        documents=total.documents,
        bytes=total.bytes,
        excluded=sieve.excluded(),
        excluded_by_channel=_sorted(sieve.reasons_by_channel),
        channels=sieve.amounts("clean_documents"),
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


def _list_for_review(
    passes: Passes, tasks: Tasks, params: CleanParams
) -> dict[str, dict[str, tuple[PhraseReport, ...]]]:
    """Give what sources repeat, the most frequent first."""
    phrases, stock = params.phrases, params.dialogues.stock_replies
    return {
        "phrases": _listed(tasks, PHRASES, passes.phrases, phrases.max_listed, phrases.remove_share),
        "stock_replies": _listed(tasks, LISTED, passes.replies, stock.max_listed, stock.remove_share),
    }


def _listed(
    tasks: Tasks, suffix: str, mined: Mined | None, max_listed: int, remove_share: float | None
) -> dict[str, tuple[PhraseReport, ...]]:
    if mined is None:
        return {}
    border = math.inf if remove_share is None else remove_share
    return read_listings(tasks.files(suffix), mined.num_mined, max_listed, border)


def _sorted(counts: dict[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {name: dict(sorted(numbers.items())) for name, numbers in sorted(counts.items())}
