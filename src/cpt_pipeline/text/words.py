"""Words of text in any script, and the folded form in which texts are compared.

Chinese and Japanese do not put spaces between words, so each of their characters counts as one word here; so does each
letter, with the signs on it, of Thai, Khmer, Burmese and the other scripts that do the same.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import islice

import numpy as np
import numpy.typing as npt

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_PLAIN_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_CJK_WORD = re.compile(rf"[{_CJK}]")
_CJK_RUN = re.compile(rf"[{_CJK}]+")
_UNSPACED_BLOCKS = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19DF), (0x1A20, 0x1AAF), (0x1B00, 0x1B7F)),
    *((0xA000, 0xA4CF), (0xA980, 0xA9FF), (0xAA60, 0xAA7F)),
)
"""Thai and Lao, Burmese, Khmer, Tai Le and New Tai Lue, Tai Tham, Balinese, Yi, Javanese and more of Burmese."""
_MARKS_END = 0x1F000
_HIGH_MARKS = "\U000101fd-\U0001e94a\U000e0100-\U000e01ef"
"""Where the signs above U+FFFF lie, among other characters; the last are selectors of forms."""


def split_words(text: str) -> list[str]:
    """Return the words in order: runs of letters and digits with the signs on them, and single CJK characters.

    Signs are vowels, accents and the like that are characters of their own (Unicode Mn and Mc).
    """
    return _word_of(text).findall(text)


def first_words(text: str, number: int) -> list[str]:
    """Return the first words of `split_words`."""
    return [word.group() for word in islice(_word_of(text).finditer(text), number)]


def find_words(text: str) -> tuple[list[str], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the words of `split_words` without case, and where each starts and ends in the text."""
    found = list(_word_of(text).finditer(text))
    starts = np.fromiter((word.start() for word in found), np.int64, len(found))
    ends = np.fromiter((word.end() for word in found), np.int64, len(found))
    return [word.group().casefold() for word in found], starts, ends


def is_cjk(word: str) -> bool:
    """Return whether a word of `split_words` is a CJK character."""
    return _CJK_WORD.match(word) is not None


def is_without_blanks(text: str) -> bool:
    """Return whether a letter of a script without blanks between words stands in a text."""
    return not text.isascii() and any(is_cjk(character) or is_unspaced(character) for character in text)


def is_mark(character: str) -> bool:
    """Return whether a character is a sign on the letter before it; those of kana are characters like any CJK."""
    return unicodedata.category(character) in ("Mn", "Mc") and not is_cjk(character)


def is_unspaced(character: str) -> bool:
    """Return whether a character is a letter of Thai, Khmer, Burmese or another script without blanks, but not CJK."""
    code = ord(character)
    return any(first <= code <= last for first, last in _UNSPACED_BLOCKS) and character.isalpha()


def letter_before(text: str, place: int) -> str:
    """Return the last character before a place that is no sign; an empty one at the start."""
    while place > 0 and is_mark(text[place - 1]):
        place -= 1
    return text[max(place - 1, 0) : place]


def is_inside_word(text: str, place: int) -> bool:
    """Return whether the characters before and after a place belong to one word of `split_words`."""
    before, after = letter_before(text, place), text[place : place + 1]
    if not after or not before.isalnum() or is_cjk(before):
        return False
    return is_mark(after) or (after.isalnum() and not (is_cjk(after) or is_unspaced(after) or is_unspaced(before)))


def find_cjk_runs(text: str) -> list[str]:
    """Return the longest runs of CJK characters, in order."""
    return _CJK_RUN.findall(text)


def fold(text: str) -> str:
    """Return the text without what does not tell texts apart: case, width of characters, kind of white space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _word_of(text: str) -> re.Pattern[str]:
    """Return the expression for the words of a text: a slower one where it has signs or letters that stand alone."""
    return _PLAIN_WORD if text.isascii() or not _signs()[0].search(text) else _signs()[1]


@lru_cache(maxsize=1)
def _signs() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what texts with signs or letters that stand alone have (and few others), and the words of such texts."""
    every = (chr(code) for first, last in _UNSPACED_BLOCKS for code in range(first, last + 1))
    unspaced = "".join(filter(is_unspaced, every))
    marks = [*filter(is_mark, map(chr, range(0x300, _MARKS_END)))]
    low, high = ("".join(mark for mark in marks if (mark > "\uffff") is above) for above in (False, True))
    sign, letter = rf"(?:[{low}]|[{high}{_HIGH_MARKS[-3:]}])", rf"[^\W_{_CJK}{unspaced}]"
    word = rf"[{_CJK}]|[{unspaced}]{sign}*|{letter}+(?:{sign}+{letter}*)*"
    return re.compile(f"[{low}{unspaced}{_HIGH_MARKS}]"), re.compile(word)
