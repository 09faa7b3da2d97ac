"""What a maker gives for a document, and the makers that need no LLM."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

from cpt_pipeline.corpus.clean.augmentation.params import ShuffleParams, SynonymsParams
from cpt_pipeline.corpus.clean.augmentation.shuffle import shuffle_text
from cpt_pipeline.corpus.clean.augmentation.synonyms import Synonyms
from cpt_pipeline.corpus.engine.sieve import Row


@dataclass(frozen=True)
class Made:
    """A document in the making; with a verdict (reason, detail) it is excluded and has no text."""

    text: str = ""
    verdict: tuple[str, str] | None = None
    counts: dict[str, int] = field(default_factory=dict)
    """For the stage's report."""


class Maker(Protocol):
    """Makes documents of one kind; goes to the workers, so it holds no more than it needs."""

    def make(self, row: Row) -> Made | None:
        """Make a document from another; None where there was nothing to change."""

    def marks(self, row: Row) -> dict[str, str]:
        """Give what the metadata of the document say of its making, beside kind and parent."""


@dataclass(frozen=True)
class Shuffler:
    """Puts sentences or paragraphs in another order."""

    params: ShuffleParams

    def make(self, row: Row) -> Made | None:
        """Shuffle; the order follows from the id."""
        text = shuffle_text(row["text"], self.params.unit, f"{self.params.seed}:order:{row['id']}")
        return None if text is None else Made(text)

    def marks(self, _: Row) -> dict[str, str]:
        """Give nothing."""
        return {}


@dataclass(frozen=True)
class Replacer:
    """Replaces words by synonyms."""

    params: SynonymsParams

    def make(self, row: Row) -> Made | None:
        """Replace; the places follow from the id."""
        known = _synonyms(self.params.files)
        text = known.replace(row["text"], self.params.replaced_share, f"{self.params.seed}:places:{row['id']}")
        return None if text is None else Made(text)

    def marks(self, _: Row) -> dict[str, str]:
        """Give nothing."""
        return {}


@cache
def _synonyms(files: tuple[Path, ...]) -> Synonyms:
    """Load the lists once per process."""
    return Synonyms.load(files)
