"""What to try next, as parameters.

Forgetting asks for a smaller learning rate and more general text, slow learning for the opposite. The rules are those
of practice (halve the rate and the domain share; when learning stagnates look at the data first, then raise both a
little), not of a fitted law.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cpt_pipeline.release.checks import Check, Finding, Judged
from cpt_pipeline.release.evidence import Evidence

_FAR_OVER = 3.0
"""A rise of more than so many limits quarters the rate instead of halving it."""
_LOWEST_SHARE = 0.05
_HIGHEST_SHARE = 0.9
"""Some general text stays in every proposal: without any, forgetting is certain."""

_ADVICE: dict[Finding, str] = {
    "not_a_number": "A score that is no number comes from broken weights: look for skipped steps in the training log.",
    "forgotten": "Forgetting answers to a lower learning rate and to more, or broader, general text.",
    "got_worse": "A domain channel got worse: is its held-out text of the same kind as its training text?",
    "not_measured": "A channel without held-out documents cannot be judged: see what dedup held out.",
}
_SAME_ADVICE: dict[Finding, Finding] = {"may_be_forgotten": "forgotten"}
_ALL_LIMITS = "dedup.heldout_documents_per_channel, dedup.heldout_max_share, evaluate.documents_per_channel"


def find_remedy(
    judged: Iterable[Judged], settings: Mapping[str, float], evidence: Evidence | None = None
) -> dict[str, float]:
    """Return new values for those of `settings` that should change; empty when nothing should.

    Keys that end in `peak_lr` are learning rates, in `domain_share` shares of domain text, in `num_tokens` or `passes`
    how much is read. Where too little was learnt and `evidence` tells of text that no stage read, that comes first.
    """
    listed = list(judged)
    growth = _growth(listed, evidence)
    rate, share = (1.0, 1.0) if growth > 1.0 else _factors(listed)
    proposed: dict[str, float] = {}
    for name, value in settings.items():
        if name.endswith("num_tokens"):
            proposed[name] = int(_rounded(value * growth)) if growth > 1.0 else value
        elif name.endswith("passes"):  # tokens = domain tokens x passes / share: a larger share alone reads less
            proposed[name] = _rounded(value * max(growth, share)) if max(growth, share) > 1.0 else value
        if name.endswith("peak_lr"):
            proposed[name] = _rounded(value * rate)
        elif name.endswith("domain_share"):
            proposed[name] = _scaled_share(value, share)
    return {name: value for name, value in sorted(proposed.items()) if value != settings[name]}


def command(remedy: Mapping[str, float]) -> str:
    """Give the line that runs everything again with the remedy; empty without one."""
    if not remedy:
        return ""
    pairs = ",".join(f"{name}={value!r}" for name, value in sorted(remedy.items()))
    return f'kedro run --pipeline=cpt --params="{pairs}"'


def advice(judged: Iterable[Judged], evidence: Evidence | None = None) -> list[str]:
    """Return what no parameter says: where to look first, and by which key more could be measured or read."""
    listed = list(judged)
    findings = {_SAME_ADVICE.get(each.finding, each.finding) for each in listed}
    said = [words for finding, words in _ADVICE.items() if finding in findings]
    if "learnt_too_little" in findings:
        said.append(_how_to_learn_more(listed, evidence))
    thin = [each.check for each in listed if each.finding in ("unclear", "too_few_documents")]
    if thin and evidence is None:
        said.append(f"More held-out documents make the intervals narrower ({_ALL_LIMITS}).")
    elif evidence is not None:
        said += [evidence.how_to_measure_more(check.channel, check.documents) for check in thin]
    return said


def _how_to_learn_more(judged: Iterable[Judged], evidence: Evidence | None) -> str:
    unread = {
        each.check.channel: evidence.unread_share(each.check.channel)
        for each in judged
        if evidence is not None and each.finding == "learnt_too_little"
    }
    listed = ", ".join(f"{share:.0%} of channel {name} was read by no stage" for name, share in unread.items() if share)
    key = evidence.size_key if evidence else "mix.stage1.num_tokens or passes"
    tokens = f"the tokens ({key}{': ' + listed if listed else ''})"
    first = "Too little was learnt: look at the quality of the domain text first"
    return f"{first}, then at {tokens}, then at rate and share."


def _growth(judged: Iterable[Judged], evidence: Evidence | None) -> float:
    """Return how many times the tokens to read: 1 unless all that is wrong is that too little was learnt."""
    failed = [each for each in judged if not each.check.passed]
    if evidence is None or not failed or any(each.finding != "learnt_too_little" for each in failed):
        return 1.0
    return max(evidence.growth(each.check.channel) for each in failed)


def _factors(judged: list[Judged]) -> tuple[float, float]:
    """Give what the learning rate and the domain share are multiplied by."""
    findings = {each.finding for each in judged}
    if "not_a_number" in findings:
        return 0.25, 1.0
    if findings & {"forgotten", "may_be_forgotten"}:
        far = any(_limits_risen(each.check) > _FAR_OVER for each in judged)
        return (0.25 if far else 0.5), 0.5
    if "got_worse" in findings:
        return 0.5, 1.0
    if "learnt_too_little" in findings:
        return 1.5, 1.5
    return 1.0, 1.0


def _limits_risen(check: Check) -> float:
    """Give a general channel's rise in limits; 0 for everything else."""
    return (check.point or 0.0) / max(check.limit, 1e-9) if check.role == "general" else 0.0


def _scaled_share(value: float, factor: float) -> float:
    """Scale within [0.05, 0.9]; a share already outside is not pushed further out."""
    if factor < 1.0:
        return max(_rounded(value * factor), min(value, _LOWEST_SHARE))
    return min(_rounded(value * factor), max(value, _HIGHEST_SHARE))


def _rounded(value: float) -> float:
    """Keep two significant digits."""
    return float(f"{value:.2g}")
