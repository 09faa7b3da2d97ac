"""Which works share text, wherever the borders of their documents lie: sketches, and their comparison.

A sketch holds the hashes of a text's passages that are below a fixed bound, one in 64 (FracMinHash: Irber et al. 2022),
so what two texts share is in both sketches whatever stands before or behind it. A passage is a run of 40 letters and
digits. A gigabyte of text is sketched in about 10 seconds of one core and leaves 0.2 GB on disk, which are compared in
6 more; memory grows with the number of works and of pairs that share something, not with the text.

It is an estimate. Of pairs of documents of 3,000 characters that share a third, a quarter and a tenth, 98, 78 and 1 %
are linked, of 1,000 characters that share a half, a third and a tenth 98, 83 and 8 %. Too many links cost evidence and
measure nothing wrongly.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.engine.hash_files import Hashes, Pairs, merge_pairs

LINKED_SHARE = 0.2
"""Works are one when so much of the shorter one stands in the other."""
MAX_WORKS = 16
"""A passage of more works than this is a form (a licence, a header, a menu) and says nothing of two of them. There are
seldom so many editions of one text, and files of code under one licence are soon more."""
_LETTERS_PER_PASSAGE = 40
"""Eight English words: longer than common phrases, short enough to survive corrections of a scan."""
_RATE_BITS = 6
"""One hash in 64 is taken: of a document of 1,000 characters about 13."""
_MIN_SHARED = 2
"""Common hashes from which works are compared: by one alone, a long quotation would link short texts."""
_SEED = np.uint64(1)
_NUM_CODES = 0x32400
"""No letter or digit of Unicode lies beyond, and the last of these is none."""
_MEMORY_BYTES = 64 << 20
"""Of the pairs that are sorted at a time; what is made of them takes three times as much."""

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


def sketch(folded: str) -> Hashes:
    """Return the sketch of a folded text, sorted, each hash once; a text of fewer than 40 letters has none."""
    from cpt_pipeline.corpus.dedup.near.minhash_kernel import sample_ngrams

    if folded.isascii():
        codes = np.frombuffer(folded.encode("ascii"), np.uint8)
    else:
        codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), np.uint32)
    bound = np.uint64(1 << (64 - _RATE_BITS))
    hashes = np.unique(sample_ngrams(codes, _is_letter(), _LETTERS_PER_PASSAGE, _SEED, bound))
    return hashes << np.uint64(_RATE_BITS)  # over all numbers again: they are sorted in ranges of equal width


def find_shared(sketches: Sequence[Path], chosen: Mask, works: Numbers) -> tuple[Numbers, Numbers]:
    """Return the pairs of works (smaller number, larger one) that share a fifth of the shorter one's text.

    `sketches` hold pairs of hash and document number (`hash_files`). `works` names each document's work; those that
    are not `chosen` count for none. The answer depends neither on the number of files nor on their order.
    """
    num_works = int(works.max()) + 1 if works.size else 0
    sizes = np.zeros(num_works, np.int64)
    met, counts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for pairs in merge_pairs(sketches, _MEMORY_BYTES):
        hashes, owners = _repeated(pairs, chosen, works, sizes)
        found, count = np.unique(_meetings(hashes, owners, num_works), return_counts=True)
        met.append(found)
        counts.append(count)
    keys, inverse = np.unique(np.concatenate(met), return_inverse=True)
    shared = np.bincount(inverse, weights=np.concatenate(counts))
    first, second = np.divmod(keys, max(num_works, 1))
    needed = np.maximum(LINKED_SHARE * np.minimum(sizes[first], sizes[second]), _MIN_SHARED)
    return first[shared >= needed], second[shared >= needed]


def _repeated(pairs: Pairs, chosen: Mask, works: Numbers, sizes: Numbers) -> tuple[Hashes, Numbers]:
    """Return the hashes of two documents or more, with each work that has one, once; count all hashes in `sizes`."""
    documents = pairs["document"].astype(np.int64)
    counted = chosen[documents]
    hashes, owners = pairs["hash"][counted], works[documents[counted]]
    same = hashes[1:] == hashes[:-1]
    repeated = np.zeros(hashes.size, np.bool_)
    repeated[1:] |= same
    repeated[:-1] |= same
    sizes += np.bincount(owners[~repeated], minlength=sizes.size)
    order = np.lexsort((owners[repeated], hashes[repeated]))
    hashes, owners = hashes[repeated][order], owners[repeated][order]
    new = np.ones(hashes.size, np.bool_)
    new[1:] = (hashes[1:] != hashes[:-1]) | (owners[1:] != owners[:-1])
    sizes += np.bincount(owners[new], minlength=sizes.size)
    return hashes[new], owners[new]


def _meetings(hashes: Hashes, owners: Numbers, num_works: int) -> Numbers:
    """Return one number for each time that two works have the same hash: first work * `num_works` + second."""
    _, sizes = np.unique(hashes, return_counts=True)
    telling = np.repeat((sizes > 1) & (sizes <= MAX_WORKS), sizes)
    hashes, owners = hashes[telling], owners[telling]
    met = [np.empty(0, np.int64)]
    for offset in range(1, MAX_WORKS):
        same = hashes[offset:] == hashes[:-offset]
        met.append(owners[:-offset][same] * num_works + owners[offset:][same])
    return np.concatenate(met)


@cache
def _is_letter() -> Mask:
    return np.array([chr(code).isalnum() for code in range(_NUM_CODES)])
