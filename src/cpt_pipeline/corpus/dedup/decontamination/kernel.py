"""Compiled loops of the search for leaks: the letters of a text, its seeds that items hold, and what they cover.

A seed is a run of letters of fixed length, known by its 64-bit polynomial hash (Karp and Rabin 1987). Two runs can be
taken for one, so letters are compared wherever a seed is met. Modules that hold parameters import this one inside
functions (numba).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cpt_pipeline.text.kernel import compiled

Hashes = npt.NDArray[np.uint64]
Letters = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]

_BASE = np.uint64(0x9E3779B97F4A7C15)
_SPREAD = np.uint64(0xFF51AFD7ED558CCD)
_ONE = np.uint64(1)
_TOP, _MIDDLE, _SHARES = np.uint64(54), np.uint64(20), np.uint64(1 << 10)
_DRIFT = 16
"""Letters by which the distance of two meetings may differ in text and item, beside a quarter of it."""
_SHIFTS = ((1, 1), (0, 1), (1, 0), (2, 2), (1, 2), (2, 1), (0, 2), (2, 0))
"""How far item and text go on behind a letter that differs: one replaced, put in, left out; two of them."""


Table = tuple[Hashes, Places, npt.NDArray[np.uint8]]
"""Seeds by hash: the keys, each once, in order; an open hash table of their rows, twice as large or more, -1 where
nothing is; and a bit for each hash that may be a key."""
Postings = tuple[Numbers, Places, Places]
"""Items by seed: those of row `i` from the `i`th number on, and where in the item the seed begins."""
ItemTexts = tuple[Letters, Numbers, Places, Places, Places, Places]
"""The letters of all items, one behind the other; where each begins; and for each how many letters are its question's
(the answer's follow), how many must be alike behind one that differs, how many seeds must be met, and how many letters
count wherever they stand, whatever its length. (Plain tuples: numba takes half a millisecond for named ones.)"""


@compiled
def find_letters(codes: npt.NDArray[np.uint32], table: Letters) -> tuple[Letters, Places]:
    """Return the letters of a text (`table` gives what a code counts as, 0 for none) and their places in it."""
    letters, places = np.empty(codes.size, np.uint32), np.empty(codes.size, np.int32)
    num_letters = 0
    for place in range(codes.size):
        letter = table[codes[place]]
        if letter:
            letters[num_letters], places[num_letters] = letter, place
            num_letters += 1
    return letters[:num_letters].copy(), places[:num_letters].copy()


@compiled
def hash_runs(letters: Letters, length: int) -> Hashes:
    """Hash every run of `length` letters."""
    if letters.size < length:
        return np.empty(0, np.uint64)
    keys = np.empty(letters.size - length + 1, np.uint64)
    power, rolling = _ONE, np.uint64(0)
    for place in range(length):
        power *= _BASE
        rolling = rolling * _BASE + np.uint64(letters[place])
    keys[0] = rolling
    for place in range(length, letters.size):
        rolling = rolling * _BASE + np.uint64(letters[place]) - np.uint64(letters[place - length]) * power
        keys[place - length + 1] = rolling
    return keys


@compiled
def choose(hashes: Hashes, every: Places) -> Marks:
    """Mark hashes, one in `every` of its own: by the hash itself, so of two items the same runs (FracMinHash)."""
    chosen = np.empty(hashes.size, np.bool_)
    for place in range(hashes.size):
        chosen[place] = ((hashes[place] * _SPREAD) >> _TOP) * np.uint64(every[place]) < _SHARES
    return chosen


@compiled
def fill_tables(keys: Hashes, slots: Places, bits: npt.NDArray[np.uint8]) -> None:
    """Enter keys, each once, into a hash table of -1 and a filter of 0; the size of both is a power of two."""
    mask, bit_mask = np.uint64(slots.size - 1), np.uint64(bits.size * 8 - 1)
    for row in range(keys.size):
        spread = (keys[row] * _SPREAD) >> _MIDDLE
        bit = spread & bit_mask
        bits[np.int64(bit >> np.uint64(3))] |= np.uint8(_ONE << (bit & np.uint64(7)))
        slot = spread & mask
        while slots[np.int64(slot)] >= 0:
            slot = (slot + _ONE) & mask
        slots[np.int64(slot)] = row


@compiled
def find_seeds(letters: Letters, length: int, table: Table) -> tuple[Places, Places]:
    """Return the row of each seed that a text holds and the letter it begins at, in the order of the text."""
    rows, starts = np.empty(64, np.int32), np.empty(64, np.int32)
    num_found = 0
    keys, slots, bits = table
    mask, bit_mask = np.uint64(slots.size - 1), np.uint64(bits.size * 8 - 1)
    power, rolling = _ONE, np.uint64(0)
    for _ in range(length):
        power *= _BASE
    for place in range(letters.size):
        rolling = rolling * _BASE + np.uint64(letters[place])
        if place >= length:
            rolling -= np.uint64(letters[place - length]) * power
        elif place < length - 1:
            continue
        spread = (rolling * _SPREAD) >> _MIDDLE
        bit = spread & bit_mask
        if not (bits[np.int64(bit >> np.uint64(3))] >> (bit & np.uint64(7))) & _ONE:
            continue
        slot = spread & mask
        while slots[np.int64(slot)] >= 0 and keys[slots[np.int64(slot)]] != rolling:
            slot = (slot + _ONE) & mask
        row = slots[np.int64(slot)]
        if row < 0:
            continue
        if num_found == rows.size:
            rows, starts = np.concatenate((rows, np.empty_like(rows))), np.concatenate((starts, np.empty_like(starts)))
        rows[num_found], starts[num_found] = row, place - length + 1
        num_found += 1
    return rows[:num_found].copy(), starts[:num_found].copy()


@compiled
def count_documents(rows: Places, document: int, last_seen: Places, counts: Places) -> None:
    """Count a document once for each seed that it holds; `last_seen` holds the last document counted for each."""
    for row in rows:
        if last_seen[row] != document:
            last_seen[row] = document
            counts[row] += 1


@compiled
def list_hits(
    rows: Places, starts: Places, postings: Postings, min_hits: Places, windows: Places
) -> tuple[Numbers, Places]:
    """Return the meetings of a text with its items, as item * 2^32 + place in the text, and the place in the item.

    Where an item must be met twice, meetings are left out that have none beside them about as far away in text and
    item: most are.
    """
    firsts, items, item_places = postings
    num_all = 0
    for row in rows:
        num_all += firsts[row + 1] - firsts[row]
    hits, places, near = np.empty(num_all, np.int64), np.empty(num_all, np.int32), np.empty(num_all, np.bool_)
    last_met = np.full(min_hits.size, -1, np.int64)
    number = 0
    for index in range(rows.size):
        for entry in range(firsts[rows[index]], firsts[rows[index] + 1]):
            item = items[entry]
            hits[number], places[number] = (np.int64(item) << 32) + starts[index], item_places[entry]
            near[number] = min_hits[item] < 2
            last = last_met[item]
            if last >= 0 and hits[number] - hits[last] < windows[item]:
                distance = hits[number] - hits[last]
                if abs(distance - (places[number] - places[last])) <= _DRIFT + distance // 4:
                    near[number] = near[last] = True
            last_met[item] = number
            number += 1
    return hits[near], places[near]


@compiled
def window_of(size: Any) -> Any:
    """Return in how many letters of a text an item of `size` letters must lie."""
    return size + size // 3 + 24


@compiled
def match_items(
    letters: Letters, hits: Numbers, places: Places, texts: ItemTexts, min_share: float
) -> tuple[Places, Places, Places, Marks]:
    """Return where a text holds `min_share` of an item's question or a long fragment: items, starts, ends, and marks.

    The marks of all places stand one behind the other, as many for each as its item has letters. `hits` are sorted.
    Looked at are windows of a third more than the item's length; what is covered is what the meetings of a window cover
    together, in any order.
    """
    item_letters, firsts, num_prompt, resume, min_hits, min_fragment = texts
    items, starts, ends = np.empty(16, np.int32), np.empty(16, np.int32), np.empty(16, np.int32)
    covered = np.empty(1024, np.bool_)
    num_found = num_covered = 0
    first = 0
    while first < hits.size:
        item = hits[first] >> 32
        item_text = item_letters[firsts[item] : firsts[item + 1]]
        size = item_text.size
        width = window_of(size)
        last = first
        while last < hits.size and hits[last] - hits[first] < width:
            last += 1
        following = hits[first] + max(1, size // 8)
        if last - first >= min_hits[item]:
            marks = np.zeros(size, np.bool_)
            span = np.array([letters.size, 0])
            for number in range(first, last):
                place = hits[number] & 0xFFFFFFFF
                _extend(letters, place, item_text, places[number], resume[item], marks, span)
            prompt = num_prompt[item]
            if marks[:prompt].sum() >= min_share * prompt or marks.sum() >= min_fragment[item]:
                if num_found == items.size:
                    items = np.concatenate((items, np.empty_like(items)))
                    starts = np.concatenate((starts, np.empty_like(starts)))
                    ends = np.concatenate((ends, np.empty_like(ends)))
                while num_covered + size > covered.size:
                    covered = np.concatenate((covered, np.empty_like(covered)))
                items[num_found], starts[num_found], ends[num_found] = item, span[0], span[1]
                covered[num_covered : num_covered + size] = marks
                num_found += 1
                num_covered += size
                following = (item << 32) + span[1]
        while first < hits.size and hits[first] < following:
            first += 1
    return items[:num_found].copy(), starts[:num_found].copy(), ends[:num_found].copy(), covered[:num_covered].copy()


@compiled
def _extend(
    text: Letters, text_place: int, item: Letters, item_place: int, resume: int, marks: Marks, span: Numbers
) -> None:
    """Mark what follows and precedes a meeting in both, over letters that differ, and widen the span of the text."""
    if marks[item_place] and span[0] <= text_place < span[1]:
        return
    for step in (1, -1):
        here, there = (item_place, text_place) if step > 0 else (item_place - 1, text_place - 1)
        while 0 <= here < item.size and 0 <= there < text.size:
            if item[here] == text[there]:
                marks[here] = True
                span[0], span[1] = min(span[0], there), max(span[1], there + 1)
                here, there = here + step, there + step
                continue
            here, there = _skip(text, there, item, here, resume, step)


@compiled
def _skip(text: Letters, there: int, item: Letters, here: int, resume: int, step: int) -> tuple[int, int]:
    """Return the nearest places behind a difference from which `resume` letters are alike, or -1; at an end two do."""
    for skipped, passed in _SHIFTS:
        mine, other = here + skipped * step, there + passed * step
        alike = 0
        while alike < resume and 0 <= mine < item.size and 0 <= other < text.size and item[mine] == text[other]:
            alike += 1
            mine, other = mine + step, other + step
        if alike == resume or (skipped == passed == 1 and alike > 1 and not 0 <= mine < item.size):
            return here + skipped * step, there + passed * step
    return -1, -1
