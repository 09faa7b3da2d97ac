"""Which of many terms a text holds: all of them are looked for in one pass (Aho-Corasick).

A term in letters counts between word borders only; where it begins or ends with a letter of a script without blanks
between words, as Chinese or Thai, it counts anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import ahocorasick

from cpt_pipeline.text.words import fold, is_inside_word


class TermSearch:
    """Terms, ready to be found in folded text (`words.fold`)."""

    def __init__(self, terms: Sequence[str]) -> None:
        self._automaton = ahocorasick.Automaton()
        for place, term in enumerate(terms):
            self._automaton.add_word(term, (place, len(term)))
        if terms:
            self._automaton.make_automaton()

    def find(self, folded: str) -> set[int]:
        """Give the places of the terms that the text holds."""
        found: set[int] = set()
        if not len(self._automaton):
            return found
        for last, (place, length) in self._automaton.iter(folded):
            if place in found:
                continue
            if not is_inside_word(folded, last + 1 - length) and not is_inside_word(folded, last + 1):
                found.add(place)
        return found


def read_terms(path: Path) -> tuple[list[str], list[str]]:
    """Read a file of terms, one per line, folded and each once; `#` begins a comment. Give the problems too."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        return [], [f"{path}: {error.strerror}"]
    terms: dict[str, None] = {}
    problems: list[str] = []
    for number, raw in enumerate(lines, 1):
        try:
            term = fold(raw.decode("utf-8-sig").split("#", 1)[0])
        except UnicodeDecodeError:
            problems.append(f"{path} line {number}: not UTF-8; store the file as UTF-8")
            continue
        if term and not any(map(str.isalnum, term)):
            problems.append(f"{path} line {number}: {term!r} has no letter or digit")
        elif term:
            terms[term] = None
    if not terms and not problems:
        problems.append(f"{path}: no term in it; write one per line")
    return list(terms), problems
