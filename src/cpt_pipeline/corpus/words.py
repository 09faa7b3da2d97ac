"""Words of text in any script, and the folded form in which texts are compared.

Chinese and Japanese do not put spaces between words, so each of their characters counts as one word here.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import numpy.typing as npt

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_CJK_WORD = re.compile(rf"[{_CJK}]")
_CJK_RUN = re.compile(rf"[{_CJK}]+")


def split_words(text: str) -> list[str]:
    """Give runs of letters and digits, and single CJK characters, in order."""
    return _WORD.findall(text)


def find_words(text: str) -> tuple[list[str], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Give the words of `split_words` without case, and where each starts and ends in the text."""
    found = list(_WORD.finditer(text))
    starts = np.fromiter((word.start() for word in found), np.int64, len(found))
    ends = np.fromiter((word.end() for word in found), np.int64, len(found))
    return [word.group().casefold() for word in found], starts, ends


def is_cjk(word: str) -> bool:
    """Say whether a word of `split_words` is a CJK character."""
    return _CJK_WORD.match(word) is not None


def find_cjk_runs(text: str) -> list[str]:
    """Give the longest runs of CJK characters, in order."""
    return _CJK_RUN.findall(text)


def fold(text: str) -> str:
    """Give the text without what does not tell texts apart: case, width of characters, kind of white space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
