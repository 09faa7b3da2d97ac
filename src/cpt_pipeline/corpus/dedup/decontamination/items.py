"""Benchmark items as the letters by which they are recognised: the question, then the right answer.

Letters and digits alone count: case, width, spaces, punctuation and line ends do not tell two texts apart, nor does
traditional from simplified Chinese script, character by character (OpenCC's table). What nearly all questions of a
benchmark begin or end with ("Question:", "Answer:") is no part of an item.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from cpt_pipeline.formats.benchmarks import BenchmarkItem
from cpt_pipeline.text.folding import fold
from cpt_pipeline.text.words import find_cjk_runs, is_cjk, split_words

Letters = npt.NDArray[np.uint32]

_LABEL_LETTERS = 8
"""Letters that may stand before each choice and are none of its own ("A", "option 1", "答案选项")."""
_NUM_CODES = 0x110000
_FRAME_ITEMS = 10
"""Fewer items cannot show what is the frame of their questions and what the matter."""
_FRAME_SHARE = 0.9
"""Half would be too few: most Chinese questions end with 是 ("is")."""

_SHORT_FRAME = 24
"""Letters of what only names the parts of an item ("Question: ... Answer:"), however short the questions are."""
_CJK_WEIGHT = 3
"""Letters of Latin script that say as much as a Chinese character."""


@dataclass(frozen=True)
class ItemLetters:
    """An item as letters."""

    benchmark: str
    item: str
    letters: Letters
    num_prompt: int
    """The first letters: the question's, without its frame."""
    choices: tuple[Letters, ...]
    """Those that have letters, each once."""
    cjk: bool
    """Whether most letters are Chinese or Japanese."""

    @property
    def num_following(self) -> int:
        """How many letters behind the question its choices may take."""
        return sum(choice.size + _LABEL_LETTERS for choice in self.choices) + _LABEL_LETTERS

    def choices_in(self, letters: Letters) -> bool:
        """Return whether all choices, two or more, stand in the letters behind the question."""
        text = letters.tobytes().decode("utf-32-le", "surrogatepass")
        return len(self.choices) > 1 and all(
            choice.tobytes().decode("utf-32-le", "surrogatepass") in text for choice in self.choices
        )


def find_letters(folded: str) -> tuple[Letters, npt.NDArray[np.int32]]:
    """Return the letters of a folded text, and the place of each in it."""
    from cpt_pipeline.corpus.dedup.decontamination import kernel as leaks_kernel

    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), np.uint32)
    return leaks_kernel.find_letters(codes, _letter_table())


def read_item_letters(items: Iterable[BenchmarkItem]) -> list[ItemLetters]:
    """Return the letters of all items, in order, without the frames of the benchmarks' questions."""
    prompts: dict[str, list[list[str]]] = {}
    order = [(each, split_words(fold(each.prompt))) for each in items]
    for each, words in order:
        prompts.setdefault(each.benchmark, []).append(words)
    frames = {name: _frame(found) for name, found in prompts.items()}
    return [_item_letters(each, words, *frames[each.benchmark]) for each, words in order]


def _item_letters(item: BenchmarkItem, prompt: list[str], head: list[str], tail: list[str]) -> ItemLetters:
    if head and prompt[: len(head)] == head:
        prompt = prompt[len(head) :]
    if tail and prompt[-len(tail) :] == tail:
        prompt = prompt[: -len(tail)]
    question = find_letters(" ".join(prompt))[0]
    choices = [find_letters(fold(choice))[0] for choice in item.choices]
    letters = np.concatenate([question, choices[item.answer]])
    num_cjk = sum(map(len, find_cjk_runs("".join(map(chr, letters.tolist())))))
    kept = {choice.tobytes(): choice for choice in choices if choice.size}
    return ItemLetters(
        item.benchmark, item.id, letters, question.size, tuple(kept.values()), num_cjk * 2 > letters.size
    )


def _frame(prompts: list[list[str]]) -> tuple[list[str], list[str]]:
    """Return the words that nearly all prompts begin with, and those that they end with.

    Where they are long, and more than half of most prompts, they are what all ask, and the rest is a name or a number.
    """
    if len(prompts) < _FRAME_ITEMS:
        return [], []
    tails = [words[::-1] for words in prompts]
    head, tail = _common_start(prompts), _common_start(tails)[::-1]
    frame = _weight(head + tail)
    whole = sorted(map(_weight, prompts))[len(prompts) // 2]
    return (head, tail) if frame <= _SHORT_FRAME or whole >= 2 * frame else ([], [])


def _weight(words: list[str]) -> int:
    """Return how much words say, in letters of Latin script."""
    return sum(_CJK_WEIGHT if is_cjk(letter) else 1 for word in words for letter in word)


def _common_start(lists: list[list[str]]) -> list[str]:
    start: list[str] = []
    alive = [words for words in lists if words]
    while alive:
        word, count = Counter(words[len(start)] for words in alive).most_common(1)[0]
        if count < _FRAME_SHARE * len(lists):
            break
        start.append(word)
        alive = [words for words in alive if words[len(start) - 1] == word and len(words) > len(start)]
    return start


@cache
def _letter_table() -> Letters:
    """Return what each code point counts as: 0 where it is no letter, a traditional character its simplified one."""
    from opencc import OpenCC

    letters = np.array([code if chr(code).isalnum() else 0 for code in range(_NUM_CODES)], np.uint32)
    chinese = [code for code in np.flatnonzero(letters).tolist() if is_cjk(chr(code))]
    simple = OpenCC("t2s").convert("\n".join(map(chr, chinese))).split("\n")  # alone: no phrase decides on them
    letters[chinese] = [ord(each) if len(each) == 1 else code for code, each in zip(chinese, simple, strict=True)]
    return letters
