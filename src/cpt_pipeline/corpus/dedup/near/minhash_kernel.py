"""Compiled loops of MinHash: n-gram hashes, sketches, comparison of signatures.

As in `text.kernel`, importing this module compiles nothing, but it imports numba (0.4 s).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cpt_pipeline.text.kernel import BASE, FIRST, Codes, Hashes, compiled, mix

EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)
_HALF = np.uint64(32)
_ONE = np.uint64(1)
_VALUE_BITS = np.uint64(40)
_VALUE_MASK = np.uint64((1 << 40) - 1)
_BIN_BITS = np.uint64(24)
_SIGNATURE_SHIFT = np.uint64(48)


@compiled
def _scramble(code: np.uint64) -> np.uint64:
    """Make a code look random, so that sums of codes are not the same by their small differences."""
    value = (code + _ONE) * FIRST
    return value ^ (value >> _HALF)


@compiled
def hash_ngrams(codes: Codes, width: int, seed: np.uint64) -> Hashes:
    """Hash every run of `width` codes, of which there must be one at least.

    A rolling polynomial (Karp and Rabin 1987) over scrambled codes: one step per code, whatever the width.
    """
    hashes = np.empty(codes.size - width + 1, np.uint64)
    power = _ONE
    rolling = np.uint64(0)
    for place in range(width):
        power *= BASE
        rolling = rolling * BASE + _scramble(np.uint64(codes[place]))
    hashes[0] = mix(rolling + seed)
    for place in range(width, codes.size):
        leaving = _scramble(np.uint64(codes[place - width]))
        rolling = rolling * BASE + _scramble(np.uint64(codes[place])) - leaving * power
        hashes[place - width + 1] = mix(rolling + seed)
    return hashes


@compiled
def sample_ngrams(
    codes: Codes, counted: npt.NDArray[np.bool_], width: int, seed: np.uint64, bound: np.uint64
) -> Hashes:
    """Return those hashes of the runs of `width` counted codes that are below `bound`, in order; others are passed by.

    `counted` ends with a code that is not. The hashes are those that `hash_ngrams` gives.
    """
    found = np.empty(codes.size // 32 + 64, np.uint64)
    scrambled = np.zeros(width, np.uint64)
    power = _ONE
    for _ in range(width):
        power *= BASE
    rolling = np.uint64(0)
    last, place, num_read, size = counted.size - 1, 0, 0, 0
    for code in codes:
        if not counted[min(int(code), last)]:
            continue
        entering = _scramble(np.uint64(code))
        rolling = rolling * BASE + entering - scrambled[place] * power
        scrambled[place] = entering
        place = place + 1 if place + 1 < width else 0
        num_read += 1
        value = mix(rolling + seed)
        if value < bound and num_read >= width:
            if size == found.size:
                found = np.concatenate((found, np.empty_like(found)))
            found[size] = value
            size += 1
    return found[:size].copy()


@compiled
def fill(sketch: Hashes, hashes: Hashes) -> int:
    """Put every hash into its bin of the sketch, the smallest stays; give how many bins are still `EMPTY`."""
    num_bins = np.uint64(sketch.size)
    for value in hashes:
        place = ((value >> _VALUE_BITS) * num_bins) >> _BIN_BITS
        sketch[place] = min(sketch[place], value & _VALUE_MASK)
    return int(np.sum(sketch == EMPTY))


@compiled
def fill_empty(sketch: Hashes, hashes: Hashes) -> None:
    """Fill the bins that the first round left empty by further rounds, each with another hash of the same set.

    Fast similarity sketching (Dahlgaard, Knudsen, Thorup 2017): in the rounds up to the number of bins a hash goes to
    a bin of its choice, and then all go to one bin after another, so that none is left. Two sketches agree in a bin
    with exactly the probability that is the similarity of their sets, also when a set is smaller than the sketch.
    """
    num_bins = sketch.size
    num_empty = np.sum(sketch == EMPTY)
    for turn in range(1, 2 * num_bins):
        if num_empty == 0:
            return
        low = np.uint64(turn) << _VALUE_BITS
        if turn >= num_bins and sketch[turn - num_bins] != EMPTY:
            continue
        for value in hashes:
            other = mix(value + np.uint64(turn) * BASE)
            place = ((other >> _VALUE_BITS) * np.uint64(num_bins)) >> _BIN_BITS
            if turn >= num_bins:
                place = np.uint64(turn - num_bins)
            if sketch[place] >= low:
                num_empty -= sketch[place] == EMPTY
                sketch[place] = min(sketch[place], low | (other & _VALUE_MASK))


@compiled
def as_signature(sketch: Hashes, out: npt.NDArray[np.uint16]) -> None:
    """Reduce a sketch to 16 bits per bin: two bins that differ agree by chance once in 65,536."""
    for place in range(sketch.size):
        out[place] = mix(sketch[place]) >> _SIGNATURE_SHIFT


@compiled
def band_keys(signatures: npt.NDArray[np.uint16], rows_per_band: int, out: Hashes) -> None:
    """Hash every band of every signature into `out`, shape [bands, documents]; bands never share a key by design."""
    num_bands = out.shape[0]
    for document in range(signatures.shape[0]):
        for band in range(num_bands):
            key = np.uint64(band + 1) * BASE
            for row in range(band * rows_per_band, (band + 1) * rows_per_band):
                key = mix(key + np.uint64(signatures[document, row]) + _ONE)
            out[band, document] = key


@compiled
def compare_neighbours(
    signatures: npt.NDArray[np.uint16],
    documents: npt.NDArray[np.int64],
    keys: Hashes,
    start: int,
    window: int,
    needed: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Compare each row from `start` on with the `window` rows before it that have the same key.

    No row is compared beyond one that is equal to it: that one was compared with those before and is as similar.
    Gives (smaller document number, larger one, places that agree) of the pairs that agree in `needed` places or more.
    """
    capacity = (keys.size - start) * window
    first, second = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    agreements = np.empty(capacity, np.int32)
    found = 0
    for row in range(start, keys.size):
        for other in range(row - 1, max(-1, row - window - 1), -1):
            if keys[other] != keys[row]:
                break
            agreement = _agreement(signatures[other], signatures[row])
            if agreement >= needed:
                first[found] = min(documents[other], documents[row])
                second[found] = max(documents[other], documents[row])
                agreements[found] = agreement
                found += 1
            if agreement == signatures.shape[1]:
                break
    return first[:found].copy(), second[:found].copy(), agreements[:found].copy()


