"""Compiled loops over the characters of a text: words as hashes, folding, the mixing of hashes.

All arithmetic is on unsigned 64-bit integers, so results are the same on every machine. Compiled by numba at the
first call and kept on disk: importing this module compiles nothing, but it imports numba (0.4 s), so modules that hold
parameters import it inside functions. The kept code of a function is renewed when its own file changes, and not when
that of a function it calls does: whoever changes `mix` clears `__pycache__` of those that call it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[Any]
"""Unsigned integers that stand for the characters or words of a text, in order."""
Hashes = npt.NDArray[np.uint64]

_Function = TypeVar("_Function", bound=Callable[..., Any])

BASE = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xFF51AFD7ED558CCD)
_SECOND = np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT = np.uint64(33)


def compiled(function: _Function) -> _Function:
    """Compile at the first call and keep the code on disk, or in memory where no folder can be written."""
    try:
        made = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        made = numba.njit(nogil=True)(function)
    return cast(_Function, made)


@compiled
def mix(value: np.uint64) -> np.uint64:
    """Spread a number over 64 bits, one to one (the last steps of MurmurHash3)."""
    value ^= value >> _SHIFT
    value *= FIRST
    value ^= value >> _SHIFT
    value *= _SECOND
    return value ^ (value >> _SHIFT)


@compiled
def hash_words(codes: Codes, classes: npt.NDArray[np.uint8]) -> Hashes:
    """Hash each word of a text.

    A word is a run of characters of class 1, or one character of class 2 or 3; class 0 divides. Characters of class 4
    belong to the word before, but not to one of class 2.
    """
    hashes = np.empty(codes.size, np.uint64)
    num_words = 0
    goes_on = takes_marks = False
    for code in codes:
        kind = classes[code]
        if kind == 4 and not takes_marks:
            continue
        if kind == 4 or (kind == 1 and goes_on):
            hashes[num_words - 1] = mix(hashes[num_words - 1] * BASE + np.uint64(code))
        elif kind != 0:
            hashes[num_words] = mix(np.uint64(code) + BASE)
            num_words += 1
        if kind != 4:
            goes_on, takes_marks = kind == 1, kind in (1, 3)
    return hashes[:num_words].copy()


@compiled
def join_words(codes: Codes, is_space: npt.NDArray[np.bool_]) -> Codes:
    """Give the characters with one space for every run of white space, and none at the ends.

    `is_space` ends with a code that is none. Without branches, which cost more than the rest.
    """
    joined = np.empty_like(codes)
    last = is_space.size - 1
    size = 0
    after_space = True
    for code in codes:
        space = is_space[min(int(code), last)]
        joined[size] = 32 if space else code
        size += not (space and after_space)
        after_space = space
    return joined[: size - 1 if size and after_space else size]


@compiled
def fold_codes(codes: Codes, single: Codes, starts: npt.NDArray[np.int32], letters: Codes) -> Codes:
    """Give each character's letters, with one space for every run of spaces, and none at the ends.

    The letters of code c are `letters[starts[c] : starts[c + 1]]`; where that is one, `single[c]` is it, and 0
    elsewhere. Nothing is given when a character has no letter or lies beyond the table.
    """
    room, last = codes.size, single.size - 1
    for code in codes:
        place = min(int(code), last)
        if single[place] == 0:
            if starts[place] == starts[place + 1]:
                return np.empty(0, single.dtype)
            room += starts[place + 1] - starts[place]
    folded = np.empty(room, single.dtype)
    size = 0
    after_space = True
    for code in codes:
        letter = single[code]
        if letter:
            space = letter == 32
            folded[size] = letter
            size += not (space and after_space)
            after_space = space
        else:
            for each in letters[starts[code] : starts[code + 1]]:
                space = each == 32
                folded[size] = each
                size += not (space and after_space)
                after_space = space
    return folded[: size - 1 if size and after_space else size]
