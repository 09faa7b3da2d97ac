"""Clean: normalise every document, keep those that pass the rules, and grade what is kept.

A rule is a number measured on the text and a limit on it; each exclusion names its rule and the number. Limits are
never part of what is written, so a limit that excludes nothing leaves the artifact byte-equal.
"""

from __future__ import annotations

import logging
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from cpt_pipeline.core.errors import NothingLeftError, raise_all
from cpt_pipeline.core.params import Params, Report
from cpt_pipeline.core.progress import Progress
from cpt_pipeline.corpus.clean.normalise import NormaliseParams, normalise
from cpt_pipeline.corpus.sieve import Amount, Sieve
from cpt_pipeline.corpus.words import split_words
from cpt_pipeline.formats.documents import count_documents, read_documents, with_text

logger = logging.getLogger(__name__)

_LONG_CHARACTERS = 8_000
_VARIETY_WORDS = 500


@dataclass(frozen=True)
class Measures:
    """What the rules and the grade are about, computed once per document."""

    characters: int
    letter_share: float
    repeated_line_share: float
    mean_word_characters: float
    distinct_word_share: float
    """Among the first 500 words."""


class RulesParams(Params):
    """The limits. Shares are of 0..1."""

    min_characters: int = Field(100, ge=0)
    max_characters: int | None = Field(None, ge=1)
    min_letter_share: float = Field(0.4, ge=0, le=1)
    """Letters of any script among the characters that are no white space."""
    max_repeated_line_share: float = Field(0.3, ge=0, le=1)
    """Characters in lines that stood in the document before, among those of all lines (Gopher: 0.2)."""
    max_mean_word_characters: float = Field(12.0, gt=0)
    """Gopher: 10 for English prose. A CJK character is a word of its own."""
    min_distinct_word_share: float = Field(0.1, ge=0, le=1)
    """Distinct words among the first 500."""


_RULES: dict[str, Callable[[Measures, RulesParams], str | None]] = {
    "too_short": lambda found, limit: _below("characters", found.characters, limit.min_characters),
    "too_long": lambda found, limit: _above("characters", found.characters, limit.max_characters or math.inf),
    "few_letters": lambda found, limit: _below("letter share", found.letter_share, limit.min_letter_share),
    "repeated_lines": lambda found, limit: _above(
        "repeated line share", found.repeated_line_share, limit.max_repeated_line_share
    ),
    "long_words": lambda found, limit: _above(
        "mean word characters", found.mean_word_characters, limit.max_mean_word_characters
    ),
    "few_distinct_words": lambda found, limit: _below(
        "distinct word share", found.distinct_word_share, limit.min_distinct_word_share
    ),
}
"""Reason to rule, in the order they are asked. A rule gives what it measured when the document breaks it."""

Verdict = Literal[True] | tuple[Literal[False], str, str]
"""True, or False with the reason and what was measured."""


class CleanParams(Params):
    """`clean:` in conf."""

    normalise: NormaliseParams = NormaliseParams()
    rules: RulesParams = RulesParams()
    exempt: dict[str, tuple[str, ...]] = Field({"code": ("few_letters", "repeated_lines", "long_words")})
    """Category of documents to the reasons that do not exclude it."""

    @model_validator(mode="after")
    def _reasons_exist(self) -> CleanParams:
        named = {reason for reasons in self.exempt.values() for reason in reasons}
        if unknown := sorted(named - set(_RULES)):
            raise ValueError(f"clean.exempt names {', '.join(unknown)}; the reasons are {', '.join(_RULES)}")
        return self


class CleanReport(Report):
    """`clean_metrics`: `records_in` = `documents` + the sum of `excluded`."""

    records_in: int
    documents: int
    bytes: int
    excluded: dict[str, int]
    excluded_by_channel: dict[str, dict[str, int]]
    channels: dict[str, Amount]
    normalised: dict[str, int]
    """Step to the number of documents it changed."""
    mean_quality: dict[str, float]
    """Channel to the mean grade of its documents."""


