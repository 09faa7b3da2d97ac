"""Words replaced by others of the same meaning, from the user's lists: no thesaurus is shipped.

All words are found in one pass (Aho-Corasick, of overlapping ones the longest): Chinese ones anywhere, others between
word borders and without case. A word that stands in two groups has two meanings, and no rule can tell which is meant,
so it is refused.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from pathlib import Path

import ahocorasick
import xxhash

from cpt_pipeline.core.errors import ParameterError, raise_all
from cpt_pipeline.corpus.clean.blocklists.words import fold_case, stands_alone
from cpt_pipeline.text.words import is_cjk

_BETWEEN_WORDS = re.compile(r"\s*[,，、\t]\s*")


class Synonyms:
    """The groups of all lists, ready to be found."""

    def __init__(self, groups: Iterable[tuple[str, ...]]) -> None:
        self._automaton = ahocorasick.Automaton()
        for group in groups:
            for word in group:
                self._automaton.add_word(fold_case(word), (word, group))
        self._automaton.make_automaton()

    @classmethod
    def load(cls, files: tuple[Path, ...]) -> Synonyms:
        """Read the lists; `ParameterError` names every file and line that is wrong."""
        problems: list[str] = []
        groups = [group for path in files for group in _read_groups(path, problems)]
        problems += _ambiguous(groups)
        raise_all(ParameterError, "Lists of synonyms (conf: clean.augmentation.synonyms.files):", problems)
        return cls(group for _, group in groups)

    def replace(self, text: str, share: float, seed: str) -> str | None:
        """Give the text with a share of its known words replaced, at least one; None where it has none."""
        found = self._find(text)
        if not found:
            return None
        chance = random.Random(xxhash.xxh3_64_intdigest(seed))
        chosen = sorted(chance.sample(range(len(found)), max(1, round(share * len(found)))))
        parts: list[str] = []
        at = 0
        for number in chosen:
            start, end, word, group = found[number]
            other = chance.choice([each for each in group if each != word])
            parts += [text[at:start], _with_case_of(text[start:end], other)]
            at = end
        return "".join([*parts, text[at:]])

    def _find(self, text: str) -> list[tuple[int, int, str, tuple[str, ...]]]:
        """Give (start, end, word, group), in order; of two that overlap the earlier, then the longer."""
        if not len(self._automaton):
            return []
        folded = fold_case(text)
        hits = [(last + 1 - len(word), last + 1, word, group) for last, (word, group) in self._automaton.iter(folded)]
        found: list[tuple[int, int, str, tuple[str, ...]]] = []
        reached = 0
        for start, end, word, group in sorted(hits, key=lambda hit: (hit[0], -hit[1])):
            if start >= reached and (_is_chinese(word) or stands_alone(folded, start, end)):
                found.append((start, end, word, group))
                reached = end
        return found


def _is_chinese(word: str) -> bool:
    return any(map(is_cjk, word))


def _with_case_of(found: str, word: str) -> str:
    """Begin with a capital where the word that was found does."""
    return word[:1].upper() + word[1:] if found[:1].isupper() else word


def _read_groups(path: Path, problems: list[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Give the groups of a file with their places."""
    groups: list[tuple[str, tuple[str, ...]]] = []
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        problems.append(f"{path}: {error.strerror}")
        return groups
    for number, raw in enumerate(lines, 1):
        place = f"{path}:{number}"
        try:
            line = raw.decode("utf-8-sig").split("#", 1)[0].strip()
        except UnicodeDecodeError:
            problems.append(f"{place}: not UTF-8; store the file as UTF-8")
            continue
        words = tuple(dict.fromkeys(word for word in _BETWEEN_WORDS.split(line) if word))
        if len(words) == 1:
            problems.append(f"{place}: {words[0]} has no synonym; write words of one meaning, with commas between")
        elif words:
            groups.append((place, words))
    return groups


def _ambiguous(groups: list[tuple[str, tuple[str, ...]]]) -> list[str]:
    places: dict[str, list[str]] = {}
    for place, words in groups:
        for word in words:
            places.setdefault(fold_case(word), []).append(place)
    return [
        f"{word} stands in {' and '.join(found)}: a word of two meanings cannot be replaced by rule"
        for word, found in places.items()
        if len(found) > 1
    ]
