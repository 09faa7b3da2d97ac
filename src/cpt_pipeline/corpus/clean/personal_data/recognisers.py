"""What a recogniser of personal data is, and how what several of them found becomes one list of spans.

A recogniser is anything with `find(text)`. The structured kinds (addresses, numbers) are recognised by their form,
their check digits and the words before them; names only where a recogniser of names is configured. Nothing is replaced
here.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, get_args

import ahocorasick

Kind = Literal["email", "phone", "id_card", "bank_card", "iban", "passport", "ssn", "messenger", "ip", "name"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

_PRIORITY: Final[tuple[Kind, ...]] = (
    *("email", "ip", "iban", "id_card", "ssn", "passport", "bank_card", "phone", "messenger", "name"),
)
_MIN_SWEPT_CHARACTERS: Final = 7
_ALONE_BEFORE: Final = re.compile(r"\A\Z|[^A-Za-z0-9.@]")
_NOT_ALONE_AFTER: Final = re.compile(r"[A-Za-z0-9@]|\.[0-9]")
_FOLDED: Final[dict[int, str | int]] = {
    **{0xFF01 + offset: 0x21 + offset for offset in range(94)},
    **dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2009\u202f\u3000"), " "),
    **dict.fromkeys(map(ord, "‐‑‒–—―−"), "-"),
    **dict(zip(map(ord, "【】〔〕"), "[][]", strict=True)),
}


@dataclass(frozen=True, order=True)
class Span:
    """A piece of a text, in characters, that is personal data."""

    start: int
    end: int
    kind: Kind


class Recogniser(Protocol):
    """Finds personal data; the same text gives the same spans, in any order."""

    def find(self, text: str) -> Iterable[Span]:
        """Give the spans; they may overlap."""
        ...


def fold(text: str) -> str:
    """Write full-width characters, brackets, dashes and blanks in ASCII, one for one, so that offsets stay."""
    return text if text.isascii() else text.translate(_FOLDED)


def find_spans(text: str, recognisers: Sequence[Recogniser]) -> list[Span]:
    """Find spans that do not overlap, in order, with every repetition of what was found.

    Of two that overlap the more certain kind stays, then the longer. A repetition counts even where its own context
    would not have told it, so a number that was called a phone number once is one everywhere in its text.
    """
    found = [span for recogniser in recognisers for span in recogniser.find(text)]
    if not found:
        return []
    spans = _without_overlaps(found)
    return _without_overlaps(spans + list(_repetitions(text, spans)))


def occurrences(text: str, forms: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """Give start, end and form of every place where a form stands by itself; one pass, however many forms."""
    automaton = ahocorasick.Automaton()
    for form in forms:
        automaton.add_word(form, form)
    if not automaton:
        return
    automaton.make_automaton()
    for last, form in automaton.iter(text):
        start, end = last + 1 - len(form), last + 1
        if _ALONE_BEFORE.search(text[max(0, start - 1) : start]) and not _NOT_ALONE_AFTER.match(text, end):
            yield start, end, form


def _without_overlaps(spans: list[Span]) -> list[Span]:
    """Spans sorted by certainty claim their characters one after the other; neighbours are looked up by bisection."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda each: (_PRIORITY.index(each.kind), each.start - each.end, each.start)):
        place = bisect.bisect_left(kept, span)
        follows = place == 0 or kept[place - 1].end <= span.start
        if follows and (place == len(kept) or span.end <= kept[place].start):
            kept.insert(place, span)
    return kept


def _repetitions(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Other places of the same characters, or of the same digits without separators, that stand by themselves."""
    kinds: dict[str, Kind] = {}
    for span in spans:
        raw = text[span.start : span.end]
        for form in (raw, "".join(filter(str.isalnum, raw))):
            if len(form) >= _MIN_SWEPT_CHARACTERS or (span.kind == "name" and len(form) > 1):
                kinds.setdefault(form, span.kind)
    yield from (Span(start, end, kinds[form]) for start, end, form in occurrences(text, kinds))