def clean_documents(raw_documents: Path, out: Path, params: CleanParams) -> CleanReport:
    """Write `clean_documents` and `clean_excluded` below `out`, both in the order of the input.

    `NothingLeftError` when a channel loses all of its documents, with the reasons.
    """
    steps: Counter[str] = Counter()
    grades: defaultdict[str, float] = defaultdict(float)
    with (
        Sieve(out, kept=("clean_documents",), excluded="clean_excluded") as sieve,
        Progress("clean", count_documents(raw_documents), "documents") as progress,
    ):
        for row in read_documents(raw_documents):
            text, changed = normalise(row["text"], params.normalise)
            steps.update(changed)
            measures = measure(text)
            verdict = judge(measures, params, row["category"])
            if verdict is True:
                grade = round(quality(measures), 4)
                grades[row["channel"]] += grade
                sieve.keep({**with_text(row, text), "quality": grade}, "clean_documents")
            else:
                sieve.exclude(row, reason=verdict[1], detail=verdict[2])
            progress.advance()
        raise_all(NothingLeftError, "Nothing is left after clean (conf: clean):", _lost_channels(sieve))
    report = _report(sieve, steps, grades)
    logger.info("clean: %d documents, %d excluded", report.documents, sum(report.excluded.values()))
    return report


def measure(text: str) -> Measures:
    """Measure a normalised text. Empty text measures 0 in all but its letters."""
    lines = [line.strip() for line in text.split("\n")]
    num_solid = len("".join(text.split()))
    words = split_words(text)
    first = words[:_VARIETY_WORDS]
    return Measures(
        characters=len(text),
        letter_share=sum(map(str.isalpha, text)) / max(num_solid, 1),
        repeated_line_share=_repeated_share([line for line in lines if line]),
        mean_word_characters=sum(map(len, words)) / max(len(words), 1),
        distinct_word_share=len(set(first)) / max(len(first), 1),
    )


def judge(measures: Measures, params: CleanParams, category: str | None = None) -> Verdict:
    """Say whether a document of this category is kept; the first rule it breaks decides."""
    exempt = params.exempt.get(category or "", ())
    for reason, rule in _RULES.items():
        if reason not in exempt and (detail := rule(measures, params.rules)) is not None:
            return False, reason, detail
    return True


def quality(measures: Measures) -> float:
    """Grade a document in 0..1: the mean of length, variety and freshness.

    Length grows with the logarithm from 0 to 8,000 characters; variety is the share of distinct words among the first
    500 (half of them distinct is full marks); freshness is the share of text in lines that do not repeat.
    """
    length = min(1.0, math.log1p(measures.characters) / math.log1p(_LONG_CHARACTERS))
    variety = min(1.0, 2 * measures.distinct_word_share)
    return (length + variety + (1 - measures.repeated_line_share)) / 3


def _below(name: str, value: float, limit: float) -> str | None:
    return f"{name} {round(value, 3)}" if value < limit else None


def _above(name: str, value: float, limit: float) -> str | None:
    return f"{name} {round(value, 3)}" if value > limit else None


def _repeated_share(lines: list[str]) -> float:
    total = sum(map(len, lines))
    first = sum(map(len, set(lines)))
    return (total - first) / max(total, 1)


def _lost_channels(sieve: Sieve) -> list[str]:
    """Say why each channel that came in and did not come out is gone; or that nothing came in."""
    kept = sieve.amounts("clean_documents")
    lost = {channel: reasons for channel, reasons in sieve.reasons_by_channel.items() if channel not in kept}
    found = [f"channel {channel}: {_counts(reasons)}" for channel, reasons in sorted(lost.items())]
    return found if sieve.num_records else ["raw_documents holds no document at all"]


def _counts(reasons: Counter[str]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())


def _report(sieve: Sieve, steps: Counter[str], grades: dict[str, float]) -> CleanReport:
    total, channels = sieve.total("clean_documents"), sieve.amounts("clean_documents")
    by_channel = sorted(sieve.reasons_by_channel.items())
    return CleanReport(
        records_in=sieve.num_records,
        documents=total.documents,
        bytes=total.bytes,
        excluded=sieve.excluded(),
        excluded_by_channel={channel: dict(sorted(reasons.items())) for channel, reasons in by_channel},
        channels=channels,
        normalised=dict(sorted(steps.items())),
        mean_quality={channel: round(grades[channel] / amount.documents, 4) for channel, amount in channels.items()},
    )
