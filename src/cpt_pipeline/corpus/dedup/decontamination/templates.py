"""Items made from one template: what tells each of them from the others.

Forty problems that differ in two numbers share nine tenths of their letters, so most of an item is no sign of it, and
each of them resembles all the others. Of such an item the letters count that few of its siblings have in that place:
they must stand in a text as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cpt_pipeline.corpus.dedup.decontamination.items import ItemLetters, Letters

Marks = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]

_MIN_ITEMS = 4
"""Two or three like items are often one item that stands there twice, by mistake or with other choices."""
_COMMON_SHARE = 0.5
"""Items that share so many of their runs, numbers aside, are of one template; letters that so many have are its own."""
_COMPARED = 48
"""So many siblings show what is the template."""
_MOST_ITEMS = 2_000
"""A run of letters in more items says nothing of a template."""
_LATIN_RUNS, _CJK_RUNS = (6, 4), (3, 2)
"""Letters of the runs by which siblings are found, and of those by which they are compared."""
_LETTERS_PER_RUN, _MAX_EVERY = 32, 8
"""Of a longer question fewer runs are compared, one in eight at least."""
_MIN_LATIN, _MIN_CJK = 16, 7
"""Letters of a question that can have a template."""
_NUMERALS = np.array(sorted(map(ord, "0123456789零一二三四五六七八九十百千万亿两甲乙丙丁")), np.uint32)
"""And the names by which law books call people: one letter is all that differs."""
_CHUNK, _MIN_FOUND = 8, 0.75
_LETTERS_PER_OTHER = 8
"""In a text that was disguised one letter of a name may be another, of a long one more, and a quarter of the pieces."""
_LETTERS_PER_HOLE = 24
"""Where one of so many letters of the template itself is another, a text was disguised; else it is another variant."""


class _Needle(NamedTuple):
    """Letters that must stand in a text."""

    start: int
    """In the item."""
    letters: Letters
    is_number: bool
    """Every letter counts, and none may go before or behind: it would be another number, and another item."""

    def is_nearly(self, covered: Marks) -> bool:
        """Return whether nearly all its letters are among those of the item that a passage has."""
        num_other = int((~covered[self.start : self.start + self.letters.size]).sum())
        return num_other <= max(1, self.letters.size // _LETTERS_PER_OTHER)


class Distinction(NamedTuple):
    """What tells an item of a template from its siblings."""

    marks: Marks
    """A mark for each letter of the item: those of the question that differ."""
    num_prompt: int
    needles: tuple[_Needle, ...]
    """The numbers of those letters, and the others with one of the template on both sides; none where questions are all
    the same."""

    def stands_in(self, letters: Letters, places: Places, covered: Marks, num_between: int) -> bool:
        """Return whether the letters of a passage, and their places in the text, have it, in the order of the item.

        `covered` marks the item's letters that the passage has. Between them `num_between` letters may be put in: the
        answer in a blank.
        """
        own = self.marks[: self.num_prompt]
        num_holes = int((~covered[: self.num_prompt] & ~own).sum())
        wanted = list(self.needles)
        if num_holes * _LETTERS_PER_HOLE > own.size:
            missing = [each for each in wanted if not each.is_number and not each.is_nearly(covered)]
            if len(missing) > (1 - _MIN_FOUND) * len(wanted):
                return False
            wanted = [each for each in wanted if each.is_number]
        found = [(needle, _find(needle, letters, places)) for needle in wanted]
        if not found:
            return True
        first, ats = found[0]
        return any(self._stand_around(found, first.start, at, num_between) for at in ats.tolist())

    @staticmethod
    def _stand_around(found: list[tuple[_Needle, Numbers]], start: int, at: int, num_between: int) -> bool:
        """Return whether all needles stand around one, as far away as in the item."""
        for needle, ats in found:
            gap = needle.start - start
            drift = 4 + abs(gap) // 8 + num_between if gap else 0
            if not (np.abs(ats - at - gap) <= drift).any():
                return False
        return True


def find_distinctions(items: Sequence[ItemLetters]) -> dict[int, Distinction]:
    """Return what distinguishes the items that are made from templates, by their numbers."""
    found: dict[int, Distinction] = {}
    for cjk, least, (length, short) in ((False, _MIN_LATIN, _LATIN_RUNS), (True, _MIN_CJK, _CJK_RUNS)):
        numbers = [number for number, item in enumerate(items) if item.cjk is cjk and item.num_prompt >= least]
        questions = [items[number].letters[: items[number].num_prompt] for number in numbers]
        for place, siblings in _siblings(questions, length).items():
            marks = np.zeros(items[numbers[place]].letters.size, np.bool_)
            others = [questions[each] for each in siblings]
            mine = marks[: questions[place].size]
            mine[:] = ~_common(questions[place], others, short)
            if not mine.any() and not any(np.array_equal(questions[place], other) for other in others):
                mine[:] = True  # put together of what several siblings have
            found[numbers[place]] = Distinction(marks, mine.size, tuple(_needles(questions[place], mine)))
    return found


def _siblings(questions: list[Letters], length: int) -> dict[int, list[int]]:
    """Return for each question of a template some others of it, by their places."""
    from cpt_pipeline.corpus.dedup.decontamination import kernel as leaks_kernel
    from cpt_pipeline.corpus.dedup.decontamination import siblings_kernel

    hashed = [leaks_kernel.hash_runs(_masked(each), length) for each in questions]
    hashes = np.concatenate([np.empty(0, np.uint64), *hashed])
    owners = np.repeat(np.arange(len(questions)), [each.size for each in hashed])
    every = np.array([min(max(each.size // _LETTERS_PER_RUN, 1), _MAX_EVERY) for each in questions], np.int32)
    chosen = leaks_kernel.choose(hashes, every[owners])
    rows = np.unique(hashes[chosen], return_inverse=True)[1].astype(np.int64)
    pairs = np.unique(rows * len(questions) + owners[chosen]) if rows.size else rows
    runs, holders = np.divmod(pairs, max(len(questions), 1))
    firsts = np.searchsorted(runs, np.arange(runs.max(initial=-1) + 2))
    by_owner = np.argsort(holders, kind="stable")
    bounds = np.searchsorted(holders[by_owner], np.arange(len(questions) + 1))
    table = siblings_kernel.find_siblings(
        runs[by_owner], bounds, firsts, holders, _COMMON_SHARE, _MOST_ITEMS, _COMPARED
    )
    texts = [each.tobytes() for each in questions]
    found = {}
    for place, row in enumerate(table):
        others = [each for each in row[row >= 0].tolist() if each != place]
        same = sum(texts[each] == texts[place] for each in others)
        others_differ = len({texts[each] for each in others} - {texts[place]})
        if max(same, others_differ) >= _MIN_ITEMS - 1:
            found[place] = others
    return found


def _masked(question: Letters) -> Letters:
    """Return a question with one sign in the place of each number."""
    is_digit = (question >= ord("0")) & (question <= ord("9"))
    masked = np.where(is_digit, np.uint32(ord("0")), question)
    kept = ~is_digit
    kept[1:] |= ~is_digit[:-1]
    kept[:1] = True
    result: Letters = masked[kept]
    return result


def _common(question: Letters, others: list[Letters], length: int) -> Marks:
    """Mark the letters that lie in a short run which most siblings have."""
    from cpt_pipeline.corpus.dedup.decontamination import kernel as leaks_kernel

    mine = leaks_kernel.hash_runs(question, length)
    num_having = np.zeros(mine.size, np.int64)
    for other in others:
        num_having += np.isin(mine, leaks_kernel.hash_runs(other, length))
    common = np.zeros(question.size, np.bool_)
    for shift in range(length):
        common[shift : shift + mine.size] |= num_having >= _COMMON_SHARE * len(others)
    return common


def _needles(question: Letters, marks: Marks) -> Iterator[_Needle]:
    """Yield the numbers that have marked letters, whole, and the other marked letters in pieces, with one beside."""
    is_numeral = np.isin(question, _NUMERALS)
    for start, end in _runs(is_numeral):
        if marks[start:end].any():
            yield _Needle(start, question[start:end], is_number=True)
    for start, end in _runs(marks & ~is_numeral):
        for first in range(start, end, _CHUNK):
            low, high = max(first - 1, 0), min(first + _CHUNK, end) + 1
            yield _Needle(low, question[low:high], is_number=False)


def _runs(marks: Marks) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marks, [False]]))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _find(needle: _Needle, letters: Letters, places: Places) -> Numbers:
    """Return where a needle stands in letters of a text."""
    size = needle.letters.size
    if letters.size < size:
        return np.empty(0, np.int64)
    at = np.flatnonzero((np.lib.stride_tricks.sliding_window_view(letters, size) == needle.letters).all(axis=1))
    if not needle.is_number:
        return at
    is_numeral = np.concatenate([[False], np.isin(letters, _NUMERALS), [False]])
    goes_on = is_numeral[1:] & is_numeral[:-1]
    goes_on[1:-1] &= np.diff(places) == 1  # from the letter before: no mark or space parts them
    found: Numbers = at[~goes_on[at] & ~goes_on[at + size]]
    return found
