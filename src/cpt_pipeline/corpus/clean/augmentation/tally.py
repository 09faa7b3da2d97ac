"""What is counted of made documents while they go by."""

from __future__ import annotations

from collections import Counter, defaultdict

from cpt_pipeline.corpus.clean.augmentation.params import SyntheticReport
from cpt_pipeline.corpus.engine.sieve import Row
from cpt_pipeline.formats.documents import read_synthetic

UNCHANGED, QUESTIONS = "unchanged/", "questions/"
"""Begin of the counters of the pass."""


class SyntheticTally:
    """Counts made documents; others pass unseen."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()
        self._excluded: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def keep(self, row: Row) -> None:
        """Count a document that is kept."""
        if found := read_synthetic(row):
            self.made[found.kind] += 1
            self._kept[found.kind] += 1

    def exclude(self, row: Row, reason: str) -> None:
        """Count one that is not."""
        if found := read_synthetic(row):
            self.made[found.kind] += 1
            self._excluded[found.kind][reason] += 1

    def report(self, counts: Counter[str], usage: Counter[str]) -> SyntheticReport:
        """Give the report; `counts` are those of the pass, `usage` of the LLM."""
        return SyntheticReport(
            made=_sorted(self.made),
            documents=_sorted(self._kept),
            excluded={kind: _sorted(reasons) for kind, reasons in sorted(self._excluded.items())},
            unchanged={
                name.removeprefix(UNCHANGED): number
                for name, number in sorted(counts.items())
                if name.startswith(UNCHANGED)
            },
            questions=counts[f"{QUESTIONS}written"],
            measured_questions=counts[f"{QUESTIONS}measured"],
            too_general_questions=counts[f"{QUESTIONS}too_general"],
            **usage,
        )


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
