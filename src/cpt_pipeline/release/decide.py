"""The decision: a pure function of scores and policy, never of one noisy number.

Promote when every domain channel surely gained enough and no general channel can have risen too much; roll back when
some general channel surely rose too much or some domain channel surely got worse; else hold. After a roll back the best
candidate that kept the general channels and surely learnt is released, and nothing new where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cpt_pipeline.core.channels import ChannelsParams
from cpt_pipeline.core.errors import ArtifactError, ParameterError
from cpt_pipeline.core.params import Report
from cpt_pipeline.core.verdicts import Verdict, worst
from cpt_pipeline.formats.candidates import read_list
from cpt_pipeline.formats.models import resolve
from cpt_pipeline.release.checks import Check, Judged, judge_channels, signed_percent
from cpt_pipeline.release.evidence import Evidence
from cpt_pipeline.release.params import DecideParams
from cpt_pipeline.release.remedy import advice, command, find_remedy

BASE = "base"


class Decision(Report):
    """What was decided and why. `candidate` was judged; `model` is what is released (`base`: nothing new)."""

    verdict: Verdict
    candidate: str
    model: str
    reasons: tuple[str, ...]
    checks: tuple[Check, ...]
    remedy: dict[str, int | float]
    """Params key to proposed value; empty when nothing should change."""
    remedy_command: str
    """The same as a line for the shell."""


class DecideReport(Report):
    """The decision in numbers, for comparing runs."""

    promoted: int
    rolled_back: int
    checks: int
    checks_passed: int
    lowest_domain_gain: float | None
    """The smallest lower bound over the domain channels; null when one is unknown."""
    highest_general_rise: float | None
    """The largest upper bound over the general channels; null when one is unknown or there is none."""


def decide(
    scores: dict[str, Any],
    params: DecideParams,
    channels: ChannelsParams,
    settings: Mapping[str, float] | None = None,
    evidence: Evidence | None = None,
) -> Decision:
    """Judge a run by its scores (format: docs/concepts.md).

    `settings` are the present values of the parameters a remedy may change, `evidence` is what the run measured and
    read, for the advice. A channel that was not measured is never
    promoted; one whose score is not a number is rolled back.
    """
    candidate = _judged_candidate(scores, params.judge)
    judged = judge_channels(scores, candidate, params, channels)
    verdict = worst(each.verdict for each in judged)
    model = {Verdict.PROMOTE: candidate, Verdict.HOLD: BASE}.get(verdict) or _last_good(scores, params, channels)
    remedy = {} if verdict is Verdict.PROMOTE else find_remedy(judged, settings or {}, evidence)
    return Decision(
        verdict=verdict,
        candidate=candidate,
        model=model,
        reasons=tuple(_reasons(verdict, candidate, model, judged, scores, channels, evidence)),
        checks=tuple(each.check for each in judged),
        remedy=remedy,
        remedy_command=command(remedy),
    )


def summarise(decision: Decision) -> DecideReport:
    """Give the numbers of a decision."""
    lows = [check.low for check in decision.checks if check.role == "domain"]
    highs = [check.high for check in decision.checks if check.role == "general"]
    gains, rises = ([value for value in values if value is not None] for values in (lows, highs))
    return DecideReport(
        promoted=int(decision.verdict is Verdict.PROMOTE),
        rolled_back=int(decision.verdict is Verdict.ROLL_BACK),
        checks=len(decision.checks),
        checks_passed=sum(check.passed for check in decision.checks),
        lowest_domain_gain=min(gains, default=None) if len(gains) == len(lows) else None,
        highest_general_rise=max(rises, default=None) if len(rises) == len(highs) else None,
    )


def describe_release(decision: Decision, scores: dict[str, Any], base_model: Path, candidates: Path) -> dict[str, Any]:
    """Give the record that becomes a release: the verdict and the folder of the model that was chosen."""
    folders = {each.name: candidates / each.folder for each in read_list(candidates)}
    return {
        "verdict": decision.verdict.value,
        "model": decision.model,
        "folder": str(resolve(base_model) if decision.model == BASE else folders[decision.model]),
        "decision": decision.as_metrics(),
        "scores": scores,
    }


def _judged_candidate(scores: dict[str, Any], judge: str) -> str:
    names = _in_training_order(scores)
    if not names:
        raise ArtifactError("the scores compare no candidate with the base: merge published none. Run merge again.")
    if judge == "last":
        return names[-1]
    if judge not in names:
        raise ParameterError(
            f"decide.judge is {judge}, and the candidates are {', '.join(names)} (conf/base/parameters_decide.yml)"
        )
    return judge


def _in_training_order(scores: dict[str, Any]) -> list[str]:
    """Sort by stage and step; the end of a stage has the stage's own name and comes after a step of equal number."""
    models = scores["models"]

    def order(name: str) -> tuple[str, int, bool]:
        return models[name]["stage"], models[name]["step"], name == models[name]["stage"]

    return sorted(scores["comparisons"], key=order)


def _last_good(scores: dict[str, Any], params: DecideParams, channels: ChannelsParams) -> str:
    """Give the candidate with the largest mean domain gain of those that kept all general channels and learnt."""
    gains = {}
    for name in _in_training_order(scores):
        checks = [each.check for each in judge_channels(scores, name, params, channels)]
        domain = [check for check in checks if check.role == "domain"]
        kept = all(check.passed for check in checks if check.role == "general")
        if kept and all(check.low is not None and check.low > 0 for check in domain):
            gains[name] = sum(check.point or 0.0 for check in domain) / len(domain)
    return max(gains, key=lambda name: gains[name], default=BASE)


def _reasons(
    verdict: Verdict,
    candidate: str,
    model: str,
    judged: tuple[Judged, ...],
    scores: dict[str, Any],
    channels: ChannelsParams,
    evidence: Evidence | None,
) -> list[str]:
    failed = [each for each in judged if not each.check.passed]
    count = f"{len(judged) - len(failed)} of {len(judged)} checks passed"
    said = [
        {
            Verdict.PROMOTE: f"{candidate} is promoted: all {len(judged)} checks passed.",
            Verdict.HOLD: f"{candidate} is held: {count}, and nothing shows damage. Nothing new is released.",
            Verdict.ROLL_BACK: f"{candidate} is rolled back: {count}, and there is damage beyond doubt.",
        }[verdict]
    ]
    said += [each.check.words for each in sorted(judged, key=lambda each: each.check.passed)]
    if not channels.general:
        said.append("No general channel is named in channels.roles, so nothing here speaks about forgetting.")
    if verdict is Verdict.ROLL_BACK:
        said.append(_fallback(model, scores, channels))
    return said + ([] if verdict is Verdict.PROMOTE else advice(judged, evidence))


def _fallback(model: str, scores: dict[str, Any], channels: ChannelsParams) -> str:
    if model == BASE:
        return "No candidate kept the general channels and learnt as well, so nothing new is released."
    changes = scores["comparisons"][model]["channels"]
    gains = ", ".join(f"{name} {signed_percent(changes[name]['relative_change'])}" for name in channels.domain)
    return f"The last good checkpoint is released: {model} kept the general channels and learnt (bits/byte: {gains})."
