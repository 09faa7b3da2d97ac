"""One text as all rules see it: characters, lines, paragraphs, words and n-grams, each computed once and when asked.

A rule is a `Check`: a number measured here and the limit it is held against. What a text's language decides is only how
its words are found: English ones by spaCy, Chinese ones as characters, those of other languages not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Annotated, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from cpt_pipeline.corpus.clean.ngrams import NGrams
from cpt_pipeline.corpus.clean.tokens import EnglishWords, Flags, Tokens, encode, mix
from cpt_pipeline.corpus.words import is_cjk, split_words

Script = Literal["english", "chinese", "other"]
NgramLimits = dict[Annotated[int, Field(ge=1)], Annotated[float, Field(ge=0)]]
"""Length of an n-gram to the largest share of a text that such n-grams may take."""

_LETTER, _ALNUM, _CJK, _HAN, _SPACE, _LATIN = 1, 2, 4, 8, 16, 32
_UNKNOWN: Final = frozenset({"", "und", "unknown"})
_LETTERS_PER_HAN: Final = 3
"""A Chinese word has 1.6 characters, an English one 5 letters."""
_TABLE_SIZE: Final = 0x34000
"""No character above this is a letter, a digit or a blank."""


class Check(NamedTuple):
    """A number and its limits, inclusive; None is no limit."""

    reason: str
    what: str
    value: float
    minimum: float | None = None
    maximum: float | None = None

    @property
    def detail(self) -> str | None:
        """Say what broke which limit; None where none is broken."""
        if self.minimum is not None and self.value < self.minimum:
            return f"{self.what} {_round(self.value)}, at least {_round(self.minimum)}"
        if self.maximum is not None and self.value > self.maximum:
            return f"{self.what} {_round(self.value)}, at most {_round(self.maximum)}"
        return None


class Repeats(NamedTuple):
    """How much of some lines or paragraphs stood there before."""

    share: float
    num_characters: int


class Text:
    """A text and what is measured on it."""

    def __init__(self, text: str, english: EnglishWords, language: str | None = None) -> None:
        self.text, self._english = text, english
        self._language = (language or "").lower().replace("_", "-").split("-")[0]

    def changed(self, text: str) -> Text:
        """Give the same document with another text; itself if the text is the same."""
        return self if text == self.text else Text(text, self._english, self._language)

    @cached_property
    def codes(self) -> npt.NDArray[np.uint32]:
        """The code points."""
        return encode(self.text)

    @cached_property
    def num_letters(self) -> int:
        """Letters of any script."""
        return self._count(_LETTER)

    @cached_property
    def num_solid(self) -> int:
        """Characters that are no white space."""
        return len(self.text) - self._count(_SPACE)

    @cached_property
    def num_han(self) -> int:
        """Chinese characters."""
        return self._count(_HAN)

    @cached_property
    def han_share(self) -> float:
        """Chinese characters among those that are no white space."""
        return self.num_han / max(self.num_solid, 1)

    @cached_property
    def script(self) -> Script:
        """Which words the rules may ask for.

        Text most of whose words are Han is Chinese whatever language is given (Japanese where kana stands between).
        Other text is English if that is given, or if nothing is given and its letters are mostly Latin.
        """
        if self.text.isascii():
            return "english" if self._language in _UNKNOWN or self._language == "en" else "other"
        letters = max(self.num_letters, 1)
        num_kana = self._count(_CJK) - self.num_han
        if self.num_han * _LETTERS_PER_HAN > letters - self.num_han - num_kana and self.num_han > 0.05 * letters:
            return "chinese" if num_kana <= 0.1 * self.num_han else "other"
        if self._language in _UNKNOWN:
            return "english" if self._count(_LATIN) > 0.5 * letters else "other"
        return "english" if self._language == "en" else "other"

    @cached_property
    def paragraphs(self) -> list[str]:
        """What lies between empty lines."""
        parts = self.text.strip().split("\n\n")
        return [part.lstrip("\n") for part in parts if part and part != "\n"] or [""]

    @cached_property
    def lines(self) -> list[str]:
        """What lies between line ends, empty only at the text's ends."""
        inner = [line for line in self.text.split("\n") if line]
        return [""] * self.text.startswith("\n") + inner + [""] * self.text.endswith("\n") or [""]

    @cached_property
    def unicode_lines(self) -> list[str]:
        """Lines by all characters that end one in Unicode, empty ones too."""
        return self.text.splitlines()

    @cached_property
    def solid_lines(self) -> list[str]:
        """Lines that are not blank."""
        return [line for line in self.text.split("\n") if line and not line.isspace()]

    @cached_property
    def tokens(self) -> Tokens:
        """English words."""
        return self._english.tokens(self.text)

    @cached_property
    def num_words(self) -> int:
        """English words, counted without looking at each."""
        return len(self.tokens.hashes) if "tokens" in self.__dict__ else self._english.num_words(self.text)

    @cached_property
    def word_ngrams(self) -> NGrams:
        """n-grams of English words."""
        return NGrams(self.tokens.hashes, self.tokens.lengths)

    @cached_property
    def character_ngrams(self) -> NGrams:
        """n-grams of letters and digits, whatever lies between them."""
        codes = self.codes[self._is(_ALNUM)].astype(np.uint64)
        return NGrams(mix(codes), np.ones(len(codes), np.int64), gap=0)

    @cached_property
    def num_alphanumeric(self) -> int:
        """Letters and digits of any script."""
        return self._count(_ALNUM)

    def num_english_sentences(self, line: str) -> int:
        """Count the sentences of a line of this text."""
        return self._english.num_sentences(line)

    def mean_word_characters(self) -> float:
        """Characters per word of `corpus.words`, where a CJK character is a word."""
        num_cjk, inside = self._count(_CJK), self._is(_ALNUM) & ~self._is(_CJK)
        num_words = num_cjk + int(_begins(inside).sum())
        return (num_cjk + int(inside.sum())) / max(num_words, 1)

    def distinct_word_share(self, num_words: int) -> float:
        """Distinct words among the first `num_words` of `corpus.words`."""
        inside = self._is(_ALNUM) & ~self._is(_CJK)
        begins = np.flatnonzero(_begins(inside) | self._is(_CJK))
        first = split_words(self.text[: begins[num_words]] if len(begins) > num_words else self.text)
        return len(set(first)) / max(len(first), 1)

    @cached_property
    def _classes(self) -> npt.NDArray[np.uint8]:
        return _class_table()[np.minimum(self.codes, _TABLE_SIZE - 1)]

    def _is(self, kind: int) -> Flags:
        return (self._classes & kind).astype(np.bool_)

    def _count(self, kind: int) -> int:
        return int(np.count_nonzero(self._classes & kind))


def repeats(parts: Sequence[str]) -> Repeats:
    """Measure what stands in a list of texts more than once: their share, and their characters but for the first."""
    first = set(parts)
    if len(first) == len(parts):
        return Repeats(0.0, 0)
    return Repeats((len(parts) - len(first)) / len(parts), sum(map(len, parts)) - sum(map(len, first)))


def _begins(inside: Flags) -> Flags:
    begins = inside.copy()
    begins[1:] &= ~inside[:-1]
    return begins


@lru_cache(maxsize=1)
def _class_table() -> npt.NDArray[np.uint8]:
    table = np.zeros(_TABLE_SIZE, np.uint8)
    for code, character in enumerate(map(chr, range(_TABLE_SIZE - 1))):
        cjk = code >= 0x3040 and is_cjk(character)
        table[code] = (
            _LETTER * character.isalpha()
            | _ALNUM * character.isalnum()
            | _CJK * cjk
            | _HAN * (cjk and code > 0x30FF)
            | _SPACE * character.isspace()
            | _LATIN * (code < 0x250 and character.isalpha())
        )
    return table


def _round(value: float) -> str:
    return f"{value:.4g}" if value % 1 else str(int(value))
