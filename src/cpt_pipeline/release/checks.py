"""One check per channel: what was measured, what was asked, and the sentence that says how they compare."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.params import Report
from cpt_pipeline.core.verdicts import Interval, Verdict, judge_gain, judge_rise
from cpt_pipeline.release.params import DecideParams

Role = Literal["domain", "general"]
Finding = Literal[
    "passed",
    "too_few_documents",
    "not_measured",
    "not_a_number",
    "unclear",
    "learnt_too_little",
    "got_worse",
    "may_be_forgotten",
    "forgotten",
]


class Check(Report):
    """The answer of one channel. `point`, `low`, `high` are a gain (domain) or a rise (general); null when unknown."""

    channel: str
    role: Role
    quantity: Literal["gain", "rise"]
    point: float | None
    low: float | None
    high: float | None
    limit: float
    passed: bool
    finding: Finding
    documents: int
    """Held-out documents behind it."""
    words: str


@dataclass(frozen=True)
class Judged:
    """A check together with what follows from it, for the verdict and the remedy."""

    check: Check
    verdict: Verdict
    finding: Finding


@dataclass(frozen=True)
class _Measured:
    """A channel of one candidate, and what is asked of it."""

    channel: str
    role: Role
    change: Interval | None
    """Relative change of bits per byte; None where the channel was not measured."""
    limit: float
    num_documents: int
    min_documents: int
    confidence: float

    @property
    def quantity(self) -> Interval | None:
        """The gain of a domain channel, the rise of a general one."""
        return self.change.negated() if self.change and self.role == "domain" else self.change


def judge_channels(
    scores: dict[str, Any], candidate: str, params: DecideParams, channels: ChannelsParams
) -> tuple[Judged, ...]:
    """Judge every channel of `channels.roles` for one candidate, in the order of their names."""
    roles = sorted(channels.roles.items())
    return tuple(_judge(_measured(scores, candidate, channel, role, params)) for channel, role in roles)


def percent(share: float, digits: int = 1) -> str:
    """Write a share as percent: 0.15 is `15.0%`."""
    return f"{share:.{digits}%}"


def signed_percent(change: float) -> str:
    """Write a change as percent with its sign; what rounds to nothing has none."""
    return f"{change:+.1%}" if round(abs(change), 3) else "0.0%"


def _measured(scores: dict[str, Any], candidate: str, channel: str, role: Role, params: DecideParams) -> _Measured:
    found = scores["comparisons"][candidate]["channels"].get(channel)
    numbers = scores["models"][candidate]["channels"].get(channel, {})
    return _Measured(
        channel=channel,
        role=role,
        change=None if found is None else _interval(found),
        limit=params.min_domain_gain if role == "domain" else params.max_general_rise,
        num_documents=int(numbers.get("documents") or 0),
        min_documents=params.min_documents,
        confidence=scores.get("confidence", 0.95),
    )


def _interval(found: dict[str, Any]) -> Interval:
    """Read a comparison; a null in it stands for what JSON cannot write: not a number."""
    values = [found.get(key) for key in ("relative_change", "low", "high")]
    return Interval(*(math.nan if value is None else float(value) for value in values))


def _judge(measured: _Measured) -> Judged:
    verdict, finding = _verdict(measured)
    known = measured.quantity if measured.quantity and measured.quantity.is_finite else None
    check = Check(
        channel=measured.channel,
        role=measured.role,
        quantity="gain" if measured.role == "domain" else "rise",
        point=known.point if known else None,
        low=known.low if known else None,
        high=known.high if known else None,
        limit=measured.limit,
        passed=verdict is Verdict.PROMOTE,
        finding=finding,
        documents=measured.num_documents,
        words=_words(measured, finding),
    )
    return Judged(check, verdict, finding)


def _verdict(measured: _Measured) -> tuple[Verdict, Finding]:
    quantity = measured.quantity
    if quantity is None:
        return Verdict.HOLD, "not_measured"
    verdict = (judge_gain if measured.role == "domain" else judge_rise)(quantity, measured.limit)
    if not quantity.is_finite:
        return verdict, "not_a_number"
    if verdict is Verdict.PROMOTE and measured.num_documents < measured.min_documents:
        return Verdict.HOLD, "too_few_documents"
    if verdict is Verdict.PROMOTE:
        return verdict, "passed"
    if measured.role == "domain":
        return verdict, _domain_finding(verdict, quantity, measured.limit)
    return verdict, _general_finding(verdict, quantity, measured.limit)


def _domain_finding(verdict: Verdict, gain: Interval, minimum: float) -> Finding:
    if verdict is Verdict.ROLL_BACK:
        return "got_worse"
    return "learnt_too_little" if gain.point < minimum else "unclear"


def _general_finding(verdict: Verdict, rise: Interval, maximum: float) -> Finding:
    if verdict is Verdict.ROLL_BACK:
        return "forgotten"
    return "may_be_forgotten" if rise.point > maximum else "unclear"


def _words(measured: _Measured, finding: Finding) -> str:
    channel, change, limit = f"Channel {measured.channel} ({measured.role})", measured.change, percent(measured.limit)
    if finding == "not_measured" or change is None:
        return f"{channel} was not measured: the scores do not hold it."
    if finding == "not_a_number":
        return f"{channel} has no usable score: its bits per byte are not a number."
    heading = {
        "passed": "was learnt" if measured.role == "domain" else "was kept",
        "too_few_documents": f"rests on {measured.num_documents} held-out documents and needs {measured.min_documents}",
        "unclear": "may have passed, but its interval reaches over the limit",
        "learnt_too_little": "was learnt too little",
        "got_worse": "got worse",
        "may_be_forgotten": "may be partly forgotten",
        "forgotten": "was forgotten",
    }[finding]
    moved = f"bits per byte {'fell' if change.point < 0 else 'rose'} by {percent(abs(change.point))}"
    ends = f"{signed_percent(change.low)} to {signed_percent(change.high)}"
    over = f"{measured.num_documents} document{'s' * (measured.num_documents != 1)}"
    interval = f"{percent(measured.confidence, 0)} interval over {over}: {ends}"
    asked = f"at least {limit} less is asked" if measured.role == "domain" else f"at most {limit} more is allowed"
    return f"{channel} {heading}: {moved} ({interval}); {asked}."
