"""Characters in frequent and in repeated n-grams, counted over hashes of words or characters.

The numbers are those of datatrove's GopherRepetitionFilter; two different n-grams of a text would have to share 64 bits
of hash to change one. A text whose n-grams are all distinct, the usual case, costs one sort for each n.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from cpt_pipeline.text.tokens import I64, U64, Flags, mix, powers

_TUPLE_BASE: Final = np.uint64(0xD6E8FEB86659FD93)
_ZERO: Final = np.zeros(1, np.int64)


class NGrams:
    """The n-grams of a sequence of words, given by the hashes of their characters and their lengths.

    `gap` is the number of characters that `top` counts between two words.
    """

    def __init__(self, hashes: U64, lengths: I64, *, gap: int = 1) -> None:
        self._hashes, self._gap = hashes, gap
        self._ends = np.concatenate((_ZERO, np.cumsum(lengths)))
        self._powers = powers(lengths)
        self._joined: list[U64] = [hashes]
        self._tuples: list[U64] = [mix(hashes ^ self._powers)]

    @property
    def num_words(self) -> int:
        """Words of the sequence."""
        return len(self._hashes)

    def top(self, size: int) -> int:
        """Count the characters in all occurrences of the most frequent n-gram, the earliest of equals; 0 without any.

        Occurrences may overlap, so this can be more than the text has.
        """
        keys = self._tuple_keys(size)
        if not len(keys):
            return 0
        ordered = np.sort(keys)
        first = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
        bounds = np.concatenate((_ZERO, first, np.array([len(ordered)])))
        counts = bounds[1:] - bounds[:-1]
        most = int(counts.max())
        place = 0 if most == 1 else int(_among(keys, ordered[bounds[:-1][counts == most]]).argmax())
        return most * (int(self._ends[place + size] - self._ends[place]) + self._gap * (size - 1))

    def duplicate(self, size: int) -> int:
        """Count the characters in n-grams that were seen before, going on behind each one found.

        n-grams are compared as joined characters, without what lies between the words.
        """
        keys = self._joined_keys(size)
        ordered = np.sort(keys)
        repeated = ordered[1:][ordered[1:] == ordered[:-1]]
        if not len(repeated):
            return 0
        # Only what occurs twice can be found again, so nothing else has to be walked through.
        places = np.flatnonzero(_among(keys, repeated))
        lengths = self._ends[places + size] - self._ends[places]
        seen: set[int] = set()
        found = behind = 0
        for place, key, length in zip(places.tolist(), keys[places].tolist(), lengths.tolist(), strict=True):
            if place < behind:
                continue
            if key in seen:
                found += length
                behind = place + size
            else:
                seen.add(key)
        return found

    def _tuple_keys(self, size: int) -> U64:
        """Hash the n-grams as tuples of words."""
        while len(self._tuples) < size:
            last = self._tuples[-1][:-1]
            self._tuples.append(last * _TUPLE_BASE + self._tuples[0][len(self._tuples) :])
        return self._tuples[size - 1]

    def _joined_keys(self, size: int) -> U64:
        """Hash the n-grams as strings of characters: hash(ab) = hash(a) + power(length of a) * hash(b)."""
        while len(self._joined) < size:
            behind = self._joined[-1][1:]
            self._joined.append(self._hashes[: len(behind)] + self._powers[: len(behind)] * behind)
        return self._joined[size - 1]


def _among(keys: U64, ordered: U64) -> Flags:
    """Say which keys are among others that are in order; np.isin takes three times as long."""
    found: Flags = ordered[np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)] == keys
    return found
