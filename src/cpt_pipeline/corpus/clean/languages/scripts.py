"""Scripts of text: which one its letters are of, which languages are written in it, and how it divides words.

The script of a character is the first word of its Unicode name (DEVANAGARI LETTER KA), with all Chinese characters as
`han`, and both Japanese syllabaries as `kana`.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from cpt_pipeline.text.tokens import encode

LATIN: Final = "latin"
UNSPACED: Final = frozenset(
    {"han", "kana", "thai", "lao", "khmer", "myanmar", "tibetan", "tai", "new", "yi", "javanese", "balinese"}
)
"""Scripts that put no blanks between words (`tai` and `new` are Tai Le, Tai Tham, New Tai Lue)."""
WITHOUT_STOPS: Final = frozenset({"thai", "lao", "tai", "new"})
"""Scripts of which no mark ends a sentence; a blank may."""
SYLLABIC: Final = frozenset({"hangul", "ethiopic", "cherokee", "canadian", "vai"})
"""Scripts with blanks between words of which a character is a syllable, so that lines have fewer of them."""
_LANGUAGES: Final = {
    "arabic": ("ar", "ary", "arz", "fa", "ku", "ps", "sdh", "ug", "ur", "uzs"),
    "armenian": ("hy",),
    "bengali": ("as", "bn"),
    "cyrillic": ("ba", "be", "bg", "kk", "ky", "mk", "mn", "ru", "sr", "tg", "tt", "uk"),
    "devanagari": ("gom", "hi", "mr", "ne", "sa"),
    "ethiopic": ("am",),
    "georgian": ("ka",),
    "greek": ("el", "grc"),
    "gujarati": ("gu",),
    "gurmukhi": ("pa",),
    "han": ("ja", "wuu", "yue", "zh"),
    "hangul": ("ko",),
    "hebrew": ("hbo", "he"),
    "kana": ("ja",),
    "kannada": ("kn",),
    "khmer": ("km",),
    "lao": ("lo",),
    "malayalam": ("ml",),
    "myanmar": ("my",),
    "oriya": ("or",),
    "sinhala": ("si",),
    "tamil": ("ta",),
    "telugu": ("te",),
    "thai": ("th",),
    "tibetan": ("dz",),
}
_ALSO_LATIN: Final = frozenset({"ku", "sr"})
_NAMED_OTHERWISE: Final = {"cjk": "han", "hiragana": "kana", "katakana": "kana"}
_OF_NO_SCRIPT: Final = frozenset(
    {"combining", "modifier", "variation", "mathematical", "masculine", "feminine", "micro", "superscript"}
)
_LARGE: Final = (
    ("han", 0x3400, 0x4DBF),
    ("han", 0x4E00, 0x9FFF),
    ("han", 0x20000, 0x323AF),
    ("hangul", 0xAC00, 0xD7A3),
)
"""Blocks of one script, so that their names need not be read."""
_TABLE_SIZE: Final = 0x34000
"""No character above this is a letter."""


def letters_by_script(text: str) -> Counter[str]:
    """Count letters and the marks that belong to them by script, without those of no script."""
    scripts, places = script_of_each(text)
    numbers = np.bincount(places, minlength=len(scripts))
    return Counter({script: int(numbers[at]) for at, script in enumerate(scripts) if script and numbers[at]})


def script_of_each(text: str) -> tuple[list[str], npt.NDArray[np.uint8]]:
    """Return the scripts, and for each character of a text the place of its own among them; 0 is none."""
    scripts, table = _script_table()
    return scripts, table[np.minimum(encode(text), _TABLE_SIZE - 1)]


def main_script(counts: Counter[str]) -> str | None:
    """Return the script of most letters, None where there is none.

    Letters of Chinese characters count threefold (a word of Latin has five letters, one of Chinese 1.6), and text with
    a tenth as much kana as Chinese characters is Japanese.
    """
    weights = {script: number * (3 if script in ("han", "kana", "hangul") else 1) for script, number in counts.items()}
    if "kana" in weights and weights["kana"] > 0.1 * weights.get("han", 0):
        weights["kana"] += weights.pop("han", 0)
    return max(sorted(weights), key=weights.__getitem__) if weights else None


def languages_of(script: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the languages, ISO codes, that are written in a script; what is in no list is Latin."""
    if script != LATIN:
        return tuple(code for code in known if code in _LANGUAGES.get(script, ()))
    elsewhere = {code for codes in _LANGUAGES.values() for code in codes} - _ALSO_LATIN
    return tuple(code for code in known if code not in elsewhere)


@lru_cache(maxsize=1 << 14)
def script_of(character: str) -> str:
    """Return the script of a letter or of a mark on one; empty for what is neither, or of no script."""
    return _find_script(character)


def _find_script(character: str) -> str:
    """Return the same without remembering it.

    Blocks of one script hold also characters that Python's Unicode tables do not know yet.
    """
    code = ord(character)
    if block := next((script for script, first, last in _LARGE if first <= code <= last), ""):
        return block
    if not (character.isalpha() or unicodedata.category(character) in ("Mn", "Mc")):
        return ""
    words = unicodedata.name(character, "").lower().split()
    first = next((word for word in words if word not in ("fullwidth", "halfwidth")), "")
    return "" if first in _OF_NO_SCRIPT else _NAMED_OTHERWISE.get(first, first)


@lru_cache(maxsize=1)
def _script_table() -> tuple[list[str], npt.NDArray[np.uint8]]:
    """Return the scripts, and for each code point the place of its script among them."""
    scripts = {"": 0, "han": 1, "hangul": 2}
    table = np.zeros(_TABLE_SIZE, np.uint8)
    for script, first, last in _LARGE:
        table[first : last + 1] = scripts[script]
    for code in np.flatnonzero(table[:-1] == 0).tolist():
        if script := _find_script(chr(code)):
            table[code] = scripts.setdefault(script, len(scripts))
    return list(scripts), table
