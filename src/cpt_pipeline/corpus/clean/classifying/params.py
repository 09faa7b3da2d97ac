"""`clean.classify` and `clean.categories` in conf, and what is reported of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cpt_pipeline.core.inputs import InputFile, InputFolder
from cpt_pipeline.core.params import Report
from cpt_pipeline.corpus.models.classifier import ClassifierParams
from cpt_pipeline.corpus.models.classifier_report import ClassifierReport


class ClassifyParams(ClassifierParams):
    """Documents of some sources take their channel from a classifier."""

    sources: tuple[str, ...] = ()
    """Of new text of mixed kind, or a big general corpus in which text of the domain is looked for."""
    examples: InputFolder | None = None
    """`unique_documents` of an earlier round; none takes the documents of the other sources of this run."""
    max_examples: int = Field(2_000, ge=1)
    """Of a channel."""
    otherwise: Literal["keep", "exclude"] = "keep"
    """What becomes of a document that no channel is probable for: it keeps that of its source, or is excluded."""


class CategoriesParams(ClassifierParams):
    """Documents without a category take it from a classifier."""

    labels: InputFile | None = None
    """JSONL, an example per line: `text` and `label` (news, encyclopedia, textbook, ...)."""


class DoubtReport(Report):
    """A document near the threshold, to be looked at."""

    id: str
    channel: str
    """The likeliest."""
    probability: float
    taken: bool


class ClassifiedSourceReport(Report):
    """What the classifier made of one source."""

    channels: dict[str, int]
    """Channel to documents that clean kept and that have it from the classifier."""
    unclear: int
    """Kept with the channel of their source."""
    doubts: tuple[DoubtReport, ...]
    """Those nearest to their threshold; some may have been excluded since."""


class ClassifyReport(Report):
    """Channels by the classifier."""

    classifier: ClassifierReport
    sources: dict[str, ClassifiedSourceReport]


class CategorizeReport(Report):
    """Categories by the classifier."""

    classifier: ClassifierReport
    documents: dict[str, int]
    """Category to documents that were given it, and that clean kept."""
    unclear: int
    """Kept without a category."""
