"""Coverage: what the text for training holds of the user's terms and of the benchmarks' topics, and what it lacks."""

from __future__ import annotations

from typing import Any

from cpt_pipeline.reporting import words
from cpt_pipeline.reporting.page import Bar, Cell, Mark, Table, table
from cpt_pipeline.reporting.reading import Artifacts

_METRICS, _COVERAGE = "dedup_metrics", "coverage"
_TERMS = 12
"""Terms that a cell or a sentence names; the metrics name more."""
_ITEMS = 30


def lists(artifacts: Artifacts) -> Table:
    """Give for each list of the user how many of its terms the domain holds, and the first that it lacks."""
    rows: list[list[Cell]] = []
    for name in artifacts.mapping(_METRICS, _COVERAGE, "lists"):
        place = (_METRICS, _COVERAGE, "lists", name)
        total, covered = (artifacts.number(*place, key) for key in ("terms", "covered"))
        gaps = artifacts.rows(*place, "gaps")
        rows.append([name, words.count(total), _share(covered, total), _named(gaps, _difference(total, covered))])
    return table(("list", "terms", "in the domain", "missing there"), rows, left=(0, 3))


def topics(artifacts: Artifacts) -> Table:
    """Give for each benchmark and ability how many of its terms the domain holds, and all channels together."""
    rows: list[list[Cell]] = []
    for name, topic in _topics(artifacts):
        terms, covered, by_all, items, gaps, gaps_by_all = (
            topic.number("topic", key)
            for key in ("terms", "covered", "covered_by_all", "items", "gap_items", "gap_items_by_all")
        )
        counted = (words.count(each) for each in (items, gaps, gaps_by_all))
        rows.append([name, words.count(terms), _share(covered, terms), _share(by_all, terms), *counted])
    columns = ("topic", "terms", "in the domain", "in all channels", "items", "gaps", "gaps in all channels")
    return table(columns, rows)


def gaps(artifacts: Artifacts) -> list[tuple[str, str, Table]]:
    """Give for each topic with gaps its name, their number in words, and the items with what they ask for."""
    found = []
    for name, topic in _topics(artifacts):
        listed, total = topic.records("topic", "gaps"), topic.number("topic", "gap_items")
        if listed:
            shown = listed[:_ITEMS]
            short = f"{words.count(total) or 'missing'} items" + (
                f", the first {_ITEMS}" if len(listed) > _ITEMS else ""
            )
            rows = [_gap(Artifacts({"gap": gap})) for gap in shown]
            columns = ("item", "missing in the domain", "other channels")
            found.append((name, short, table(columns, rows, left=(0, 1, 2))))
    return found


def _topics(artifacts: Artifacts) -> list[tuple[str, Artifacts]]:
    given = artifacts.mapping(_METRICS, _COVERAGE, "topics")
    return [(name.replace("/", ": ", 1), Artifacts({"topic": topic})) for name, topic in given.items()]


def _gap(found: Artifacts) -> list[Cell]:
    general: Any = found.get("gap", "general")
    held: Cell = None if not isinstance(general, bool) else Mark("cover it", "quiet") if general else "do not"
    return [str(found.get("gap", "item")), _named(found.rows("gap", "missing"), None), held]


def _named(terms: list[Any], total: float | None) -> str:
    """Name the first terms; `total` is how many there are, where more are missing than listed."""
    number = max(len(terms), round(total or 0))
    shown = ", ".join(map(str, terms[:_TERMS]))
    return f"{shown} and {words.count(number - _TERMS)} more" if number > _TERMS else shown or "none"


def _share(part: float | None, whole: float | None) -> Cell:
    if part is None or whole is None:
        return None
    return Bar(f"{words.count(part)} ({words.percent(part / whole)})", part / whole) if whole else "0"


def _difference(whole: float | None, part: float | None) -> float | None:
    return None if whole is None or part is None else whole - part
