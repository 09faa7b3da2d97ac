"""Compiled loops of the search for leaks: the words of a text, and those of its runs of words that an index holds.

Runs of words are compared by a 64-bit polynomial hash (Karp and Rabin 1987), so two runs can be taken for one; who
calls compares the words. Modules that hold parameters import this one inside functions (numba).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.dedup.minhash_kernel import compiled

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int32]

_BASE = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xFF51AFD7ED558CCD)
_SECOND = np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT = np.uint64(33)
_ONE = np.uint64(1)
_BITS = np.uint64(7)
_BYTE = np.uint64(3)


@compiled
def _spread(value: np.uint64) -> np.uint64:
    """Spread a number over 64 bits, one to one (the last steps of MurmurHash3)."""
    value ^= value >> _SHIFT
    value *= _FIRST
    value ^= value >> _SHIFT
    value *= _SECOND
    return value ^ (value >> _SHIFT)


@compiled
def find_words(codes: npt.NDArray[np.uint32], classes: npt.NDArray[np.uint8]) -> tuple[Hashes, Places, Places]:
    """Give the hash, the start and the end of each word: a run of class 1, or one character of class 2."""
    hashes = np.empty(codes.size, np.uint64)
    starts, ends = np.empty(codes.size, np.int32), np.empty(codes.size, np.int32)
    num_words = 0
    running = False
    for place in range(codes.size):
        kind = classes[codes[place]]
        if kind == 1 and running:
            hashes[num_words - 1] = _spread(hashes[num_words - 1] * _BASE + np.uint64(codes[place]))
            ends[num_words - 1] = place + 1
        elif kind != 0:
            hashes[num_words] = _spread(np.uint64(codes[place]) + _BASE)
            starts[num_words], ends[num_words] = place, place + 1
            num_words += 1
        running = kind == 1
    return hashes[:num_words].copy(), starts[:num_words].copy(), ends[:num_words].copy()


@compiled
def hash_runs(words: Hashes, length: int) -> Hashes:
    """Hash every run of `length` words."""
    if words.size < length:
        return np.empty(0, np.uint64)
    keys = np.empty(words.size - length + 1, np.uint64)
    power, rolling = _ONE, np.uint64(0)
    for place in range(length):
        power *= _BASE
        rolling = rolling * _BASE + words[place]
    keys[0] = rolling
    for place in range(length, words.size):
        rolling = rolling * _BASE + words[place] - words[place - length] * power
        keys[place - length + 1] = rolling
    return keys


@compiled
def find_runs(
    words: Hashes,
    lengths: Places,
    keys: Hashes,
    ends: npt.NDArray[np.int64],
    bitmaps: tuple[Hashes, npt.NDArray[np.int64], npt.NDArray[np.uint8]],
) -> tuple[Places, npt.NDArray[np.int64]]:
    """Give the start of each run that has a key, and the first row of that key, by length and start.

    `keys` are sorted for each length; those of `lengths[i]` end before row `ends[i]`.
    """
    starts, rows = np.empty(64, np.int32), np.empty(64, np.int64)
    num_found = 0
    for number in range(lengths.size):
        length, mask, offset = lengths[number], bitmaps[0][number], bitmaps[1][number]
        low = ends[number - 1] if number else 0
        power, rolling = _ONE, np.uint64(0)
        for _ in range(length):
            power *= _BASE
        for place in range(words.size):
            rolling = rolling * _BASE + words[place]
            if place >= length:
                rolling -= words[place - length] * power
            elif place < length - 1:
                continue
            bit = rolling & mask
            if not (bitmaps[2][offset + np.int64(bit >> _BYTE)] >> (bit & _BITS)) & _ONE:
                continue
            row = low + np.searchsorted(keys[low : ends[number]], rolling)
            if row == ends[number] or keys[row] != rolling:
                continue
            if num_found == starts.size:
                starts = np.concatenate((starts, np.empty_like(starts)))
                rows = np.concatenate((rows, np.empty_like(rows)))
            starts[num_found], rows[num_found] = place - length + 1, row
            num_found += 1
    return starts[:num_found].copy(), rows[:num_found].copy()


def make_bitmaps(groups: list[Hashes]) -> tuple[Hashes, npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Give the mask, the offset and the bits of a bitmap for each group of keys: 32 to 64 bits a key, 4 MiB at most.

    The small groups stay in the nearest cache; one bitmap for all of them was three times as slow.
    """
    masks, bitmaps = [], []
    for keys in groups:
        num_bits = min(max(1 << (int(keys.size) * 32).bit_length(), 64), 1 << 25)
        bits: npt.NDArray[Any] = (keys & np.uint64(num_bits - 1)).astype(np.int64)
        bitmap = np.zeros(num_bits // 8, np.uint8)
        np.bitwise_or.at(bitmap, bits >> 3, (1 << (bits & 7)).astype(np.uint8))
        masks.append(num_bits - 1)
        bitmaps.append(bitmap)
    ends = np.cumsum([each.size for each in bitmaps], dtype=np.int64)
    offsets = ends - np.array([each.size for each in bitmaps], np.int64)
    return np.array(masks, np.uint64), offsets, np.concatenate([np.empty(0, np.uint8), *bitmaps])
