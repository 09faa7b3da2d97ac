"""How much a dialogue says: the share of its words that are content and new, in 0..1.

    density = sum of distinct words per window of 100 words of content / (words of all turns + 16)

Content is what is neither a tool claim nor a stock reply. Distinct words are counted by window, as the moving-average
type-token ratio does (Covington & McFall, "Cutting the Gordian Knot", 2010), because their share in a whole text falls
with its length. The 16 words stand for what a document costs before it has a context: a turn alone is less dense than
the same turn in its conversation. In Chinese and Japanese a word is a pair of characters. Values of the two kinds of
script do not compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from cpt_pipeline.text.words import is_cjk, split_words

_WINDOW_WORDS = 100
_START_WORDS = 16


def density(content: Iterable[str], num_words: int) -> float:
    """Measure turns of content, given the words of all turns (`count_words`)."""
    words = [word for text in content for word in _words(text)]
    distinct = sum(len(set(words[start : start + _WINDOW_WORDS])) for start in range(0, len(words), _WINDOW_WORDS))
    return distinct / (num_words + _START_WORDS)


def count_words(texts: Iterable[str]) -> int:
    """Count words as `density` does."""
    return sum(sum(1 for _ in _words(text)) for text in texts)


def _words(text: str) -> Iterator[str]:
    """Give words without case, and pairs of characters that stand together in the text or around marks."""
    for word, following in pairwise([*split_words(text.casefold()), ""]):
        yield word + following if is_cjk(word) and following and is_cjk(following) else word
