"""What stands beside a question in a text: words, or what parts it from them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cpt_pipeline.corpus.dedup.decontamination.items import ItemLetters, Letters, find_letters
from cpt_pipeline.corpus.dedup.decontamination.seeds import Match, Places
from cpt_pipeline.text.folding import fold

_LINE_END = " | "
"""Stands for a line end where a text is looked at for what borders a question."""
_BEFORE = frozenset("?:_([{<;!…「『\"'“‘《*#|.。,、")
_AFTER = frozenset("?:_([{<…「『\"'”’》)]*#|")
"""What stands before and behind a question, beside the text's own ends (a folded "？" is "?"). A full stop behind it
ends a statement, unless it ends the line."""


class SeenText(NamedTuple):
    """A text that is looked at: folded, and with its line ends, and where its letters are in both."""

    folded: str
    letters: Letters
    places: Places
    lines: str
    line_places: Places

    @classmethod
    def read(cls, text: str, folded: str, letters: Letters, places: Places) -> SeenText:
        """Build it of a text, of which the rest is known."""
        lines = fold(text.replace("\n", _LINE_END))
        return cls(folded, letters, places, lines, find_letters(lines)[1])

    def stands_alone(self, match: Match, item: ItemLetters) -> bool:
        """Return whether no words touch the question, whose last letters may be others."""
        missing = item.num_prompt - 1 - int(np.flatnonzero(match.covered[: item.num_prompt]).max(initial=-1))
        last = min(match.end + missing, self.line_places.size) - 1
        places = int(self.line_places[match.start]), int(self.line_places[last]) + 1
        return _is_alone(self.lines, *places, cjk=item.cjk)


def _is_alone(text: str, first: int, last: int, *, cjk: bool) -> bool:
    """Return whether a question stands alone in its line, or between marks as questions do; words do not touch it."""
    before, after = text[:first].rstrip()[-1:], text[last:].lstrip()
    if before and before not in _BEFORE and not (cjk and text[first - 1] == " "):
        return False
    if after[:1] and after[0] in ".。;!":
        after = after[1:].lstrip()
        return not after or after[0] == _LINE_END.strip()
    return not after or after[0] in _AFTER or (cjk and text[last] == " ")
