"""What becomes of each document: kept, held out, or excluded as a copy; a pure function of what the survey found.

Of copies the one of the best grade survives, of equal grades the earliest; but one that loses a passage for a benchmark
item only where all do. Held-out families (`heldout`) are drawn from the survivors of whole clusters, before any copy is
removed, so no training text is a near copy of a held-out one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xxhash

from cpt_pipeline.corpus.dedup.heldout import draw_heldout, link_works
from cpt_pipeline.corpus.dedup.params import DedupParams
from cpt_pipeline.corpus.dedup.survey import Survey

KEPT, HELDOUT, EXACT, NEAR, NEAR_HELDOUT, NEAR_EARLIER, BENCHMARK, SEMANTIC = range(8)
REASONS = {
    EXACT: "exact",
    NEAR: "near",
    NEAR_HELDOUT: "near_heldout",
    NEAR_EARLIER: "near_earlier",
    BENCHMARK: "benchmark",
    SEMANTIC: "semantic",
}
COPIES = (EXACT, NEAR, NEAR_HELDOUT, SEMANTIC)
"""Kinds of documents that have a survivor."""
HELD_OUT, PARENT = "heldout", "parent number"
"""Keys of a document's metadata: whether it is held out, and the number of the one it was made from, or its own."""


@dataclass(frozen=True)
class Verdicts:
    """One of the kinds above per document, and which document it is a copy of (itself where it is none)."""

    kinds: npt.NDArray[np.uint8]
    survivors: npt.NDArray[np.int64]
    num_clusters: int
    """Of two documents or more."""
    largest_cluster: int
    families: npt.NDArray[np.int64]
    """Per document: the number of the first work that shares text with its own, or of its own."""
    drawable: npt.NDArray[np.bool_]
    """Documents that the draw chose from: those that were held out, and those that could have been."""
    cosines: npt.NDArray[np.float32] | None = None
    """Of semantic copies with their survivors; the others are not said."""

    def digest(self) -> str:
        """Give a hash of what is decided."""
        hasher = xxhash.xxh3_128(self.kinds.tobytes())
        hasher.update(self.survivors.tobytes())
        return hasher.hexdigest()


def first_alike(exact: npt.NDArray[np.uint64], skip: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Give for each document the earliest one with the same text, which may be itself; skipped ones are alone."""
    first = np.arange(len(exact))
    taken = np.flatnonzero(~skip)
    if taken.size:
        _, places, inverse = np.unique(exact[taken], axis=0, return_index=True, return_inverse=True)
        first[taken] = taken[places][inverse.reshape(-1)]
    return first


def decide(
    survey: Survey,
    labels: npt.NDArray[np.int64],
    earlier: npt.NDArray[np.bool_],
    params: DedupParams,
    semantic: npt.NDArray[np.int64] | None = None,
    sketches: Sequence[Path] = (),
) -> Verdicts:
    """Judge every document; `labels` names each one's cluster by its smallest member.

    A document that leaks a benchmark item is alone in its cluster, and so is one that clean made, which is never held
    out; whether it stays with its parent is seen later (`families`). With `earlier`, documents of an earlier round are
    marked; where one of a cluster is, so is the whole cluster. `semantic` gives for each document the one that it is
    a copy of by meaning, or itself; the near copies of a document that goes for it follow it.
    `sketches` are the files of the survey's sketches.
    """
    itself = np.arange(survey.num_documents)
    near = _survivors(labels, survey)
    survivors = near if semantic is None else semantic[near]
    old = _old(labels, earlier)
    best = (survivors == itself) & ~survey.leaks
    free = best & ~old
    families = link_works(survey, survivors, best, sketches)
    known = np.isin(families, families[old])  # an earlier round has read other text of these families
    drawable = free & ~known & ~survey.synthetic
    heldout = draw_heldout(survey, drawable, families, params)
    same = (survey.exact == survey.exact[near]).all(axis=1)
    kinds = np.select(
        [survey.leaks, old, heldout, free, near == itself, heldout[survivors], same],
        [BENCHMARK, NEAR_EARLIER, HELDOUT, KEPT, SEMANTIC, NEAR_HELDOUT, EXACT],
        NEAR,
    ).astype(np.uint8)
    return Verdicts(kinds, survivors, *count_clusters(survivors), families, drawable)


def free_documents(
    survey: Survey, labels: npt.NDArray[np.int64], earlier: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Mark the documents of sources that would stay if nothing but exact and near copies were known."""
    survives: npt.NDArray[np.bool_] = _survivors(labels, survey) == np.arange(survey.num_documents)
    return survives & ~survey.leaks & ~survey.synthetic & ~_old(labels, earlier)


def count_clusters(survivors: npt.NDArray[np.int64]) -> tuple[int, int]:
    """Give the number of groups of two or more with one survivor, and the size of the largest."""
    sizes = np.bincount(survivors) if survivors.size else np.zeros(1, np.int64)
    return int((sizes > 1).sum()), int(sizes.max())


def _old(labels: npt.NDArray[np.int64], earlier: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Mark every document of a cluster in which one is of an earlier round."""
    old = np.zeros(labels.size, np.bool_)
    np.logical_or.at(old, labels, earlier)
    whole: npt.NDArray[np.bool_] = old[labels]
    return whole


def _survivors(labels: npt.NDArray[np.int64], survey: Survey) -> npt.NDArray[np.int64]:
    """Give for each document the member of its cluster that stays."""
    order = np.lexsort((np.arange(labels.size), -survey.quality, survey.trimmed, labels))
    _, firsts = np.unique(labels[order], return_index=True)
    best = np.zeros(labels.size, np.int64)
    best[labels[order[firsts]]] = order[firsts]
    return best[labels]
