"""MinHash signatures of texts.

A text is the set of its n-grams, of characters (so Chinese needs no word splitter) or of words. Two signatures agree
in as many places as the sets overlap (Broder 1997). Instead of one hash function per place, one hash of each n-gram
chooses its place (one permutation hashing: Li, Owen, Zhang 2012; for sets smaller than the signature: fast similarity
sketching, Dahlgaard, Knudsen, Thorup 2017), so the time does not grow with the length of the signature. How they are
stored and compared: `signatures`, `candidates`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.dedup.near.params import MinHashParams
from cpt_pipeline.text.words import is_cjk, is_mark, is_unspaced

_CHUNK = 1 << 16
_NUM_CODES = 0x110000

Signature = npt.NDArray[np.uint16]
"""Shape [num_bands * rows_per_band]."""
Signatures = npt.NDArray[np.uint16]
"""Shape [documents, num_bands * rows_per_band]."""


class Signer:
    """Make signatures of texts that were folded (`words.fold`). One per process and thread: it has a buffer."""

    def __init__(self, params: MinHashParams) -> None:
        from cpt_pipeline.corpus.dedup.near import minhash_kernel

        self._kernel = minhash_kernel
        self._params = params
        self._seed = np.uint64(params.seed)
        self._sketch = np.empty(params.num_hashes, np.uint64)

    def sign(self, text: str) -> Signature:
        """Give the signature of a text."""
        signature = np.empty(self._params.num_hashes, np.uint16)
        self._sign_into(text, signature)
        return signature

    def sign_many(self, texts: Iterable[str]) -> Signatures:
        """Give the signatures of some texts, one row each."""
        listed = list(texts)
        signatures = np.empty((len(listed), self._params.num_hashes), np.uint16)
        for text, signature in zip(listed, signatures, strict=True):
            self._sign_into(text, signature)
        return signatures

    def similarity(self, one: str, other: str) -> float:
        """Give the exact share of common shingles (of their 64-bit hashes) of two folded texts."""
        return jaccard(self.shingles(one), self.shingles(other))

    def shingles(self, text: str) -> npt.NDArray[np.uint64]:
        """Give the hashes of a folded text's shingles, each once, sorted."""
        found = np.empty(0, np.uint64)
        codes = self._codes(text)
        for start in range(0, _num_shingles(codes, self._params.width), _CHUNK):
            found = np.union1d(found, self._hashes(codes, start))
        return found

    def _sign_into(self, text: str, signature: Signature) -> None:
        codes, sketch = self._codes(text), self._sketch
        sketch.fill(self._kernel.EMPTY)
        num_empty = 0
        for start in range(0, _num_shingles(codes, self._params.width), _CHUNK):
            hashes = self._hashes(codes, start)
            num_empty = self._kernel.fill(sketch, hashes)
        if num_empty:
            self._kernel.fill_empty(sketch, hashes if codes.size < _CHUNK else self.shingles(text))
        self._kernel.as_signature(sketch, signature)

    def _codes(self, text: str) -> npt.NDArray[np.uint32] | npt.NDArray[np.uint64]:
        """Give the characters or the word hashes of a text, padded to one shingle.

        A text without any word is taken by its characters, so that not all of them are copies of one another.
        """
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        padding = max(0, self._params.width - codes.size)
        if self._params.shingles == "characters":
            return np.pad(codes, (0, padding)) if padding else codes
        from cpt_pipeline.text.kernel import hash_words

        words = hash_words(codes, _word_classes())
        words = words if words.size else codes.astype(np.uint64)
        return np.pad(words, (0, max(0, self._params.width - words.size)))

    def _hashes(self, codes: npt.NDArray[np.uint32] | npt.NDArray[np.uint64], start: int) -> npt.NDArray[np.uint64]:
        width = self._params.width
        return self._kernel.hash_ngrams(codes[start : start + _CHUNK + width - 1], width, self._seed)


def jaccard(one: npt.NDArray[np.uint64], other: npt.NDArray[np.uint64]) -> float:
    """Give the share of common members of two sets, each given without repetition; at least one is not empty."""
    common = np.intersect1d(one, other, assume_unique=True).size
    return float(common / (one.size + other.size - common))


def _num_shingles(codes: npt.NDArray[np.uint32] | npt.NDArray[np.uint64], width: int) -> int:
    return int(codes.size) - width + 1


@cache
def _word_classes() -> npt.NDArray[np.uint8]:
    """Return what each code point is to `words.split_words`.

    0 is no word, 1 part of a word, 2 a word of its own, 3 one that may have signs, 4 a sign.
    """
    classes = np.zeros(_NUM_CODES, np.uint8)
    for code in range(_NUM_CODES):
        character = chr(code)
        if is_cjk(character):
            classes[code] = 2
        elif is_unspaced(character):
            classes[code] = 3
        elif character.isalnum():
            classes[code] = 1
        elif is_mark(character):
            classes[code] = 4
    return classes
