"""Stock replies: what an agent says to everyone. Formulas, and turns that a source repeats word for word.

A turn is a formula when each of its clauses is one: greeting, thanks, apology, sympathy, a request to wait, an offer of
help, a closing. Which turns a source repeats is counted over the corpus as in `phrases`: turns are compared in one form
(case, width and marks aside, numbers masked) by their hashes, so memory does not grow with the corpus.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import xxhash

from cpt_pipeline.corpus.clean.dialogues.stock_patterns import GREETING, INTRODUCTION, formula
from cpt_pipeline.text.words import fold, split_words

_CLAUSE_ENDS = re.compile(r"[，,。．.!！?？;；:：~～…、\s]*[，,。.!！?？;；~～…、\n]+\s*|(?<=[\u4e00-\u9fff]) +")
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_EDGES = re.compile(r"^\W+|\W+$")

_MAX_CHARACTERS = 300


@dataclass(frozen=True)
class StockReplies:
    """The built-in formulas, and clauses of the user."""

    clauses: frozenset[str] = frozenset()
    """In the form of `plain`."""

    def is_formula(self, text: str) -> bool:
        """Say whether a turn consists of formulas; without a clause it does not."""
        if len(text) > _MAX_CHARACTERS:
            return False
        clauses = [bare for part in _CLAUSE_ENDS.split(_straight(text)) if (bare := plain(part))]
        greets = any(map(GREETING.match, clauses))
        return bool(clauses) and all(self._is_known(each, greets) for each in clauses)

    def _is_known(self, clause: str, greets: bool) -> bool:
        return (
            clause in self.clauses
            or formula().fullmatch(clause) is not None
            or (greets and INTRODUCTION.fullmatch(clause) is not None)
        )


def plain(text: str) -> str:
    """Give a clause or turn without case, width and the marks around it."""
    return _EDGES.sub("", fold(text))


def masked(text: str) -> str:
    """Give the form in which turns are compared: `plain`, and every number is 0."""
    return _NUMBER.sub("0", plain(text))


def hash_turn(form: str, source: str) -> int:
    """Hash a masked turn; equal turns of another source give another hash."""
    return xxhash.xxh3_64_intdigest(f"{source}\n{form}")


def is_countable(form: str, min_words: int, max_words: int) -> bool:
    """Say whether a masked turn is neither an answer like `yes, you can` nor a text of its own."""
    return len(form) <= 20 * max_words and min_words <= len(split_words(form)) <= max_words


def read_clauses(lines: Iterable[str]) -> frozenset[str]:
    """Give the clauses of a user's lines, each line divided as turns are."""
    parts = (plain(part) for line in lines for part in _CLAUSE_ENDS.split(_straight(line)))
    return frozenset(part for part in parts if part)


def _straight(text: str) -> str:
    return text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
