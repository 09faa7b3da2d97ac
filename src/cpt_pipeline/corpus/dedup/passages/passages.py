"""Passages that stand in more than one document: runs of sentences or lines, found by hash and removed but once.

A passage is `window` units in a row, compared by their letters and digits alone (case, width, punctuation and white
space do not tell two copies apart; nor does the place of a line break, for sentences). It stays in the first document
that has it. C4 did this with three sentences; Lee et al. (2022) show what it buys.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import xxhash
from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.engine.hash_files import FirstDocuments, Hashes
from cpt_pipeline.text.words import fold

_SENTENCE = re.compile(r".+?(?:[。！？!?；…]+[”’」』）)\"']*\s*|\.[\"')]*(?:\s+|$)|\n\s*\n\s*|$)", re.DOTALL)
_LINE = re.compile(r"[^\n]*\n+|[^\n]+$")
_PARAGRAPH = re.compile(r".+?(?:\n\s*\n\s*|$)", re.DOTALL)
_UNITS = {"sentence": _SENTENCE, "line": _LINE, "paragraph": _PARAGRAPH}
_NO_LETTER = re.compile(r"[\W_]+")
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


class PassagesParams(Params):
    """`dedup.passages` in conf."""

    enabled: bool = False
    unit: Literal["sentence", "line", "paragraph"] = "sentence"
    window: int = Field(3, ge=1)
    """Units in a row that make a passage (C4: 3 sentences)."""
    min_bytes: int = Field(120, ge=1)
    """UTF-8 bytes of the letters and digits of a passage (40 Chinese characters); shorter ones are left alone."""
    min_left_share: float = Field(0.3, ge=0, le=1)
    """A document that would keep less of itself is excluded as `repeated_passages`."""


@dataclass(frozen=True)
class Passages:
    """The units of a text, and its passages: `hashes[i]` is of the units from `firsts[i]` on."""

    units: list[str]
    hashes: Hashes
    firsts: npt.NDArray[np.int64]


def split_units(text: str, unit: str) -> list[str]:
    """Cut a text into sentences, lines or paragraphs; joined they are the text again."""
    return [found for found in _UNITS[unit].findall(text) if found]


def find_passages(text: str, params: PassagesParams) -> Passages:
    """Cut a text into units and hash every run of `window` of them that is long enough.

    A text of fewer units is one passage. Units without a letter or digit belong to no passage.
    """
    units = split_units(text, params.unit)
    bare = [_NO_LETTER.sub("", fold(unit)).encode() for unit in units]
    solid = np.array([number for number, each in enumerate(bare) if each], np.int64)
    window = min(params.window, max(solid.size, 1))
    num_passages = max(solid.size - window + 1, 0) if solid.size else 0
    single = np.fromiter((xxhash.xxh3_64_intdigest(bare[number]) for number in solid), np.uint64, solid.size)
    sizes = np.fromiter((len(bare[number]) for number in solid), np.int64, solid.size)
    hashes, lengths = np.zeros(num_passages, np.uint64), np.zeros(num_passages, np.int64)
    for offset in range(window if num_passages else 0):
        hashes = (hashes * _FACTOR) ^ single[offset : offset + num_passages]
        lengths += sizes[offset : offset + num_passages]
    long_enough = lengths >= params.min_bytes
    return Passages(units, hashes[long_enough], solid[:num_passages][long_enough])


def remove_passages(
    text: str, document: int, first_documents: FirstDocuments, params: PassagesParams
) -> tuple[str, dict[int, int]]:
    """Remove what an earlier document holds; give the text left, and earlier document to units that it holds too."""
    passages = find_passages(text, params)
    found = first_documents.find(passages.hashes)
    repeated = (found >= 0) & (found < document)
    if not repeated.any():
        return text, {}
    owner = np.full(len(passages.units), -1, np.int64)
    window = params.window
    solid = [number for number, unit in enumerate(passages.units) if _NO_LETTER.sub("", unit)]
    place = {number: index for index, number in enumerate(solid)}
    for first, other in zip(passages.firsts[repeated].tolist(), found[repeated].tolist(), strict=True):
        owner[solid[place[first] : place[first] + window]] = other
    held: dict[int, int] = {}
    for other in owner[owner >= 0].tolist():
        held[other] = held.get(other, 0) + 1
    left = "".join(unit for unit, other in zip(passages.units, owner.tolist(), strict=True) if other < 0)
    return left.strip("\n"), held
