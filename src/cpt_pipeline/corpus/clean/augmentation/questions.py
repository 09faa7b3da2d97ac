"""Pairs of question and answer in what an LLM wrote, and which of the questions are too general.

An LLM that knows little of a field asks what could be asked of any text. A question is too general when none of its
words is a term of its source, where a term is a word (of Chinese, two characters in a row) that the source has and that
is rare in general text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from cpt_pipeline.text.words import is_cjk, split_words

_QUESTION = r"(?:questions?|q|问题|问)"
_ANSWER = r"(?:answers?|a|答案|回答|答)"
_MARK = r"[ \t]*\**(?:{name})[ \t]*[\d（(]*[)）]?[ \t]*\**[ \t]*[:：.、]\**[ \t]*"
_PAIR = re.compile(
    rf"^(?:\d+[.)、][ \t]*)?{_MARK.format(name=_QUESTION)}(?P<question>\S.*?)\s*"
    rf"^(?:\d+[.)、][ \t]*)?{_MARK.format(name=_ANSWER)}(?P<answer>\S.*?)\s*"
    rf"(?=^(?:\d+[.)、][ \t]*)?{_MARK.format(name=_QUESTION)}|\Z)",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_MIN_LETTERS = 3
_FORMS = {"zh": "问：{question}\n答：{answer}"}
_FORM = "Question: {question}\nAnswer: {answer}"


class Pair(NamedTuple):
    """A question and its answer."""

    question: str
    answer: str


def read_pairs(answer: str) -> list[Pair]:
    """Give the pairs that are marked as the prompts ask; what stands around them is no pair."""
    return [Pair(found["question"].strip(), found["answer"].strip()) for found in _PAIR.finditer(answer)]


def write_pairs(pairs: Iterable[Pair], language: str) -> str:
    """Give the text of a document of pairs."""
    form = _FORMS.get(language, _FORM)
    return "\n\n".join(form.format(**pair._asdict()) for pair in pairs)


def words_of(text: str) -> set[str]:
    """Give the words that can be terms: of three letters or more, or two CJK characters in a row."""
    words = split_words(text.lower())
    pairs = {one + other for one, other in pairwise(words) if is_cjk(one) and is_cjk(other)}
    return pairs | {word for word in words if len(word) >= _MIN_LETTERS and not word.isdecimal() and not is_cjk(word)}


def common_words(texts: Iterable[str], rare_share: float) -> frozenset[str]:
    """Give the words that more than this share of the texts have; with few texts that is every word of theirs."""
    counts: Counter[str] = Counter()
    num_texts = 0
    for text in texts:
        counts.update(words_of(text))
        num_texts += 1
    return frozenset(word for word, number in counts.items() if number > rare_share * num_texts)


def is_too_general(question: str, source: str, common: frozenset[str]) -> bool:
    """Say whether no word of the question is a term of its source."""
    return not (words_of(question) & words_of(source)) - common
