"""How near copies are found: what is compared, and how surely a pair of a given similarity is.

Documents that agree in a whole band of their signatures are compared (locality-sensitive hashing: Indyk and Motwani
1998); the bands decide which pairs are seen, the comparison decides which are copies.
"""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from cpt_pipeline.core.params import Params, Seed


class MinHashParams(Params):
    """How near copies are found.

    20 bands of 6 rows find a pair of similarity 0.8 with probability 0.998 and compare one of similarity 0.3 with
    probability 0.015; the comparison then decides, with a standard error of 0.037 (`bands_for`, `standard_error`).
    """

    shingles: Literal["characters", "words"] = "characters"
    """What the n-grams are made of; a CJK character is a word of its own."""
    shingle_characters: int = Field(5, ge=1)
    shingle_words: int = Field(5, ge=1)
    num_bands: int = Field(20, ge=1)
    rows_per_band: int = Field(6, ge=1)
    min_similarity: float = Field(0.8, gt=0, le=1)
    """Share of common n-grams (Jaccard) from which two documents are copies. Higher keeps more."""
    max_comparisons: int = Field(64, ge=1)
    """Of the documents that agree in a band, each is compared with this many neighbours; fewer are all compared."""
    borderline_errors: float = Field(3.0, ge=0)
    """Pairs this many standard errors around `min_similarity` are decided by their texts, where that is asked for."""
    seed: Seed = 1

    @property
    def num_hashes(self) -> int:
        """Give the length of a signature."""
        return self.num_bands * self.rows_per_band

    @property
    def width(self) -> int:
        """Give how many characters or words are one shingle."""
        return self.shingle_characters if self.shingles == "characters" else self.shingle_words

    @property
    def doubtful_range(self) -> tuple[float, float]:
        """Give between which estimates a pair may lie on the other side of `min_similarity`."""
        margin = self.borderline_errors * standard_error(self.min_similarity, self.num_hashes)
        return self.min_similarity - margin, min(1.0, self.min_similarity + margin)


def count_places(similarity: float, num_hashes: int) -> int:
    """Give in how many places signatures of this similarity agree; a float's last bits do not ask for one more."""
    return math.ceil(similarity * num_hashes - 1e-4)


def detection_probability(similarity: float, num_bands: int, rows_per_band: int) -> float:
    """Give the probability that two documents of this similarity agree in some band, and so are compared."""
    return float(1 - (1 - similarity**rows_per_band) ** num_bands)


def standard_error(similarity: float, num_hashes: int) -> float:
    """Give the standard error of the similarity estimated from two signatures."""
    return math.sqrt(similarity * (1 - similarity) / num_hashes)


def bands_for(threshold: float, num_hashes: int, recall: float = 0.99) -> tuple[int, int]:
    """Give the (bands, rows per band) that compare the fewest other pairs and find `recall` of those at `threshold`.

    More rows per band let fewer chance pairs through; the most rows that still reach the recall are taken, or one row
    where none do.
    """
    for rows in range(num_hashes, 1, -1):
        if detection_probability(threshold, num_hashes // rows, rows) >= recall:
            return num_hashes // rows, rows
    return num_hashes, 1
