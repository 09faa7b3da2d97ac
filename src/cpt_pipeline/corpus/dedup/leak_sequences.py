"""The word sequences by which a benchmark item is recognised.

Three kinds, of n = `ngram_words` words (`ngram_cjk_characters` for items that are mostly Chinese or Japanese):

- every n words in a row of the prompt followed by the right answer, or the whole of it where that is shorter;
- the whole prompt, where it is shorter but `min_prompt_words` long (`min_prompt_cjk_characters`);
- a short prompt with all choices near behind it, in any order and with any labels.

What nearly all prompts of a benchmark begin or end with ("Question:", "Answer:") is no part of an item.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.words import fold, is_cjk, split_words
from cpt_pipeline.formats.benchmarks import BenchmarkItem

_FRAME_ITEMS = 10
"""Fewer items cannot show what is the frame of their prompts and what the matter."""
_FRAME_SHARE = 0.9
"""Half would be too few: most Chinese questions end with 是 ("is")."""
_LABEL_WORDS = 3
"""Words that may stand before each choice and are none of its own ("A", "option 1", "答案选项")."""
_MIN_LISTED_PROMPT = 1


class LeakParams(Params):
    """When a text counts as taken from a benchmark."""

    ngram_words: int = Field(10, ge=2)
    """Published values: 13 (GPT-3), 12 (datatrove), 8 (marin). Lower finds more and accuses more: 8 took phrases
    such as "which of the following is an example of" for items, 10 finds as many planted ones (benchmarks/leaks.py)."""
    ngram_cjk_characters: int = Field(13, ge=2)
    """The same for items that are mostly Chinese or Japanese."""
    min_words: int = Field(6, ge=1)
    """Shorter items cannot be told from chance; they are counted as `unguarded`, not searched."""
    min_prompt_words: int = Field(6, ge=2)
    """A shorter prompt counts only with its answer or its choices."""
    min_prompt_cjk_characters: int = Field(9, ge=2)
    """The same for items that are mostly Chinese or Japanese."""
    max_items_per_ngram: int = Field(10, ge=1)
    """What more items of a benchmark share (and more than 1 % of them) is its manner of speaking, not an item."""


@dataclass(frozen=True)
class ItemWords:
    """An item as words."""

    benchmark: str
    item: str
    words: tuple[str, ...]
    """The prompt without its frame, then the right answer."""
    num_prompt_words: int
    choices: tuple[tuple[str, ...], ...]
    """Those that have words, each once."""

    @property
    def cjk(self) -> bool:
        """Say whether most words are CJK characters."""
        return sum(map(is_cjk, self.words)) * 2 > len(self.words)

    def sequences(self, params: LeakParams) -> Iterator[tuple[int, int, bool]]:
        """Give how many sequences begin at the first words, how long they are, and whether choices must follow."""
        size, min_prompt = params.ngram_words, params.min_prompt_words
        if self.cjk:
            size, min_prompt = params.ngram_cjk_characters, params.min_prompt_cjk_characters
        length = min(len(self.words), size)
        if length >= min(params.min_words, size):
            yield len(self.words) - length + 1, length, False
        if self.num_prompt_words >= size:
            return
        if self.num_prompt_words >= min_prompt:
            yield 1, self.num_prompt_words, False
        if self._is_list(size):
            yield 1, self.num_prompt_words, True

    def choices_follow(self, words: Sequence[str]) -> bool:
        """Say whether all choices stand in the words that follow the prompt, near enough."""
        window = f" {' '.join(words[: self.num_following])} "
        return all(f" {' '.join(choice)} " in window for choice in self.choices)

    @property
    def num_following(self) -> int:
        """Give how many words behind the prompt its choices may take."""
        return sum(len(choice) + _LABEL_WORDS for choice in self.choices) + _LABEL_WORDS

    def _is_list(self, size: int) -> bool:
        long_enough = self.num_prompt_words + sum(map(len, self.choices)) >= size
        return self.num_prompt_words >= _MIN_LISTED_PROMPT and len(self.choices) > 1 and long_enough


def item_words(item: BenchmarkItem) -> list[str]:
    """Give the words of an item: its prompt with the right answer, folded."""
    return split_words(fold(f"{item.prompt} {item.choices[item.answer]}"))


def read_item_words(items: Iterable[BenchmarkItem]) -> list[ItemWords]:
    """Give the words of all items, in order, without the frames of the benchmarks' prompts."""
    prompts: dict[str, list[tuple[BenchmarkItem, list[str]]]] = {}
    order = [(each, split_words(fold(each.prompt))) for each in items]
    for each, words in order:
        prompts.setdefault(each.benchmark, []).append((each, words))
    frames = {name: _frame([words for _, words in found]) for name, found in prompts.items()}
    return [_item_words(each, words, *frames[each.benchmark]) for each, words in order]


def _item_words(item: BenchmarkItem, prompt: list[str], head: list[str], tail: list[str]) -> ItemWords:
    if head and prompt[: len(head)] == head:
        prompt = prompt[len(head) :]
    if tail and prompt[-len(tail) :] == tail:
        prompt = prompt[: -len(tail)]
    choices = [tuple(split_words(fold(choice))) for choice in item.choices]
    words = (*prompt, *choices[item.answer])
    kept = tuple(dict.fromkeys(choice for choice in choices if choice))
    return ItemWords(item.benchmark, item.id, words, len(prompt), kept)


def _frame(prompts: list[list[str]]) -> tuple[list[str], list[str]]:
    """Give the words that nearly all prompts begin with, and those that they end with."""
    if len(prompts) < _FRAME_ITEMS:
        return [], []
    tails = [words[::-1] for words in prompts]
    return _common_start(prompts), _common_start(tails)[::-1]


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
