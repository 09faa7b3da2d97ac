"""Readings become pieces of works: long texts are cut, and every piece knows what it is a piece of.

A work is what a source gives as one: a record, a file, a book with its chapters, a conversation with its turns. Its
pieces must stand on one side of the held-out split, and where they are one running text, training reads them as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from cpt_pipeline.extraction.reading import Reading
from cpt_pipeline.text.cut import cut_text

_BETWEEN_READINGS = "\n\n"
"""What stands between the chapters of a book."""

Named = tuple[str, Reading]
"""A reading with the name of its file."""


@dataclass(frozen=True)
class Place:
    """Where a piece stands in its work; the columns of a document of these names say what each means."""

    work: str | None = None
    """Position of the work in its file; None where the piece is all of it."""
    part: int | None = None
    separator: str | None = None
    last_part: bool = True


def cut_works(
    found: Iterable[Named], max_characters: int | None, shared: Iterable[str] = ()
) -> Iterator[tuple[str, Reading, Place]]:
    """Yield every reading, those over `max_characters` in pieces, each with its place.

    A piece has the position of its reading and its own number behind a slash. `shared` names the fields that all pieces
    of a reading have; the others stand with the first alone. Memory holds one work that is continued, or one reading.
    """
    keys = frozenset(shared)
    for (name, _), readings in groupby(_number_works(found), key=lambda each: each[0]):
        pieces = list(_pieces((reading for _, reading in readings), max_characters, keys))
        last = max((number for number, (reading, _) in enumerate(pieces) if reading.reason is None), default=-1)
        for number, (reading, place) in enumerate(pieces):
            yield name, reading, replace(place, last_part=True) if number == last else place


def _number_works(found: Iterable[Named]) -> Iterator[tuple[tuple[str, int], Reading]]:
    """Number the readings of each file so that the neighbours that are one running text share a number."""
    number, before = 0, None
    for name, reading in found:
        continues = before is not None and reading.is_continued and (name, reading.work) == before
        number += not continues
        before = (name, reading.work) if reading.is_continued else None
        yield (name, number), reading


def _pieces(
    readings: Iterable[Reading], max_characters: int | None, shared: frozenset[str]
) -> Iterator[tuple[Reading, Place]]:
    """Cut the readings of one running text; no piece is called the last one yet but where it stands alone."""
    number = 0
    for reading in readings:
        work = reading.position if reading.work is None else reading.work
        for separator, piece in _cut(reading, max_characters, shared):
            if piece is reading and not reading.is_continued:
                yield piece, Place(reading.work)
            else:
                before = _BETWEEN_READINGS if separator is None and number else separator or ""
                yield piece, Place(work, number, before, last_part=False)
            number += 1


def _cut(reading: Reading, max_characters: int | None, shared: frozenset[str]) -> Iterator[tuple[str | None, Reading]]:
    """Yield a reading whole or in pieces, each with what stood before it inside the reading (None for the first)."""
    if reading.reason is not None or max_characters is None or len(reading.text) <= max_characters:
        yield None, reading
        return
    number = 0
    for number, (separator, text) in enumerate(cut_text(reading.text, max_characters), start=1):
        fields = reading.fields if number == 1 else {key: reading.fields.get(key) for key in shared}
        piece = replace(reading, position=f"{reading.position}/{number}", text=text, fields=fields)
        yield None if number == 1 else separator, piece
    if not number:
        yield None, replace(reading, text="", reason="empty")
