"""Vectors without a model: hashed words, projected at random onto a few hundred dimensions.

The cosine of two texts is about that of their weighted counts (feature hashing, Weinberger et al. 2009; sparse random
projection, Li, Hastie and Church 2006). It sees which words two texts share, in whatever order of sentences, and
nothing of what they mean: "a physician" and "a doctor" have only the article in common here.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import xxhash

from cpt_pipeline.corpus.models.embeddings.params import HashedParams
from cpt_pipeline.text.words import fold, is_cjk, split_words

Vectors = npt.NDArray[np.float32]
"""Shape [texts, dimensions], each row of length 1."""

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SPREAD = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))
_SHIFT = np.uint64(33)
_SIGN = np.uint64(63)


class HashedEmbedder:
    """Makes the vector of each text from that text alone."""

    def __init__(self, params: HashedParams) -> None:
        self._params = params
        self.dimensions = params.dimensions
        numbers = params.seed * params.nonzeros + np.arange(params.nonzeros, dtype=np.uint64)
        self._salts = numbers * _FACTOR

    def embed(self, texts: Iterable[str]) -> Vectors:
        """Give a vector per text; all texts without a letter or digit have the same one."""
        return np.array([self._embed(text) for text in texts], np.float32).reshape(-1, self.dimensions)

    def _embed(self, text: str) -> npt.NDArray[np.float64]:
        hashes, weights = self._features(text)
        total = np.zeros(self.dimensions)
        for salt in self._salts:
            spread = _mix(hashes + salt)
            places = (spread % np.uint64(self.dimensions)).astype(np.int64)
            total += np.bincount(places, np.where(spread >> _SIGN, weights, -weights), self.dimensions)
        length = float(np.linalg.norm(total))
        if not length:  # a text of one word whose places cancel out
            total[0] = length = 1.0
        return total / length

    def _features(self, text: str) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.float64]]:
        """Give words, CJK characters and pairs of them as hashes, each once, with weights that damp their counts."""
        words = split_words(fold(text)) or [""]
        single = np.fromiter(map(_hash_word, words), np.uint64, len(words))
        cjk = np.fromiter(map(_is_cjk, words), np.bool_, len(words))
        pairs = _mix(single[:-1] * _FACTOR + single[1:])[cjk[:-1] & cjk[1:]]
        single, counts = np.unique(single, return_counts=True)
        pairs, pair_counts = np.unique(pairs, return_counts=True)
        weights = [1 + np.log(counts), self._params.pair_weight * (1 + np.log(pair_counts))]
        return np.concatenate([single, pairs]), np.concatenate(weights)


def _mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Spread numbers over 64 bits, one to one (the last steps of MurmurHash3)."""
    for factor in _SPREAD:
        values = (values ^ (values >> _SHIFT)) * factor
    return values ^ (values >> _SHIFT)


@lru_cache(maxsize=1 << 18)
def _hash_word(word: str) -> int:
    return xxhash.xxh3_64_intdigest(word)


@lru_cache(maxsize=1 << 18)
def _is_cjk(word: str) -> bool:
    return is_cjk(word)
