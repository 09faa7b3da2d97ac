"""Copies by meaning among the documents of one cluster: each is a copy of a leader that stays, never of another copy.

Documents come in the order in which they would survive. One that is not within the threshold of a leader before it
becomes a leader; the others follow the first such leader. So nothing is excluded for a chain of small differences
(union-find would make one group of a, b, c where a and c have little in common), and no two leaders are copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.models.embeddings.hashed import Vectors

_BLOCK = 2_048


@dataclass(frozen=True)
class Leaders:
    """What was found at each of some thresholds."""

    leader: npt.NDArray[np.int64]
    """Shape [thresholds, documents]: the place of the leader that a document follows, -1 for a leader."""
    pairs: npt.NDArray[np.int64]
    """Shape [thresholds]: pairs at or above it."""
    num_compared: int


def find_leaders(vectors: Vectors, thresholds: Sequence[float], *, block: int = _BLOCK) -> Leaders:
    """Compare every pair of unit vectors, [documents, dimensions]; the lowest threshold comes first."""
    num_documents = len(vectors)
    leader = np.full((len(thresholds), num_documents), -1, np.int64)
    pairs = np.zeros(len(thresholds), np.int64)
    for start in range(0, num_documents, block):
        rows = vectors[start : start + block]
        for before in range(0, start + 1, block):
            cosines = rows @ vectors[before : before + block].T
            if before == start:
                cosines = np.tril(cosines, -1)
            most = cosines.max(initial=0.0)
            for place, threshold in enumerate(thresholds):
                if most < threshold:
                    break
                hits = cosines >= threshold
                pairs[place] += np.count_nonzero(hits)
                follow = _follow_in_block if before == start else _follow
                follow(leader[place], hits, start, before)
    return Leaders(leader, pairs, num_documents * (num_documents - 1) // 2)


def _follow(leader: npt.NDArray[np.int64], hits: npt.NDArray[np.bool_], start: int, before: int) -> None:
    """Let rows follow the first leader of an earlier block, all of whose leaders are known."""
    rows = leader[start : start + len(hits)]
    hits = hits & (leader[before : before + hits.shape[1]] < 0)
    found = np.flatnonzero(hits.any(axis=1) & (rows < 0))
    rows[found] = before + hits[found].argmax(axis=1)


def _follow_in_block(leader: npt.NDArray[np.int64], hits: npt.NDArray[np.bool_], start: int, _: int) -> None:
    """Let rows follow the first leader of their own block, in order: whether one leads depends on those before it."""
    rows = leader[start : start + len(hits)]
    for row in np.flatnonzero(hits.any(axis=1) & (rows < 0)):
        leads = hits[row, :row] & (rows[:row] < 0)
        if leads.any():
            rows[row] = start + leads.argmax()
