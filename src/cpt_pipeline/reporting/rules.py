"""What each rule of clean took, would have taken, and could not read, by channel and category."""

from __future__ import annotations

from cpt_pipeline.reporting import words
from cpt_pipeline.reporting.page import Cell, Mark, Table, table
from cpt_pipeline.reporting.reading import Artifacts

_COLUMNS = (
    *("channel", "category", "rule", "excluded", "of the characters", "would exclude", "of the characters"),
    "cannot read",
)
_NOTHING = (0.0, 0.0)
_TOGETHER = Mark("all that only count, together", "quiet")


def rules(artifacts: Artifacts) -> Table:
    """Return a row per rule that took something, would have taken or could not read it; the largest first."""
    rows: list[list[Cell]] = []
    for channel in artifacts.mapping("clean_metrics", "rules"):
        for category, report in artifacts.mapping("clean_metrics", "rules", channel).items():
            rows += [[channel, category, *row] for row in _rows(Artifacts({"rules": report}))]
    return table(_COLUMNS, rows, left=(0, 1, 2))


def _rows(found: Artifacts) -> list[list[Cell]]:
    total = found.number("rules", "judged", "characters")
    kinds = {kind: found.mapping("rules", kind) for kind in ("excluded", "counted", "unread")}
    amounts = {
        reason: [
            _taken(found, kind, reason) if reason in kinds[kind] else (0.0, 0.0) for kind in ("excluded", "counted")
        ]
        for reason in dict.fromkeys(reason for reasons in kinds.values() for reason in reasons)
    }
    ordered = sorted(amounts, key=lambda reason: (*(-(characters or 0.0) for _, characters in amounts[reason]), reason))
    rows: list[list[Cell]] = []
    if kinds["counted"]:
        rows.append([_TOGETHER, "", "", *_cells(_taken(found, "counted_together"), total), ""])
    for reason in ordered:
        unread = found.number("rules", "unread", reason) if reason in kinds["unread"] else 0.0
        taken = [cell for amount in amounts[reason] for cell in _cells(amount, total)]
        rows.append([reason.replace("_", " "), *taken, words.count(unread)])
    return rows


def _taken(found: Artifacts, *place: str) -> tuple[float | None, float | None]:
    return found.number("rules", *place, "documents"), found.number("rules", *place, "characters")


def _cells(taken: tuple[float | None, float | None], total: float | None) -> list[Cell]:
    documents, characters = taken
    share = characters / total if characters is not None and total else None
    return [words.count(documents), words.percent(share, 2)]
