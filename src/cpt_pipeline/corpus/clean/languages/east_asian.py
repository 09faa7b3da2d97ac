"""Chinese, Japanese or Korean, where a text has characters that all three write.

Characters of a Chinese character set that Japan's lacks (`这`, `說`) are Chinese, those of Japan's alone (`図`, `気`)
Japanese. What lies between two marks is a passage, so that a quotation says of itself alone in what it is written.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Final

import numpy as np

from cpt_pipeline.corpus.clean.languages.scripts import main_script, script_of_each
from cpt_pipeline.text.tokens import Flags, encode

_SYLLABLES: Final = ("kana", "hangul")
_SYLLABLES_OF_HAN: Final = 0.1
_FIRST, _LAST = 0x4E00, 0x9FFF


def east_asian_script(text: str, counts: Counter[str]) -> str | None:
    """Return the script of the language that most of a text is in, by its letters: `han` without syllables.

    Japanese and Korean headings have no syllables either, so passages without them are Chinese only where the text has
    Chinese characters; else a tenth as many syllables as characters is enough.
    """
    script = max(_SYLLABLES, key=counts.__getitem__)
    if counts[script] and _is_mostly_chinese(text, script):
        return "han"
    return script if counts[script] > _SYLLABLES_OF_HAN * counts["han"] else main_script(counts)


def num_chinese(text: str) -> int:
    """Count the characters that Chinese has and Japanese has not."""
    return int(_of(text, _chinese()).sum())


def num_japanese(text: str) -> int:
    """Count the characters that Japanese has and Chinese has not."""
    return int(_of(text, _japanese()).sum())


def _is_mostly_chinese(text: str, script: str) -> bool:
    """Count letters by passage: one with a Chinese character and few syllables is Chinese, or one without syllables."""
    is_chinese = _of(text, _chinese())
    if not is_chinese.any():
        return False
    scripts, places = script_of_each(text)
    passages = np.cumsum(places == 0)
    han, syllables, chinese = (
        np.bincount(passages[chosen], minlength=int(passages[-1]) + 1)
        for chosen in (places == scripts.index("han"), places == scripts.index(script), is_chinese)
    )
    of_chinese = (syllables == 0) | ((chinese > 0) & (syllables < han))
    return bool(han[of_chinese].sum() > (han + syllables)[~of_chinese].sum())


def _of(text: str, characters: Flags) -> Flags:
    """Say of each character whether it is one of a set, which is given from U+4E00 on."""
    codes = encode(text)
    return (codes >= _FIRST) & (codes <= _LAST) & characters[np.clip(codes, _FIRST, _LAST) - _FIRST]


@cache
def _chinese() -> Flags:
    return (_characters("gb2312") | _characters("big5")) & ~_characters("shift_jis")


@cache
def _japanese() -> Flags:
    return _characters("shift_jis") & ~_characters("gb2312") & ~_characters("big5")


def _characters(codec: str) -> Flags:
    """Say of each character from U+4E00 on whether a character set has it."""
    every = map(chr, range(_FIRST, _LAST + 1))
    return np.array([bool(character.encode(codec, "ignore")) for character in every])
