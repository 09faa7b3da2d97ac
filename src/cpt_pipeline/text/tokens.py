"""The English words of texts as strings and as columns, with every chunk between white space cut once.

Words and sentences are those of datatrove's English tokenizer (spaCy's blank pipeline). Most chunks of a text have been
seen before, so what spaCy makes of them is remembered; `spacy_chunks` says when a chunk is not enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
import numpy.typing as npt

from cpt_pipeline.text.spacy_chunks import ChunkCutter, Cut

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MAX_CACHED_CHUNKS: Final = 500_000
_MAX_CACHED_CHARACTERS: Final = 16_000_000
_BLOCK_CHUNKS: Final = 100_000
_TOKENS_PER_CHUNK: Final = 3
_SOLID, _LETTER = 1, 2
_WHITE_SPACE: Final = re.compile(r"\s+")
_PIECES: Final = re.compile(r"\s+|\S+")
_BASE: Final = np.uint64(0x9E3779B97F4A7C15 | 1)
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of a text as columns, in order."""

    hashes: U64
    """Hash of the characters: equal words have equal hashes, in any process."""
    lengths: I64
    """Characters."""
    solid: Flags
    """Not only punctuation and control characters, in datatrove's list of them."""
    letters: Flags
    """Has a letter."""


class EnglishWords:
    """Cuts texts into words; what it remembers makes it faster and changes nothing.

    Holds at most `max_chunks` distinct chunks and forgets them all when they would be more.
    """

    def __init__(self, max_chunks: int = MAX_CACHED_CHUNKS) -> None:
        self._cutter = ChunkCutter()
        self._max_chunks = max(2, max_chunks)
        self._block = min(_BLOCK_CHUNKS, self._max_chunks - 1)
        self._forget()

    @property
    def num_cached_chunks(self) -> int:
        """Chunks whose words are known."""
        return len(self._ids)

    def words(self, text: str) -> list[str]:
        """Give the words of a text."""
        blocks = self._read(text)
        if blocks is None:
            return self._cutter.cut_text(text)
        return [word for ids in blocks for word in chain.from_iterable(map(self._words.__getitem__, ids))]

    def tokens(self, text: str) -> Tokens:
        """Give the words of a text as columns."""
        blocks = self._read(text)
        if blocks is None:
            return describe_words(self._cutter.cut_text(text))
        parts = [self._gather(ids) for ids in blocks]
        return parts[0] if len(parts) == 1 else _concatenate(parts)

    def num_words(self, text: str) -> int:
        """Count the words of a text."""
        blocks = self._read(text)
        if blocks is None:
            return len(self._cutter.cut_text(text))
        return sum(int(self._counts[np.array(ids, np.int64)].sum()) for ids in blocks)

    def num_sentences(self, line: str) -> int:
        """Count the sentences of a line as spaCy's sentencizer does, white space at its ends included."""
        blocks = self._read(line)
        if blocks is None or len(chunks := line.split()) > self._block:
            return self._cutter.num_sentences(line)
        marks = [self._marks[number] for ids in blocks for number in ids]
        joined = "".join(marks) if " ".join(chunks) == line else _with_white_space(line, marks)
        return joined.count("20") + 1 if line else 0

    def _read(self, text: str) -> Iterator[list[int]] | None:
        """Give the ids of the text's chunks block by block, each valid until the next; None if only spaCy can say."""
        chunks = text.split()
        if len(chunks) <= self._block:
            ids = self._look_up(chunks)
            return None if self._crosses(text, chunks, ids) else iter((ids,))
        starts = range(0, len(chunks), self._block)
        # One chunk more than the block, so that the neighbours at its border are looked at too.
        parts = ((start, chunks[start : start + self._block + 1]) for start in starts)
        if any(self._crosses(text, part, self._look_up(part), start) for start, part in parts):
            return None
        return (self._look_up(chunks[start : start + self._block]) for start in starts)

    def _look_up(self, chunks: list[str]) -> list[int]:
        try:
            return list(map(self._ids.__getitem__, chunks))
        except KeyError:
            self._learn(chunks)
        return list(map(self._ids.__getitem__, chunks))

    def _learn(self, chunks: list[str]) -> None:
        new = [chunk for chunk in dict.fromkeys(chunks) if chunk not in self._ids]
        cut = self._cutter.cut_chunks(new)
        if not self._has_room(new, cut):
            self._forget()
            new = list(dict.fromkeys(chunks))
            cut = self._cutter.cut_chunks(new)
            self._reserve(sum(len(each.words) for each in cut), len(new))
        self._store(new, cut)

    def _has_room(self, new: list[str], cut: list[Cut]) -> bool:
        num_words = self._num_words + sum(len(each.words) for each in cut)
        num_characters = self._num_characters + sum(map(len, new))
        return (
            len(self._ids) + len(new) <= self._max_chunks
            and num_words <= len(self._hashes)
            and num_characters <= _MAX_CACHED_CHARACTERS
        )

    def _forget(self) -> None:
        self._ids: dict[str, int] = {}
        self._words: list[tuple[str, ...]] = []
        self._marks: list[str] = []
        self._changed: dict[str, tuple[str, str]] = {}
        """Chunk that a special case inside has changed, to the first and last of its words before the change."""
        self._num_words = self._num_characters = 0
        self._reserve(_TOKENS_PER_CHUNK * self._max_chunks, self._max_chunks)

    def _reserve(self, num_words: int, num_chunks: int) -> None:
        """Make room; pages that are never written cost nothing."""
        num_words = max(num_words, _TOKENS_PER_CHUNK * self._max_chunks)
        num_chunks = max(num_chunks, self._max_chunks)
        self._starts, self._counts = np.empty(num_chunks, np.int64), np.empty(num_chunks, np.int64)
        self._hashes = np.empty(num_words, np.uint64)
        self._lengths = np.empty(num_words, np.int64)
        self._flags = np.empty(num_words, np.uint8)

    def _store(self, chunks: list[str], cut: list[Cut]) -> None:
        words = [word for each in cut for word in each.words]
        counts = np.array([len(each.words) for each in cut], np.int64)
        first, at = len(self._ids), self._num_words
        self._counts[first : first + len(cut)] = counts
        self._starts[first : first + len(cut)] = at + np.cumsum(counts) - counts
        self._hashes[at : at + len(words)] = hash_words(words)
        self._lengths[at : at + len(words)] = [len(word) for word in words]
        self._flags[at : at + len(words)] = [_flags(word) for word in words]
        self._words += (each.words for each in cut)
        self._marks += (each.marks for each in cut)
        self._changed.update((chunk, each.edges) for chunk, each in zip(chunks, cut, strict=True) if each.edges)
        self._ids.update(zip(chunks, range(first, first + len(cut)), strict=True))
        self._num_words += len(words)
        self._num_characters += sum(map(len, chunks))

    def _gather(self, ids: list[int]) -> Tokens:
        rows = np.array(ids, np.int64)
        counts = self._counts[rows]
        at = np.arange(counts.sum()) + np.repeat(self._starts[rows] - (np.cumsum(counts) - counts), counts)
        flags = self._flags[at]
        return Tokens(
            self._hashes[at], self._lengths[at], (flags & _SOLID).astype(np.bool_), (flags & _LETTER).astype(np.bool_)
        )

    def _crosses(self, text: str, chunks: list[str], ids: list[int], start: int = 0) -> bool:
        """Say whether a special case could match across a blank next to a chunk that one has changed."""
        if self._changed.keys().isdisjoint(chunks):
            return False
        changed = (place for place, chunk in enumerate(chunks) if chunk in self._changed)
        lefts = [left for place in changed for left in (place - 1, place) if 0 <= left < len(chunks) - 1]
        opened = [left for left in lefts if self._is_open(chunks, ids, left)]
        if not opened:
            return False
        gaps = _WHITE_SPACE.findall(text.strip())
        return any(gaps[start + left] == " " for left in opened)

    def _is_open(self, chunks: list[str], ids: list[int], left: int) -> bool:
        right = left + 1
        _, last = self._changed.get(chunks[left]) or ("", self._words[ids[left]][-1])
        first, _ = self._changed.get(chunks[right]) or (self._words[ids[right]][0], "")
        return (last, first) in self._cutter.pairs


