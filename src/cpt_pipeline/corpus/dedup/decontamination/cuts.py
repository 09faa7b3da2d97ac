"""What is taken out of a document around a passage that holds a benchmark item: whole sentences and lines.

Cut are the sentences that hold the passage, and those beside it that lie within a margin, as GPT-3 did (Brown et al.
2020, appendix C), and the item's choices and its answer with the reasons, however far they reach.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from cpt_pipeline.corpus.dedup.decontamination.items import find_letters
from cpt_pipeline.corpus.dedup.decontamination.surroundings import Span, find_surroundings
from cpt_pipeline.text.folding import fold

_SENTENCE = re.compile(r"[^\n]*?(?:[。！？!?；…।॥۔؟؛።፧။៕།]+[”’」』）)\"']*\s*|\.[\"')]*\s+|\n\s*|\Z)")


_LONGEST = 400
"""Characters: a text without marks is cut between words, one without blanks between characters."""


class Sentences:
    """The sentences and lines of a text, by characters and by letters."""

    def __init__(self, text: str) -> None:
        self._text = text
        found = [piece for sentence in _SENTENCE.findall(text) for piece in _pieces(sentence)]
        self._ends = np.cumsum([0, *map(len, found)])
        self._letter_ends = np.cumsum([0, *(find_letters(fold(sentence))[0].size for sentence in found)])

    def around(self, start: int, end: int, margin: int) -> Span:
        """Return the characters to cut around the letters from start to end, and `margin` characters beside them."""
        first = int(np.searchsorted(self._letter_ends, start, side="right")) - 1
        last = int(np.searchsorted(self._letter_ends, end, side="left"))
        low = int(np.searchsorted(self._ends, self._ends[first] - margin, side="left"))
        high = int(np.searchsorted(self._ends, self._ends[last] + margin, side="right")) - 1
        return int(self._ends[low]), int(self._ends[high])

    def around_item(self, start: int, end: int, margin: int, choices: Sequence[str]) -> list[Span]:
        """Return what `around` returns, widened to the item's choices and its answer, and answers at the text's end."""
        low, high = self.around(start, end, margin)
        item, *others = find_surroundings(self._text, self._place(start), self._place(end - 1) + 1, choices)
        first = int(np.searchsorted(self._ends, item[0], side="right")) - 1
        last = int(np.searchsorted(self._ends, item[1], side="left"))
        return merge_spans([(min(low, int(self._ends[first])), max(high, int(self._ends[last]))), *others])

    def _place(self, letter: int) -> int:
        """Return the character of a letter."""
        sentence = int(np.searchsorted(self._letter_ends, letter, side="right")) - 1
        place, end = int(self._ends[sentence]), int(self._ends[sentence + 1])
        missing = letter - int(self._letter_ends[sentence])
        while place < end - 1:
            missing -= find_letters(fold(self._text[place]))[0].size
            if missing < 0:
                break
            place += 1
        return place


def _pieces(sentence: str) -> Iterator[str]:
    """Yield a sentence in pieces that are short enough to be cut."""
    start = 0
    while len(sentence) - start > _LONGEST:
        end = sentence.rfind(" ", start + 1, start + _LONGEST) + 1 or start + _LONGEST
        while end < len(sentence) and unicodedata.category(sentence[end])[0] == "M":
            end += 1
        yield sentence[start:end]
        start = end
    if sentence[start:]:
        yield sentence[start:]


def merge_spans(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, those that overlap or touch as one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def cut(text: str, spans: Sequence[Span]) -> str:
    """Return a text without some spans (merged); a paragraph or line that ended within one ends there still."""
    left, place = "", 0
    for start, end in spans:
        left += text[place:start]
        place = end
        removed = text[start:end]
        border = "\n\n" if "\n\n" in removed else "\n" if "\n" in removed else ""
        if border and left:
            left = left.rstrip() + border
    return (left + text[place:]).strip("\n")
