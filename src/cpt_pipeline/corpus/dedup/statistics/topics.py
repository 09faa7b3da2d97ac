"""The topics of benchmarks: the terms that tell the items of one benchmark and ability from other text.

Terms are weighed by tf-idf: tf is the number of the topic's items that hold a term; the document frequency of idf is
that among the items of all other topics and a sample of general text. Terms are words of letters, without stems; of
Chinese, which has no word borders, sequences of two to four characters that at least two items of the topic hold,
without function characters at their ends, and without those that stand inside a longer one of the same number of items
(as in the C-value of Frantzi et al. 2000).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cpt_pipeline.formats.benchmarks import BenchmarkItem
from cpt_pipeline.text.words import find_cjk_runs, fold, is_cjk, split_words

_CJK_LENGTHS = (2, 3, 4)
_MIN_LETTERS = 3
_MIN_CJK_ITEMS = 2
_MIN_LIFT = 4.0
"""A term tells a topic where its share of the items is so many times that of the other texts."""
_MAX_GENERAL_SHARE = 0.05
"""And where no more of the general texts hold it: other items are too short to tell what is common."""
_FUNCTION = frozenset(
    "的了是在和与及为有不等下列哪项其中对于由以之而则也者所被把将从到这那个一种些并或但且若可能会应该该各此又再都就还"
    "很更最如何什么么吗呢吧啊我你他她它们上里后前时年月日第二三四五六七八九十两多少每某因故使让用来去过着得地说叫做称"
)


@dataclass(frozen=True)
class Topic:
    """The items of one benchmark and ability, and what is distinctive in them."""

    benchmark: str
    ability: str
    terms: tuple[str, ...]
    """Folded; the most distinctive first."""
    items: dict[str, tuple[str, ...]]
    """Item to those of the terms that it holds."""


def find_topics(items: Sequence[BenchmarkItem], general_texts: Iterable[str], max_terms: int) -> list[Topic]:
    """Give the topics in the order of their first items, each with at most `max_terms` terms."""
    held = [_candidates(" ".join([item.prompt, *item.choices])) for item in items]
    members: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for number, item in enumerate(items):
        members[item.benchmark, item.ability].append(number)
    counts = {key: _without_parts(_count([held[n] for n in numbers])) for key, numbers in members.items()}
    wanted = set().union(*counts.values())
    general = [_candidates(text) & wanted for text in general_texts]
    in_general = _count(general)
    everywhere = _count(held) + in_general
    common = {term for term, count in in_general.items() if count > _MAX_GENERAL_SHARE * len(general)}
    topics = []
    for (benchmark, ability), numbers in members.items():
        own = Counter({term: count for term, count in counts[benchmark, ability].items() if term not in common})
        num_others = len(items) - len(numbers) + len(general)
        terms = _most_distinctive(own, len(numbers), everywhere - own, num_others)[:max_terms]
        chosen = {term: place for place, term in enumerate(terms)}
        of_items = {items[n].id: tuple(sorted(held[n] & chosen.keys(), key=chosen.__getitem__)) for n in numbers}
        topics.append(Topic(benchmark, ability, terms, of_items))
    return topics


def _count(texts: Iterable[set[str]]) -> Counter[str]:
    return Counter(term for terms in texts for term in terms)


def _candidates(text: str) -> set[str]:
    folded = fold(text)
    words = {word for word in split_words(folded) if len(word) >= _MIN_LETTERS and not word.isdigit()}
    return words | {gram for run in find_cjk_runs(folded) for gram in _cjk_grams(run)}


def _cjk_grams(run: str) -> Iterator[str]:
    for length in _CJK_LENGTHS:
        for start in range(len(run) - length + 1):
            if run[start] not in _FUNCTION and run[start + length - 1] not in _FUNCTION:
                yield run[start : start + length]


def _without_parts(counts: Counter[str]) -> Counter[str]:
    """Leave out Chinese sequences that are rare, or that a longer one of the same count holds."""
    kept = Counter({term: count for term, count in counts.items() if not is_cjk(term) or count >= _MIN_CJK_ITEMS})
    for term, count in list(kept.items()):
        for part in (term[1:], term[:-1]):
            if is_cjk(term) and kept.get(part) == count:
                del kept[part]
    return kept


def _most_distinctive(counts: Counter[str], num: int, others: Counter[str], num_others: int) -> tuple[str, ...]:
    """Order by tf-idf, then by letters, what is more frequent among `num` items than among the others."""
    weights = {
        term: count * math.log((1 + num_others) / (1 + others[term]))
        for term, count in counts.items()
        if count * num_others >= _MIN_LIFT * others[term] * num
    }
    return tuple(sorted((term for term in weights if weights[term] > 0), key=lambda term: (-weights[term], term)))
