"""Clusters of near copies: union-find over document numbers in a file, each cluster named by its smallest member.

A chain is one cluster: when A is near B and B near C, all three are. The names depend on the set of pairs alone, not
on their order or number of files.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.dedup.near.pairs import Pairs
from cpt_pipeline.corpus.dedup.near.signatures import new_array

_STEP = 1 << 20

Labels = npt.NDArray[np.int64]


def clusters(pairs: Iterable[Pairs], num_documents: int, out: Path, *, min_similarity: float = 0.0) -> Labels:
    """Write to `out`, and give as a memory map, the smallest member of each document's cluster.

    Pairs below `min_similarity` do not count; `pairs.read_pairs` gives what `find_pairs` wrote.
    """
    from cpt_pipeline.corpus.dedup.near.union_find import link, name_clusters

    parents = new_forest(out, num_documents)
    for batch in pairs:
        chosen = batch.where(batch.similarity >= np.float32(min_similarity))
        link(parents, chosen.first, chosen.second)
    name_clusters(parents)
    return np.load(out, mmap_mode="r", allow_pickle=False)[:num_documents]  # type: ignore[no-any-return]


def new_forest(out: Path, num_documents: int) -> Labels:
    """Write a file in which every document is a cluster of its own, and give it as an array that can be changed."""
    parents = new_array(out, np.int64, (num_documents,))
    for start in range(0, num_documents, _STEP):
        parents[start : start + _STEP] = np.arange(start, min(start + _STEP, num_documents))
    return parents
