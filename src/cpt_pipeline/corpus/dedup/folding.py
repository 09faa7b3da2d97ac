"""`words.fold` for whole documents, letter for letter the same and several times as fast.

Nine tenths of the time of `words.fold` go into splitting a text and joining it again.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

_NUM_CODES = 0x3002
"""The last white space of Unicode is U+3000; one code more, which is none, stands for all that follow."""


def fold(text: str) -> str:
    """Give the text without what does not tell texts apart: case, width of characters, kind of white space."""
    from cpt_pipeline.corpus.dedup.minhash_kernel import join_words

    text = unicodedata.normalize("NFKC", text).casefold()
    if text.isascii():
        codes = np.frombuffer(text.encode("ascii"), np.uint8)
        return join_words(codes, _white_space()).tobytes().decode("ascii")
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return join_words(codes, _white_space()).tobytes().decode("utf-32-le", "surrogatepass")


@cache
def _white_space() -> npt.NDArray[np.bool_]:
    return np.array([chr(code).isspace() for code in range(_NUM_CODES)])
