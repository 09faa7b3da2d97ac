"""Words of text in any script, and the folded form in which texts are compared.

Chinese and Japanese do not put spaces between words, so each of their characters counts as one word here.
"""

from __future__ import annotations

import re
import unicodedata

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_CJK_WORD = re.compile(rf"[{_CJK}]")


def split_words(text: str) -> list[str]:
    """Give runs of letters and digits, and single CJK characters, in order."""
    return _WORD.findall(text)


def is_cjk(word: str) -> bool:
    """Say whether a word of `split_words` is a CJK character."""
    return _CJK_WORD.match(word) is not None


def fold(text: str) -> str:
    """Give the text without what does not tell texts apart: case, width of characters, kind of white space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
