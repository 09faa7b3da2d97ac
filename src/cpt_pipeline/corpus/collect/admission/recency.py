"""General text that the base has hardly read: published no earlier than half a year before the base was released.

A team needs about half a year from collecting to release, and what was published since is also better cleaned (seed
004). Applies where a date is known; a document without one is kept.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date

from pydantic import Field

from cpt_pipeline.core.params import Params


class RecencyParams(Params):
    """`collect.recency` in conf."""

    base_released: date | None = None
    """Release of the base model; none switches the rule off."""
    months_before: int = Field(6, ge=0)
    channels: tuple[str, ...] | None = None
    """Channels that the rule is for; none means the general ones."""

    @property
    def published_after(self) -> date | None:
        """The earliest date that is recent."""
        if self.base_released is None:
            return None
        months = self.base_released.year * 12 + self.base_released.month - 1 - self.months_before
        year, month = divmod(months, 12)
        return date(year, month + 1, min(self.base_released.day, monthrange(year, month + 1)[1]))


def is_older(published: str, border: date) -> bool:
    """Say whether a date is surely before the border: of `2023` and `2023-05` the last day counts."""
    year, month, day = ([int(part) for part in published.split("-")] + [0, 0])[:3]
    month = month or 12
    return date(year, month, day or monthrange(year, month)[1]) < border
