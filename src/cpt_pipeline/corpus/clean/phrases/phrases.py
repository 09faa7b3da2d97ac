"""Phrases that a source repeats from document to document: templates, stock sentences, notices.

Every n-gram of words is counted by the documents of its source that hold it; a phrase is a run of n-grams that many
hold. Single documents are read alone, the counts lie in sorted files, so memory does not grow with the corpus, and a
big corpus is mined on a sample of its documents (chosen by the hash of their ids). Phrases are listed for review;
those that a large enough share of a source holds are removed when conf says from which share on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xxhash
from pydantic import Field, model_validator

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.engine.hash_files import Hashes, groups, merge_pairs
from cpt_pipeline.text.words import find_words, is_cjk

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_BLANK_LINES = re.compile(r"\n{3,}")
_RANKS = 1 << 64
_SOURCE_SHIFT = np.uint64(48)


class PhrasesParams(Params):
    """`clean.phrases` in conf."""

    enabled: bool = False
    ngram_words: int = Field(6, ge=2)
    ngram_cjk_characters: int = Field(10, ge=2)
    """The same for documents that are mostly Chinese or Japanese."""
    min_documents: int = Field(20, ge=2)
    """Of a source; phrases of fewer documents are not listed."""
    list_share: float = Field(0.01, gt=0, le=1)
    """Of a source's documents; rarer phrases are not listed."""
    remove_share: float | None = Field(None, gt=0, le=1)
    """From this share on a phrase is removed; none removes nothing."""
    mined_megabytes: int = Field(256, ge=1)
    """Text that is mined; of a bigger corpus a sample of so much."""
    max_listed: int = Field(50, ge=0)
    """Phrases in the report, per source, the most frequent first."""

    @model_validator(mode="after")
    def _removed_is_listed(self) -> PhrasesParams:
        if self.remove_share is not None and self.remove_share < self.list_share:
            raise ValueError("clean.phrases.remove_share is below list_share: what is removed must be listed")
        return self


@dataclass(frozen=True)
class Ngrams:
    """The n-grams of a text: n-gram `i` is of the characters `starts[i]:ends[i]`."""

    hashes: Hashes
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Phrase:
    """A run of frequent n-grams in a text."""

    start: int
    end: int
    documents: int
    """Of the source, as mined: the least of the run's n-grams."""


def is_mined(document_id: str, share: float) -> bool:
    """Say whether a document is in the sample; the same for every order and division of the corpus."""
    return xxhash.xxh3_64_intdigest(document_id) < share * _RANKS


def mined_number(number: int, source: int) -> int:
    """Give what stands for a document in the files of pairs: its number and that of its source."""
    return source << int(_SOURCE_SHIFT) | number


def find_ngrams(text: str, source: str, params: PhrasesParams) -> Ngrams:
    """Hash every run of words of a document; equal words in another source give other hashes."""
    words, starts, ends = find_words(text)
    cjk = 2 * sum(map(is_cjk, words)) > len(words)
    length = params.ngram_cjk_characters if cjk else params.ngram_words
    count = max(len(words) - length + 1, 0)
    single = np.fromiter((_hash_word(word) for word in words), np.uint64, len(words))
    hashes = np.full(count, np.uint64(_hash_word(source)))
    for offset in range(length if count else 0):
        hashes = (hashes * _FACTOR) ^ single[offset : offset + count]
    return Ngrams(hashes, starts[:count], ends[length - 1 :] if count else ends[:0])


class Frequent:
    """Hash of an n-gram to the number of its source's documents that hold it, for those that enough of them hold."""

    def __init__(self, hashes: Hashes, documents: npt.NDArray[np.int64]) -> None:
        self._hashes, self._documents = hashes, documents

    @classmethod
    def build(cls, pair_files: Sequence[Path], num_mined: Sequence[int], params: PhrasesParams) -> Frequent:
        """Count the files of all tasks, whose documents are `mined_number`s; `num_mined` is per source."""
        needed = np.maximum(params.min_documents, np.ceil(params.list_share * np.asarray(num_mined, np.float64)))
        hashes, counts = [], []
        for pairs in merge_pairs(pair_files):
            starts, documents = groups(pairs)
            kept = documents >= needed[(pairs["document"][starts] >> _SOURCE_SHIFT).astype(np.int64)]
            hashes.append(pairs["hash"][starts[kept]])
            counts.append(documents[kept])
        return cls(
            np.concatenate(hashes) if hashes else np.empty(0, np.uint64),
            np.concatenate(counts) if counts else np.empty(0, np.int64),
        )

    @classmethod
    def read(cls, path: Path) -> Frequent:
        """Read what `write` wrote."""
        table = np.load(path, allow_pickle=False)
        return cls(table["hash"], table["documents"])

    def write(self, path: Path) -> None:
        """Write the table (NumPy, no pickle)."""
        table = np.empty(self._hashes.size, [("hash", "<u8"), ("documents", "<i8")])
        table["hash"], table["documents"] = self._hashes, self._documents
        np.save(path, table, allow_pickle=False)

    def find(self, hashes: Hashes) -> npt.NDArray[np.int64]:
        """Give the documents of each n-gram, 0 for one that is not frequent."""
        if not self._hashes.size:
            return np.zeros(hashes.size, np.int64)
        places = np.minimum(np.searchsorted(self._hashes, hashes), self._hashes.size - 1)
        return np.where(self._hashes[places] == hashes, self._documents[places], 0)


def find_phrases(text: str, source: str, frequent: Frequent, params: PhrasesParams, min_documents: int) -> list[Phrase]:
    """Give the longest runs of n-grams that at least `min_documents` of the source's mined documents hold."""
    ngrams = find_ngrams(text, source, params)
    documents = frequent.find(ngrams.hashes)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (documents >= min_documents).astype(np.int8), [0]])))
    return [
        Phrase(int(ngrams.starts[first]), int(ngrams.ends[last - 1]), int(documents[first:last].min()))
        for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]


def remove_phrases(text: str, phrases: Iterable[Phrase]) -> str:
    """Give the text without the phrases, the punctuation that ended them, and lines that are left without a letter."""
    left = "".join(_between(text, phrases))
    lines = [line for line in left.split("\n") if not line.strip() or any(map(str.isalnum, line))]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip("\n")


def _between(text: str, phrases: Iterable[Phrase]) -> Iterator[str]:
    at = 0
    for phrase in sorted(phrases, key=lambda phrase: phrase.start):
        yield text[at : max(at, phrase.start)]
        at = max(at, phrase.end)
        while at < len(text) and not text[at].isalnum() and text[at] != "\n":
            at += 1
    yield text[at:]


@lru_cache(maxsize=1 << 18)
def _hash_word(word: str) -> int:
    return xxhash.xxh3_64_intdigest(word)