@compiled
def note_new(
    noted: npt.NDArray[np.int64], first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Say of each pair whether it is missing in `noted`, and put it there in the place of another.

    `noted` starts as zeros, shape [any, 2]; no pair is called old that was not there, some are called new again.
    """
    new = np.zeros(first.size, np.bool_)
    for pair in range(first.size):
        place = _place_of(first[pair], second[pair], noted.shape[0])
        if noted[place, 0] != first[pair] or noted[place, 1] != second[pair]:
            noted[place, 0], noted[place, 1] = first[pair], second[pair]
            new[pair] = True
    return new


@compiled
def are_known_couples(
    noted: npt.NDArray[np.int64], documents: npt.NDArray[np.int64], keys: Hashes
) -> npt.NDArray[np.bool_]:
    """Say of documents, sorted by key, which share their key with one other that `note_new` has noted with them."""
    known = np.zeros(keys.size, np.bool_)
    start = 0
    while start < keys.size:
        end = start + 1
        while end < keys.size and keys[end] == keys[start]:
            end += 1
        if end - start == 2:
            first, second = documents[start], documents[start + 1]
            place = _place_of(first, second, noted.shape[0])
            known[start:end] = noted[place, 0] == first and noted[place, 1] == second
        start = end
    return known


@compiled
def _place_of(first: int, second: int, num_places: int) -> int:
    return int(mix(mix(np.uint64(first)) + np.uint64(second)) % np.uint64(num_places))


@compiled
def _agreement(one: npt.NDArray[np.uint16], other: npt.NDArray[np.uint16]) -> int:
    same = 0
    for place in range(one.size):
        same += one[place] == other[place]
    return same


@compiled
def meet(table: Any, keys: Hashes, signatures: npt.NDArray[np.uint16], first_old: int, max_meetings: int) -> None:
    """Compare new documents (an `index.KeyTable`) with the old ones that share a key, and keep the best of each.

    `keys` has shape [bands, old documents]; the first old document has the number `first_old`. Of a key's old
    documents only the first `max_meetings` are compared.
    """
    for band in range(keys.shape[0]):
        for row in range(keys.shape[1]):
            key = keys[band, row]
            if not table.present[key >> table.shift]:
                continue
            place = np.searchsorted(table.keys, key)
            if place == table.keys.size or table.keys[place] != key or table.num_met[place] == max_meetings:
                continue
            table.num_met[place] += 1
            while place < table.keys.size and table.keys[place] == key:
                new = table.documents[place]
                agreement = _agreement(table.signatures[new], signatures[row])
                earlier = agreement == table.best[new] and first_old + row < table.best_old[new]
                if agreement > table.best[new] or earlier:
                    table.best[new], table.best_old[new] = agreement, first_old + row
                place += 1
