"""Doubtful pairs decided by their texts.

A similarity read from two signatures is an estimate (± 0.037 at 0.8); what lies in `MinHashParams.doubtful_range` is
compared again, shingle by shingle. Pairs whose documents are in one cluster already are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.dedup.near.clusters import Labels, new_forest
from cpt_pipeline.corpus.dedup.near.minhash import Signer, jaccard
from cpt_pipeline.corpus.dedup.near.pairs import Pairs, PairWriter, read_pairs
from cpt_pipeline.corpus.dedup.near.params import MinHashParams

Verify = Callable[[Pairs], npt.NDArray[np.float64]]
"""Give the exact similarity of each pair; pairs come sorted by their first document."""

_BYTES_PER_PAIR = 100
_BATCH = 1 << 12


def settle(
    pairs: Path,
    num_documents: int,
    params: MinHashParams,
    verify: Verify,
    workdir: Path,
    *,
    memory_bytes: int = 1 << 30,
) -> Path:
    """Write the pairs that count at `min_similarity`, the doubtful ones with their exact similarity; give the file.

    `pairs` was written by `find_pairs(..., doubtful=True)`.
    """
    from cpt_pipeline.corpus.dedup.near.union_find import link

    forest = new_forest(workdir / "settled.npy", num_documents)
    num_doubtful = 0
    with PairWriter(workdir / "settled.parquet") as writer:
        for batch in read_pairs(pairs):
            sure = batch.where(_is_sure(batch, params))
            link(forest, sure.first, sure.second)
            writer.write(sure)
            num_doubtful += int(_is_doubtful(batch, params).sum())
        num_parts = -(-num_doubtful * _BYTES_PER_PAIR // memory_bytes)
        for part in range(num_parts):
            for some in _doubtful(pairs, params, part, num_parts):
                writer.write(_decide(some, forest, params, verify))
    (workdir / "settled.npy").unlink()
    return workdir / "settled.parquet"


def compare_texts(read_text: Callable[[int], str], params: MinHashParams, *, num_held: int = 64) -> Verify:
    """Give a `Verify` that reads folded texts by document number and holds the shingles of the last `num_held`."""
    signer = Signer(params)

    @lru_cache(num_held)
    def shingles(document: int) -> npt.NDArray[np.uint64]:
        return signer.shingles(read_text(document))

    def verify(pairs: Pairs) -> npt.NDArray[np.float64]:
        couples = zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
        return np.array([jaccard(shingles(first), shingles(second)) for first, second in couples], np.float64)

    return verify


def _is_sure(pairs: Pairs, params: MinHashParams) -> npt.NDArray[np.bool_]:
    return pairs.similarity >= np.float32(params.doubtful_range[1])


def _is_doubtful(pairs: Pairs, params: MinHashParams) -> npt.NDArray[np.bool_]:
    return ~_is_sure(pairs, params) & (pairs.similarity >= np.float32(params.doubtful_range[0]))


def _doubtful(pairs: Path, params: MinHashParams, part: int, num_parts: int) -> Iterator[Pairs]:
    """Give the doubtful pairs of one part, each once, sorted, some thousand at a time."""
    found = [np.empty((0, 2), np.int64)]
    for batch in read_pairs(pairs):
        mine = batch.where(_is_doubtful(batch, params) & (batch.first % num_parts == part))
        found.append(np.stack([mine.first, mine.second], axis=1))
    couples = np.unique(np.concatenate(found), axis=0)
    for start in range(0, len(couples), _BATCH):
        first, second = np.ascontiguousarray(couples[start : start + _BATCH].T)
        yield Pairs(first, second, np.zeros(first.size, np.float32))


def _decide(pairs: Pairs, forest: Labels, params: MinHashParams, verify: Verify) -> Pairs:
    from cpt_pipeline.corpus.dedup.near.union_find import are_linked, link

    pairs = pairs.where(~are_linked(forest, pairs.first, pairs.second))
    exact = verify(pairs) if pairs.first.size else np.empty(0)
    similar = exact >= params.min_similarity
    found = Pairs(pairs.first, pairs.second, exact.astype(np.float32)).where(similar)
    link(forest, found.first, found.second)
    return found
