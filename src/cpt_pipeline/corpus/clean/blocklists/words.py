"""Toxic and sensitive words, from lists that the user brings: no list is shipped.

A list is a text file: one term per line, `#` starts a comment, `[category]` names what follows. Terms in Chinese are
found anywhere but inside a longer word of the list's allow file; other terms between word borders, without case. All
terms of all lists are found in one pass (Aho-Corasick). Each list has its policy: exclude the document from a density
of hits on, drop the sentences that hold one, or only count.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import ahocorasick
from pydantic import Field

from cpt_pipeline.core.errors import ParameterError, raise_all
from cpt_pipeline.core.inputs import InputFile
from cpt_pipeline.core.params import DropNulls, Params
from cpt_pipeline.text.words import is_mark, is_unspaced, letter_before

_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_SENTENCE = re.compile(r"(?:[^。！？!?.]|\.(?![\s”’\"')]|$))*(?:[。！？!?.]+[”’」』\"'）)]*[ \t]*|$)")
_CATEGORY = re.compile(r"\[([^\[\]]+)\]")


class BlockedListParams(Params):
    """One list and what its hits mean."""

    file: InputFile
    allow_file: InputFile | None = None
    """Words in which a term means something else, one per line."""
    policy: Literal["exclude", "drop_sentence", "count"] = "count"
    max_per_1000_characters: float = Field(0.0, ge=0)
    """For `exclude`: hits that a document may have, per 1,000 of its characters."""


class BlockedWordsParams(Params):
    """`clean.blocked_words` in conf."""

    lists: Annotated[dict[str, BlockedListParams], DropNulls] = Field({})
    """Name of a list to what it is."""


@dataclass(frozen=True)
class Hit:
    """A term in a text."""

    start: int
    end: int
    term: str
    list: str
    category: str


@dataclass(frozen=True)
class Judged:
    """What the lists make of a text; with a `reason` the document is excluded."""

    text: str
    hits: Counter[str] = field(default_factory=Counter)
    """`<list>/<category>` to hits, in the text as it came."""
    num_dropped_sentences: int = 0
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class _Term:
    text: str
    list: str
    category: str
    is_cjk: bool
    is_allowed: bool = False


class BlockedWords:
    """The terms of all lists, ready to be found."""

    def __init__(self, terms: Iterable[_Term], params: BlockedWordsParams) -> None:
        self._params = params
        self._automaton = ahocorasick.Automaton()
        by_text: dict[str, list[_Term]] = {}
        for term in terms:
            by_text.setdefault(fold_case(term.text), []).append(term)
        for text, same in sorted(by_text.items()):
            self._automaton.add_word(text, (len(text), tuple(same)))
        self._automaton.make_automaton()

    @classmethod
    def load(cls, params: BlockedWordsParams) -> BlockedWords:
        """Read the lists; `ParameterError` names every file and line that is wrong."""
        problems: list[str] = []
        terms = [term for name, each in params.lists.items() for term in _read_list(name, each, problems)]
        raise_all(ParameterError, "Lists of blocked words (conf: clean.blocked_words.lists):", problems)
        return cls(terms, params)

    def find(self, text: str) -> list[Hit]:
        """Give the hits in order; of two that overlap in one list the earlier, then the longer."""
        if not len(self._automaton):
            return []
        folded = fold_case(text)
        found: list[tuple[int, int, _Term]] = []
        allowed: dict[str, list[tuple[int, int]]] = {}
        for last, (length, terms) in self._automaton.iter(folded):
            start, end = last + 1 - length, last + 1
            for term in terms:
                if term.is_allowed:
                    allowed.setdefault(term.list, []).append((start, end))
                elif term.is_cjk or stands_alone(folded, start, end):
                    found.append((start, end, term))
        return list(_apart(found, allowed))

    def judge(self, text: str) -> Judged:
        """Apply the policies of all lists: densities first, then sentences are dropped."""
        hits = self.find(text)
        counts = Counter(f"{hit.list}/{hit.category}" for hit in hits)
        for name, each in self._params.lists.items():
            density = 1000 * sum(hit.list == name for hit in hits) / max(len(text), 1)
            if each.policy == "exclude" and density > each.max_per_1000_characters:
                return Judged(text, counts, 0, "blocked_words", f"{name}: {density:.2f} per 1,000 characters")
        dropping = [hit for hit in hits if self._params.lists[hit.list].policy == "drop_sentence"]
        left, num_dropped = _drop_sentences(text, dropping)
        if num_dropped and not left.strip():
            return Judged(text, counts, num_dropped, "blocked_words", "a blocked word in every sentence")
        return Judged(left, counts, num_dropped)


def fold_case(text: str) -> str:
    """Give the lower case with every character in its place: `İ` has a lower case of two."""
    folded = text.lower()
    if len(folded) == len(text):
        return folded
    return "".join(lower if len(lower := character.lower()) == 1 else character for character in text)


def stands_alone(text: str, start: int, end: int) -> bool:
    """Return whether what stands at `start:end` is no part of a longer word, and no letter without its signs."""
    after = text[end : end + 1]
    return not (_is_word(letter_before(text, start)) or _is_word(after) or (after and is_mark(after)))


def _is_word(character: str) -> bool:
    return character.isalnum() and not (_CJK.match(character) or is_unspaced(character))


def _apart(found: list[tuple[int, int, _Term]], allowed: dict[str, list[tuple[int, int]]]) -> Iterator[Hit]:
    reached: dict[str, int] = {}
    for start, end, term in sorted(found, key=lambda each: (each[0], -each[1], each[2].list)):
        inside = any(first <= start and end <= last for first, last in allowed.get(term.list, ()))
        if not inside and start >= reached.get(term.list, 0):
            reached[term.list] = end
            yield Hit(start, end, term.text, term.list, term.category)


def _drop_sentences(text: str, hits: list[Hit]) -> tuple[str, int]:
    """Drop the sentences that a hit touches; a line of which nothing is left goes as well."""
    if not hits:
        return text, 0
    starts = [hit.start for hit in hits]
    lines: list[str] = []
    at = num_dropped = 0
    for line in text.split("\n"):
        sentences = [found for found in _SENTENCE.finditer(line) if found.group()]
        kept = [each.group() for each in sentences if not _any_between(starts, at + each.start(), at + each.end())]
        num_dropped += len(sentences) - len(kept)
        if len(kept) == len(sentences) or "".join(kept).strip():
            lines.append("".join(kept))
        at += len(line) + 1
    return "\n".join(lines), num_dropped


def _any_between(starts: list[int], first: int, end: int) -> bool:
    """Say whether one of the sorted `starts` lies in `first:end`; a term ends in the sentence in which it starts."""
    return bisect_left(starts, first) < bisect_left(starts, end)


def _read_list(name: str, params: BlockedListParams, problems: list[str]) -> Iterator[_Term]:
    for term, category in _read_terms(params.file, problems, name):
        yield _Term(term, name, category, _CJK.search(term) is not None)
    if params.allow_file is not None:
        for term, category in _read_terms(params.allow_file, problems, name):
            yield _Term(term, name, category, _CJK.search(term) is not None, is_allowed=True)


def _read_terms(path: Path, problems: list[str], category: str) -> Iterator[tuple[str, str]]:
    """Yield terms with their category; the list's name is the category before the first header."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        problems.append(f"{path}: {error.strerror}")
        return
    for number, raw in enumerate(lines, 1):
        try:
            line = raw.decode("utf-8-sig").split("#", 1)[0].strip()
        except UnicodeDecodeError:
            problems.append(f"{path}:{number}: not UTF-8; store the file as UTF-8")
            continue
        if header := _CATEGORY.fullmatch(line):
            category = header.group(1).strip()
        elif line and not any(map(str.isalnum, line)):
            problems.append(f"{path}:{number}: {line!r} has no letter or digit; write one term per line, or [category]")
        elif len(line) == 1 and not _CJK.match(line):
            problems.append(f"{path}:{number}: {line!r} is a single letter and would be found everywhere")
        elif line:
            yield line, category
