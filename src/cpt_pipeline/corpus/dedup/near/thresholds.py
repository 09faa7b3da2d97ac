"""How much text stays at each threshold of similarity, and the threshold that leaves as much as is wanted.

A higher threshold calls fewer documents copies, so it keeps more.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.dedup.near.clusters import clusters
from cpt_pipeline.corpus.dedup.near.pairs import read_pairs


class Kept(NamedTuple):
    """What stays at a threshold: the first document of every cluster."""

    threshold: float
    documents: int
    characters: int


def kept_by_threshold(
    pairs: Path, characters: npt.NDArray[np.int64], thresholds: Sequence[float], workdir: Path
) -> list[Kept]:
    """Give what stays at each threshold, lowest threshold first.

    `characters` is the size of each document (any other unit will do); `pairs` was written by `find_pairs` with
    `lowest` at most the lowest threshold.
    """
    curve = []
    for threshold in sorted(thresholds):
        labels = clusters(read_pairs(pairs), characters.size, workdir / "threshold.npy", min_similarity=threshold)
        kept = labels == np.arange(characters.size)
        curve.append(Kept(threshold, int(kept.sum()), int(characters[kept].sum())))
        (workdir / "threshold.npy").unlink()
    return curve


def pick_threshold(curve: Sequence[Kept], target_characters: int) -> float:
    """Give the lowest threshold that keeps the target, and the highest of the curve where none does.

    The lowest, because of texts that are all long enough the one with the fewest copies is the best.
    """
    for kept in sorted(curve):
        if kept.characters >= target_characters:
            return kept.threshold
    return max(curve).threshold
