"""The parts a page is made of. The template knows how to draw them and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Tone = Literal["good", "bad", "open", "quiet"]


@dataclass(frozen=True)
class Mark:
    """A cell with a tone: passed, failed, undecided, or of less weight."""

    text: str
    tone: Tone


@dataclass(frozen=True)
class Bar:
    """A cell with a bar behind its text; `share` is of the longest."""

    text: str
    share: float


@dataclass(frozen=True)
class Lines:
    """A cell of several lines."""

    lines: tuple[str, ...]


Cell = str | Mark | Bar | Lines | None
"""None is shown as missing."""


@dataclass(frozen=True)
class Table:
    """Columns, and rows with a cell for each."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left: tuple[int, ...] = (0,)
    """Columns of text; the others hold numbers."""


@dataclass(frozen=True)
class Card:
    """One figure of the first screen."""

    label: str
    value: str | None
    note: str
    tone: Tone = "quiet"


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], left: Sequence[int] = (0,)) -> Table:
    """Make a table; every row must have a cell per column."""
    made = tuple(tuple(row) for row in rows)
    assert all(len(row) == len(columns) for row in made), f"a row does not fit the columns {columns}"
    return Table(tuple(columns), made, tuple(left))


def bars(values: Sequence[tuple[str | None, float | None]]) -> list[Cell]:
    """Make cells with bars of text and value; a missing value is missing."""
    longest = max((value for _, value in values if value is not None), default=0.0)
    return [
        None if text is None or value is None else Bar(text, value / longest if longest > 0 else 0.0)
        for text, value in values
    ]
