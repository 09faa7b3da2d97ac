"""What spaCy's blank English makes of a chunk between white space, and when that is not what it makes of the text.

spaCy cuts a text chunk by chunk, but then matches its special cases (`:)`, `a.m.`) over the tokens of the whole text. A
match across a blank changes nothing itself, yet it can take the place of one inside a chunk. So a chunk that such a
match has changed is known by its `edges`: where these and a neighbour's are next to each other in some special case
(`pairs`), only the whole text will do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

MAX_CHUNK_CHARACTERS: Final = 1_000
"""A longer chunk is one word. spaCy takes time quadratic in a run of brackets (1,000: 0.07 s, 8,000: 4.7 s), and C4
takes lines with a longer word out."""
_BREAKS_SPACY, _STAND_IN = "IS_ALPHA", "IS_ALPHB"
"""spaCy 3.8 fails on this word the second time it meets it (datatrove then takes it out of the text)."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Cut:
    """A chunk's words."""

    words: tuple[str, ...]
    marks: str
    """What the sentencizer sees: `2` ends a sentence, `0` begins the next after that; punctuation is neither."""
    edges: tuple[str, str] | None = None
    """First and last word before a special case inside changed the chunk; None where none did."""


class ChunkCutter:
    """spaCy's blank English with its sentencizer, and the same without special cases that are matched over tokens."""

    def __init__(self) -> None:
        import spacy

        self._pipeline = spacy.blank("en")
        sentencizer: Any = self._pipeline.add_pipe("sentencizer")
        self._enders = frozenset(sentencizer.punct_chars)
        full: Any = self._pipeline.tokenizer
        cut_by = type(full)
        affixes = (full.prefix_search, full.suffix_search, full.infix_finditer)
        # Those special cases are matched over tokens in which an affix is found; while the cases are loaded, none is.
        late = [_Late(search, nothing) for search, nothing in zip(affixes, (None, None, ()), strict=True)]
        self._bare: Any = cut_by(self._pipeline.vocab, full.rules, *late, full.token_match, full.url_match)
        for each in late:
            each.awake = True
        plain = cut_by(self._pipeline.vocab, {}, *affixes, full.token_match, full.url_match)
        patterns = [tuple(token.text for token in plain(key)) for key in full.rules]
        self._single = {pattern[0] for pattern in patterns if len(pattern) == 1}
        self.pairs = frozenset(pair for pattern in patterns for pair in pairwise(pattern))
        """Words that stand next to each other in a special case."""

    def cut_text(self, text: str) -> list[str]:
        """Cut a whole text."""
        with self._pipeline.memory_zone():
            return [word for word, _ in self._read(text, self._run(text)) if not word.isspace()]

    def num_sentences(self, text: str) -> int:
        """Count the sentences of a whole text."""
        with self._pipeline.memory_zone():
            return sum(1 for _ in self._run(text).sents)

    def cut_chunks(self, chunks: Sequence[str]) -> list[Cut]:
        """Cut chunks, each by itself."""
        with self._pipeline.memory_zone():
            cut = iter(list(self._cut_lines([chunk for chunk in chunks if len(chunk) <= MAX_CHUNK_CHARACTERS])))
        return [next(cut) if len(chunk) <= MAX_CHUNK_CHARACTERS else Cut((chunk,), "0") for chunk in chunks]

    def _cut_lines(self, chunks: list[str]) -> Iterator[Cut]:
        text = "".join(f"{chunk}\n" for chunk in chunks)
        words: list[str] = []
        marks: list[str] = []
        for word, mark in self._read(text, self._bare(_readable(text))):
            if word != "\n":
                words.append(word)
                marks.append(mark)
                continue
            yield self._with_special_cases(tuple(words), "".join(marks))
            words, marks = [], []

    def _with_special_cases(self, words: tuple[str, ...], marks: str) -> Cut:
        if self._single.isdisjoint(words) and self.pairs.isdisjoint(pairwise(words)):
            return Cut(words, marks)
        chunk = "".join(words)
        cut = self._read(chunk, self._pipeline.tokenizer(_readable(chunk)))
        changed, new_marks = zip(*cut, strict=True)
        return Cut(changed, "".join(new_marks), None if changed == words else (words[0], words[-1]))

    def _read(self, text: str, tokens: Any) -> Iterator[tuple[str, str]]:
        """Give the words with their marks; they are the text's own, whatever stood in for them."""
        for token in tokens:
            word = text[token.idx : token.idx + len(token)]
            yield word, "2" if word in self._enders else "" if token.is_punct else "0"

    def _run(self, text: str) -> Any:
        self._pipeline.max_length = len(text) + 10
        return self._pipeline(_readable(text))


class _Late:
    """A search that finds nothing until it is awake."""

    def __init__(self, search: Any, nothing: object) -> None:
        self._search, self._nothing, self.awake = search, nothing, False

    def __call__(self, text: str) -> Any:
        return self._search(text) if self.awake else self._nothing


def _readable(text: str) -> str:
    """Give a text of the same length that spaCy does not fail on."""
    if not text.isascii():
        text = _SURROGATE.sub("\ufffd", text)
    return text.replace(_BREAKS_SPACY, _STAND_IN)
