"""`dedup.coverage` in conf, and what is reported of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cpt_pipeline.core.inputs import InputFile
from cpt_pipeline.core.params import DropNulls, Params, Report


class CoverageParams(Params):
    """Which terms the text for training should hold."""

    terms: Annotated[dict[str, InputFile], DropNulls] = Field({})
    """Name of a list to its file: a term per line."""
    topics: bool = True
    """Also the distinctive terms of the benchmarks."""
    min_documents: int = Field(3, ge=1)
    """Of the domain channels; a term that fewer hold is a gap."""
    max_terms: int = Field(200, ge=1)
    """Of a topic: a benchmark and ability."""
    min_item_share: float = Field(0.5, gt=0, le=1)
    """An item of which a smaller share of terms is covered is a gap."""
    sample_documents: int = Field(1_000, ge=0)
    """General training documents, by their first 2,000 characters: what is common there tells no topic."""
    max_listed: int = Field(100, ge=0)
    """Terms, and gaps, in the report; of each list and topic."""


class TermListReport(Report):
    """What the text for training holds of one of the user's lists."""

    terms: int
    covered: int
    """Held by `min_documents` of the domain channels or more."""
    documents: dict[str, int]
    """Channel to its documents that hold any term."""
    listed: tuple[str, ...]
    """The terms, in the order of the list."""
    term_documents: dict[str, tuple[int, ...]]
    """Channel to the documents that hold each of `listed`."""
    gaps: tuple[str, ...]
    """Terms that are not covered, in the order of the list."""


class ItemGapReport(Report):
    """An item that asks for what the domain channels do not hold."""

    item: str
    missing: tuple[str, ...]
    general: bool
    """The channels of the run together would cover it: it may ask for what is to be kept, not learnt."""


class TopicReport(Report):
    """What the text for training holds of the items of one benchmark and ability."""

    terms: int
    covered: int
    """Held by `min_documents` of the domain channels or more."""
    covered_by_all: int
    """Of all channels."""
    items: int
    items_without_terms: int
    """Nothing distinctive is in them, so nothing can be said of them."""
    gap_items: int
    gap_items_by_all: int
    listed: tuple[str, ...]
    """The terms, the most distinctive first."""
    term_documents: dict[str, tuple[int, ...]]
    """Channel to the documents that hold each of `listed`."""
    gaps: tuple[ItemGapReport, ...]


class CoverageReport(Report):
    """Of training documents, after copies and leaks are gone."""

    lists: dict[str, TermListReport] = Field({})
    topics: dict[str, TopicReport] = Field({})
    """By `<benchmark>/<ability>`."""
