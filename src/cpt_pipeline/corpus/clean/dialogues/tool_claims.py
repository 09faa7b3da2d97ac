"""Sentences in which an agent says what only one with tools can: it looked something up, or did something for you.

A model that learns to say so invents it later. The patterns ask for three things together: who speaks for a service (I,
we, our system), a verb of looking up or handling, and an object of the service (your order, the account, a ticket) or
the customer for whom it is done. So a doctor who has read a cardiogram, a figure of a novel who has sent word, and
advice how to look something up oneself stay. Chinese (in both scripts) and English; more phrases come from files of
the user.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cpt_pipeline.corpus.clean.dialogues.tool_claim_patterns import CONDITION, TO_SIMPLIFIED, claims

SENTENCE = re.compile(r"[^\n]+?(?:[。！？!?；;…]+[”’」』)）]*|\.+(?=\s|$)|\n|$)\s*")
"""A sentence with what ends it and the blanks behind it; a text is made of these and of line ends."""

_LETTER = re.compile(r"[A-Za-z]{2}")
_MAX_SENTENCE = 600


@dataclass(frozen=True)
class ToolClaims:
    """The built-in patterns, and phrases of the user: a sentence that holds one is a claim."""

    phrases: tuple[str, ...] = ()

    def find(self, text: str) -> list[tuple[int, int]]:
        """Give start and end of the sentences that are claims; of a very long one only the begin is looked at."""
        return [(start, end) for start, end, sentence in _sentences(text) if self._is_claim(sentence)]

    def _is_claim(self, sentence: str) -> bool:
        return _is_built_in(sentence) or any(phrase in sentence.casefold() for phrase in self.phrases)


def _is_built_in(sentence: str) -> bool:
    """Ask the patterns of the languages whose letters are there; what is said under a condition is no claim."""
    if CONDITION.match(sentence):
        return False
    if not sentence.isascii() and claims("zh").search(sentence):
        return True
    return _LETTER.search(sentence) is not None and claims("en").search(sentence) is not None


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Give the text without the spans, which are in order and apart, and without blanks at its ends."""
    kept, at = [], 0
    for start, end in spans:
        kept.append(text[at:start])
        at = end
    return "".join([*kept, text[at:]]).strip()


def _sentences(text: str) -> Iterator[tuple[int, int, str]]:
    plain = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").translate(TO_SIMPLIFIED)
    for found in SENTENCE.finditer(plain):
        yield found.start(), found.end(), found.group()[:_MAX_SENTENCE].strip()
