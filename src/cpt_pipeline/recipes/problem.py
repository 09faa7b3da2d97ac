"""A setting that keeps a run from its end."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """The key to change, and why."""

    key: str
    words: str