def hash_words(words: list[str]) -> U64:
    """Hash the characters of each word as a polynomial, so that hash(ab) = hash(a) + powers(len(a)) * hash(b)."""
    lengths = np.array([len(word) for word in words], np.int64)
    if not len(words):
        return np.empty(0, np.uint64)
    terms = mix(encode("".join(words)).astype(np.uint64))
    starts = np.cumsum(lengths) - lengths
    place = np.arange(len(terms)) - np.repeat(starts, lengths)
    return np.add.reduceat(terms * powers(place), starts)


def powers(exponents: I64) -> U64:
    """Give the powers of the hash's base, modulo 2 ** 64."""
    table = np.full(int(exponents.max(initial=0)) + 1, _BASE)
    table[0] = 1
    return np.cumprod(table)[exponents]


def mix(values: U64) -> U64:
    """Spread small numbers over 64 bits (the finaliser of splitmix64)."""
    values = (values + _GOLDEN) * _MIX_1
    values = (values ^ (values >> np.uint64(27))) * _MIX_2
    return values ^ (values >> np.uint64(31))


def encode(text: str) -> npt.NDArray[np.uint32]:
    """Give the code points of a text; lone surrogates count as themselves."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _flags(word: str) -> int:
    from datatrove.utils.text import PUNCTUATION_SET

    return _SOLID * (not PUNCTUATION_SET.issuperset(word)) | _LETTER * any(map(str.isalpha, word))


def describe_words(words: list[str]) -> Tokens:
    """Return words as columns."""
    flags = np.array([_flags(word) for word in words], np.uint8)
    lengths = np.array([len(word) for word in words], np.int64)
    return Tokens(hash_words(words), lengths, (flags & _SOLID).astype(np.bool_), (flags & _LETTER).astype(np.bool_))


def _concatenate(parts: list[Tokens]) -> Tokens:
    return Tokens(
        np.concatenate([part.hashes for part in parts]),
        np.concatenate([part.lengths for part in parts]),
        np.concatenate([part.solid for part in parts]),
        np.concatenate([part.letters for part in parts]),
    )


def _with_white_space(line: str, marks: list[str]) -> str:
    """Give the marks of a line with those of the white space that spaCy keeps as tokens: all but single blanks."""
    left = iter(marks)
    pieces = _PIECES.findall(line)
    found = [next(left) if not piece.isspace() else "0" * (piece != " ") for piece in pieces]
    if pieces and pieces[0] == " ":
        found[0] = "0"
    return "".join(found)
