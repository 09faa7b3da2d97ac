"""Runs of digits with separators, and the pieces of them that may be one number.

`138 0000 4321` and `3415 9919 6604 2210 11` are one number, `2019 2020 2021` are three: a run is cut into its groups,
and every sequence of at most seven neighbours that stands by itself is offered, the longest first. What it is, if
anything, the recognisers of numbers decide. The work is linear in the text: seven pieces for each group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from cpt_pipeline.corpus.clean.personal_data.recognisers import fold

_DIGIT: Final = "[0-9０-９]"
_DIGITS: Final = "0123456789０１２３４５６７８９"
_SEPARATOR: Final = r"[ \u00a0\u3000\-‐‑‒–—−－.．·/()（）]"
_RUN: Final = re.compile(rf"{_DIGIT}+(?:{_SEPARATOR}{{1,3}}{_DIGIT}+)*")
_GROUP: Final = re.compile(r"[0-9]+")
_ENOUGH: Final = re.compile(rf"{_DIGIT}(?:{_SEPARATOR}{{0,3}}{_DIGIT}){{6}}")
_MAX_GROUPS: Final = 7
_MIN_DIGITS: Final = 7
_MAX_DIGITS: Final = 19
_DIGITS_BEFORE_X: Final = 17
_DENSE: Final = (8, 5)
"""At least 8 digits in 5 groups: `+33 1 99 00 27 41` is one number, a row of small ones is none."""
_TIED: Final = frozenset("-.·")
_OPENING: Final = re.compile(r"(?:\(\+|\+\(|\(|\+)\Z")
_BEFORE: Final = re.compile(
    r"[A-Za-z0-9_#$¥￥€£&%@\\^~*+]\Z|[0-9]\.\Z|[A-Za-z0-9]-\Z|[A-Za-z/]/\Z|(?<![0-9])[0-9]{1,6}/\Z|[0-9]:\Z"
)
_KEY: Final = re.compile(
    r"(?:phone|mobile|tel|cell|fax|card|pan|sfz|idcard|identity|(?:card|id|phone|mobile)_?(?:no|num|number|id|card))=\Z",
    re.IGNORECASE,
)
"""Before the `=` of `key=value`, where any other number is a parameter of a program."""
_COMMA_AFTER: Final = re.compile(r",[0-9]{1,3}(?![0-9])")
_THOUSANDS: Final = 3
"""Longest groups that a comma can tie to another number: `2,380,001`; `1,13800001234,2` is a row of a table."""
_SEPARATORS: Final = re.compile(r" *([-./]) *| +")
_EXTENSION: Final = re.compile(r"-[0-9]{2,5}(?![0-9-])")
_AFTER: Final = re.compile(
    r"(?!x[0-9])[A-Za-z0-9_%@°*^#]|\.[0-9]{1,3}(?![0-9])|[-–.][A-Za-z0-9]|/(?![0-9]{7})[A-Za-z0-9]|:[0-9]"
)


@dataclass(frozen=True)
class Piece:
    """Neighbouring groups of a run. `folded` is `text[start:end]` in ASCII, with its `+` and brackets."""

    start: int
    end: int
    folded: str
    digits: str
    num_groups: int
    last: str
    """A final X, which only identity cards have; else empty. It is part of the piece."""
    extended: bool
    """A dash and two to five digits follow, which only landlines may have."""

    @cached_property
    def shape(self) -> str:
        """`folded` with one form for each separator: one blank, a dot for a middle dot, no blanks around dashes."""
        return _SEPARATORS.sub(lambda found: found[1] or " ", self.folded.replace("·", "."))


def has_numbers(text: str) -> bool:
    """Say whether any run has digits enough for a number of a person."""
    return any(map(text.__contains__, _DIGITS)) and _ENOUGH.search(text) is not None


def pieces(text: str) -> Iterator[Piece]:
    """Give the pieces of 7 to 19 digits, by start, the longest first."""
    place = 0
    while (first := _ENOUGH.search(text, place)) is not None:
        run = _RUN.match(text, first.start())
        assert run is not None
        yield from _pieces_of_run(text, run.start(), run.end())
        place = run.end()


def _pieces_of_run(text: str, start: int, end: int) -> Iterator[Piece]:
    folded = fold(text[start:end])
    groups = [group.span() for group in _GROUP.finditer(folded)]
    for index, (left, _) in enumerate(groups):
        if index and not _parts(folded[groups[index - 1][1] : left]):
            continue
        total, ends = 0, []
        for right in range(index, min(index + _MAX_GROUPS, len(groups))):
            total += groups[right][1] - groups[right][0]
            if total > _MAX_DIGITS:
                break
            ends.append((right, total))
        for right, total in reversed(ends):
            tied = right + 1 < len(groups) and not _parts(folded[groups[right][1] : groups[right + 1][0]])
            dense = total * _DENSE[1] >= (right - index + 1) * _DENSE[0]
            extended = tied and _EXTENSION.match(folded, groups[right][1]) is not None
            if total >= _MIN_DIGITS and dense and (extended or not tied):
                piece = _piece(text, start + left, start + groups[right][1], right - index + 1, extended)
                if piece is not None:
                    yield piece


def _is_tied(text: str, start: int, end: int, folded: str, extended: bool) -> bool:
    """Whether what stands before or behind makes it part of something larger."""
    before = text[max(0, start - 12) : start]
    if _BEFORE.search(before) or (before.endswith("=") and not _KEY.search(before)):
        return True
    sizes = [len(group) for group in _GROUP.findall(folded)]
    if max(sizes) <= _THOUSANDS and ((before[-1:] == "," and before[-2:-1].isdigit()) or _COMMA_AFTER.match(text, end)):
        return True
    return not extended and _AFTER.match(text, end) is not None


def _parts(separator: str) -> bool:
    """Whether what stands between two groups can part two numbers."""
    return not _TIED.issuperset(separator)


def _piece(text: str, start: int, end: int, num_groups: int, extended: bool) -> Piece | None:
    """The piece with its `+` or opening bracket; None where it is part of something larger."""
    folded = fold(text[start:end])
    opening = _OPENING.search(fold(text[max(0, start - 3) : start]))
    before = opening.group() if opening else ""
    missing = folded.count(")") - folded.count("(")
    if missing > before.count("("):
        return None
    start -= len(before if missing == 1 else before.rpartition("(")[2])
    digits = "".join(filter(str.isdigit, folded))
    last = text[end : end + 1] if len(digits) == _DIGITS_BEFORE_X and fold(text[end : end + 1]) in ("X", "x") else ""
    if _is_tied(text, start, end + len(last), folded, extended):
        return None
    end += len(last)
    return Piece(start, end, fold(text[start:end]), digits, num_groups, last, extended)
