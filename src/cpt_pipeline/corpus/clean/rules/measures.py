"""One text as all rules see it: characters, lines, paragraphs, words and n-grams, each computed once and when asked.

A rule is a `checks.Check`: a number measured here and the limit it is held against. What script and language decide is
how its words are found: English ones by spaCy, Chinese ones as characters, those of other scripts by the blanks between
them, and those of scripts without blanks (Thai, Japanese) not at all.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.clean.languages.scripts import (
    LATIN,
    SYLLABIC,
    UNSPACED,
    WITHOUT_STOPS,
    letters_by_script,
    main_script,
)
from cpt_pipeline.corpus.clean.rules.ngrams import NGrams
from cpt_pipeline.text.tokens import EnglishWords, Flags, Tokens, describe_words, encode, mix, powers
from cpt_pipeline.text.words import first_words, is_cjk, is_mark, is_unspaced

Script = Literal["english", "chinese", "spaced", "unspaced"]
_LETTER, _ALNUM, _CJK, _HAN, _SPACE, _MARK, _BROKEN, _ALONE = 1, 2, 4, 8, 16, 32, 64, 128
_UNKNOWN: Final = frozenset({"", "unknown"})
_LETTERS_PER_HAN: Final = 3
"""A Chinese word has 1.6 characters, an English one 5 letters."""
_MANY_WORDS: Final = 50
_BILINGUAL: Final = 0.05
_RUN: Final = 64
"""A power of two."""
_TABLE_SIZE: Final = 0x34000
"""No character above this is a letter, a digit or a blank."""


class Repeats(NamedTuple):
    """How much of some lines or paragraphs stood there before."""

    share: float
    num_characters: int


class Text:
    """A text and what is measured on it."""

    def __init__(self, text: str, english: EnglishWords, language: str | None = None) -> None:
        self.text, self._english = text, english
        self.language = language or ""

    def changed(self, text: str) -> Text:
        """Give the same document with another text; itself if the text is the same."""
        return self if text == self.text else Text(text, self._english, self.language)

    @cached_property
    def codes(self) -> npt.NDArray[np.uint32]:
        """The code points."""
        return encode(self.text)

    @cached_property
    def num_letters(self) -> int:
        """Letters of any script."""
        return self._count(_LETTER)

    @cached_property
    def num_marks(self) -> int:
        """Signs that stand on letters: vowels in Hindi and Thai, accents that are characters of their own."""
        return self._count(_MARK)

    @cached_property
    def num_solid(self) -> int:
        """Characters that are no white space."""
        return len(self.text) - self._count(_SPACE)

    @cached_property
    def num_han(self) -> int:
        """Chinese characters."""
        return self._count(_HAN)

    @cached_property
    def num_broken(self) -> int:
        """Characters that stand for bytes nobody could decode: U+FFFD, control characters, and those of no standard."""
        return self._count(_BROKEN)

    @cached_property
    def han_share(self) -> float:
        """Chinese characters among those that are no white space."""
        return self.num_han / max(self.num_solid, 1)

    @cached_property
    def script(self) -> Script:
        """Which words the rules may ask for.

        Text most of whose words are Han is Chinese whatever language is given (Japanese where kana stands between).
        Text in Latin letters is English if that is given, or nothing. For all other text the script decides whether
        words are divided by blanks.
        """
        english = self.language in _UNKNOWN or self.language == "en"
        if self.text.isascii():
            return "english" if english else "spaced"
        letters = max(self.num_letters, 1)
        num_kana = self._count(_CJK) - self.num_han
        if self.num_han * _LETTERS_PER_HAN > letters - self.num_han - num_kana and self.num_han > 0.05 * letters:
            return "chinese" if num_kana <= 0.1 * self.num_han else "unspaced"
        if self._main_script in UNSPACED:
            return "unspaced"
        return "english" if english and self._writing[LATIN] > 0.5 * letters else "spaced"

    @property
    def has_stops(self) -> bool:
        """Whether there are marks in its script that end a sentence."""
        return self.text.isascii() or self._main_script not in WITHOUT_STOPS

    @property
    def is_alphabetic(self) -> bool:
        """Whether a character of its script is about a sound."""
        return self.text.isascii() or self._main_script not in SYLLABIC | UNSPACED

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
        """English words, or what lies between blanks in a text of another language."""
        return self._english.tokens(self.text) if self.script == "english" else describe_words(self.text.split())

    @cached_property
    def num_words(self) -> int:
        """The number of `tokens`, counted without looking at each."""
        if "tokens" in self.__dict__:
            return len(self.tokens.hashes)
        return self._english.num_words(self.text) if self.script == "english" else len(self.text.split())

    @cached_property
    def word_ngrams(self) -> NGrams:
        """n-grams of `tokens`."""
        return NGrams(self.tokens.hashes, self.tokens.lengths)

    @cached_property
    def character_ngrams(self) -> NGrams:
        """n-grams of letters and digits, whatever lies between them."""
        codes = self.codes[self._is(_ALNUM)].astype(np.uint64)
        return NGrams(mix(codes), np.ones(len(codes), np.int64), gap=0)

    @cached_property
    def is_bilingual(self) -> bool:
        """Whether a language without blanks, as Chinese, stands in a text whose words are divided by blanks."""
        return self.script in ("english", "spaced") and self._count(_CJK | _ALONE) > _BILINGUAL * self.num_letters

    @cached_property
    def letter_weight(self) -> int:
        """Letters, digits and signs, a Chinese or Japanese character as three: five are about a word."""
        return self.num_alphanumeric + self.num_marks + (_LETTERS_PER_HAN - 1) * self._count(_CJK)

    @cached_property
    def num_alphanumeric(self) -> int:
        """Letters and digits of any script."""
        return self._count(_ALNUM)

    def num_english_sentences(self, line: str) -> int:
        """Count the sentences of a line of this text."""
        return self._english.num_sentences(line)

    def mean_word_characters(self) -> float:
        """Compute letters and digits per word of `text.words`, without the signs on them."""
        classes = self._classes[~self._is(_MARK)] if self.num_marks else self._classes
        alone = (classes & (_CJK | _ALONE)).astype(np.bool_)
        inside = (classes & _ALNUM).astype(np.bool_) & ~alone
        num_words = int(alone.sum()) + int(_begins(inside).sum())
        return (int(alone.sum()) + int(inside.sum())) / max(num_words, 1)

    def distinct_word_share(self, num_words: int) -> float:
        """Compute the share of distinct ones among the first `num_words` of `text.words`."""
        first = first_words(self.text, num_words)
        return len(set(first)) / max(len(first), 1)

    def top_word_share(self) -> float:
        """Compute the share of the most frequent word with a letter; of a letter where no blanks stand between words.

        0 for a text of fewer than 50 words, where it says nothing.
        """
        if self.script in ("english", "spaced"):
            words, num_words = self.tokens.hashes[self.tokens.letters], int(np.count_nonzero(self.tokens.solid))
        else:
            words = self.codes[self._is(_ALNUM)].astype(np.uint64)
            num_words = len(words)
        if num_words < _MANY_WORDS or not len(words):
            return 0.0
        return float(np.unique(words, return_counts=True)[1].max() / num_words)

    def repeated_run_share(self) -> float:
        """Compute the share of the letters and digits at which a run of 64 begins that stood there before."""
        runs = mix(self.codes[self._is(_ALNUM)].astype(np.uint64))
        if len(runs) < 2 * _RUN:
            return 0.0
        for step in (1 << at for at in range(_RUN.bit_length() - 1)):
            runs = runs[:-step] + powers(np.array([step], np.int64)) * runs[step:]
        ordered = np.sort(runs)
        return float(np.count_nonzero(ordered[1:] == ordered[:-1]) / len(ordered))

    @cached_property
    def _writing(self) -> Counter[str]:
        return letters_by_script(self.text)

    @cached_property
    def _main_script(self) -> str | None:
        return main_script(self._writing)

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


@lru_cache(maxsize=1)
def sentence_ends() -> frozenset[str]:
    """Return the characters that end a sentence in some script."""
    from datatrove.utils.text import TERMINAL_PUNCTUATION

    return frozenset(TERMINAL_PUNCTUATION)


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
            | _MARK * is_mark(character)
            | _ALONE * is_unspaced(character)
            | _BROKEN * (unicodedata.category(character) in ("Cc", "Co", "Cs") and not character.isspace())
        )
    table[0xFFFD] = _BROKEN
    return table
