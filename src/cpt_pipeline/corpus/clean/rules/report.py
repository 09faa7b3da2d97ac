"""The account of what each rule took, or would have taken where it only counts, by channel and category."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any, Final

from cpt_pipeline.core.params import Report

RULES: Final = "rules/"
"""Begin of the counters that `judging.JudgeText` leaves: RULES and a list of channel, category, kind, reason, what."""


class Taken(Report):
    """How much a rule takes."""

    documents: int = 0
    characters: int = 0
    """Of these documents; of a rule that takes lines out, of the lines."""


class RulesReport(Report):
    """What the rules found in the documents of one channel and category."""

    judged: Taken
    """What came to the rules."""
    excluded: dict[str, Taken]
    """Reason to what it excluded; the first one that was broken."""
    counted: dict[str, Taken]
    """Reason to what it would have taken, had it not only counted; a document can be under several."""
    counted_together: Taken
    """What all of them would have taken together."""
    unread: dict[str, int]
    """Reason to the documents that its rule cannot read."""


def report_rules(counts: Counter[str]) -> dict[str, dict[str, RulesReport]]:
    """Return channel to category to what the rules found, from the counters that begin with `RULES`."""
    found: defaultdict[tuple[str, str], defaultdict[str, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))
    for name, number in sorted(counts.items()):
        channel, category, kind, reason, what = json.loads(name.removeprefix(RULES))
        found[channel, category][kind].setdefault(reason, {})[what] = number
    reports: dict[str, dict[str, RulesReport]] = {}
    for (channel, category), kinds in sorted(found.items()):
        reports.setdefault(channel, {})[category] = RulesReport(
            judged=Taken(**kinds["judged"][""]),
            excluded={reason: Taken(**taken) for reason, taken in kinds["excluded"].items()},
            counted={reason: Taken(**taken) for reason, taken in kinds["counted"].items()},
            counted_together=Taken(**kinds["counted_together"].get("", {})),
            unread={reason: taken["documents"] for reason, taken in kinds["unread"].items()},
        )
    return reports
