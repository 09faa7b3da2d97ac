"""C4's rules (jmlr.org/papers/v21/20-074), as datatrove's C4QualityFilter applies them: most take lines out.

Lines lose their citations and the blanks around them; what is left is the document's new text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.clean.rules.checks import Check
from cpt_pipeline.corpus.clean.rules.measures import Text, sentence_ends
from cpt_pipeline.text.words import is_without_blanks

_TERMINAL: Final = (".", "?", "!", '"', "'")
_CITATION: Final = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
_ASCII_RUN: Final = re.compile(r"[!-~]+")


class C4Params(Params):
    """The paper's limits; None or False switches a rule off."""

    enabled: bool = True
    remove_citations: bool = True
    """`[1]`, `[edit]` and `[citation needed]`."""
    require_terminal_punctuation: bool = False
    """Take out lines that do not end in `. ? ! " '`. True in the paper; False in FineWeb (arXiv 2406.17557, 3.4), as it
    costs 30 % of the tokens."""
    min_sentences: int | None = Field(5, ge=0)
    """In the lines that are left; counted until there are enough."""
    min_words_per_line: int = Field(3, ge=0)
    max_word_characters: int | None = Field(1_000, ge=1)
    """Between white space; a line with a longer one is taken out."""
    drop_lorem_ipsum: bool = True
    remove_javascript_lines: bool = True
    drop_curly_brackets: bool = True
    policy_phrases: tuple[str, ...] = (
        "terms of use",
        "privacy policy",
        "cookie policy",
        "uses cookies",
        "use of cookies",
        "use cookies",
    )
    """In small letters; a line with one is taken out."""


@dataclass
class C4Lines:
    """What is left of a text, and what was found on the way."""

    text: str = ""
    num_sentences: int = 0
    """Not counted further than the limit."""
    removed: Counter[str] = field(default_factory=Counter)
    """Why lines were taken out; names of datatrove."""
    removed_characters: Counter[str] = field(default_factory=Counter)
    """The characters of these lines."""
    has_stops: bool = True
    """Whether its script has marks that end sentences."""
    dropped: str | None = None
    """Why the whole document is to go."""


def read_c4_lines(text: Text, params: C4Params) -> C4Lines:
    """Take lines out of a text, until one is found for which the document is dropped."""
    found, kept = C4Lines(has_stops=text.has_stops), []
    looks_for = _Phrases(text, params)
    count = _sentence_counter(text)
    for raw in text.unicode_lines:
        line = raw.strip()
        reason, line = looks_for.judge_line(line)
        if reason in ("lorem_ipsum", "curly_bracket"):
            found.dropped = reason
            return found
        if reason is not None:
            found.removed[reason] += 1
            found.removed_characters[reason] += len(raw)
            continue
        if params.min_sentences is not None and found.num_sentences < params.min_sentences:
            found.num_sentences += count(line)
        kept.append(line)
    found.text = "\n".join(kept).strip()
    return found


def c4_checks(found: C4Lines, params: C4Params) -> Iterator[Check]:
    """Give the checks of the whole document."""
    yield Check("c4_lorem_ipsum", "lines with lorem ipsum", found.dropped == "lorem_ipsum", maximum=0)
    yield Check("c4_curly_bracket", "lines with {", found.dropped == "curly_bracket", maximum=0)
    if found.dropped is not None:
        return  # its sentences were not counted to the end
    number = found.num_sentences if found.has_stops else None
    yield Check("c4_too_few_sentences", "sentences", number, minimum=params.min_sentences)


class _Phrases:
    """The line rules, asked only for what the text as a whole has."""

    def __init__(self, looked_at: Text, params: C4Params) -> None:
        text = looked_at.text
        lower = text.lower()
        self._spaced = looked_at.script in ("english", "spaced")
        self._bilingual = looked_at.is_bilingual
        # A citation inside a word can hide it from a look at the whole text.
        cites = params.remove_citations and "[" in text
        self._params, self._cites = params, cites
        self._lorem = params.drop_lorem_ipsum and (cites or "lorem ipsum" in lower)
        self._javascript = params.remove_javascript_lines and (cites or "javascript" in lower)
        self._curly = params.drop_curly_brackets and "{" in text
        self._policy = tuple(phrase for phrase in params.policy_phrases if cites or phrase in lower)
        self._lowers = self._lorem or self._javascript or bool(self._policy)

    def judge_line(self, line: str) -> tuple[str | None, str]:
        """Say why a line is not kept, in datatrove's order, and give it without its citations."""
        params, longest = self._params, self._params.max_word_characters
        words = line.split(None, params.min_words_per_line)
        if longest is not None and len(line) > longest and self._longest_word(line) > longest:
            return "too_long_word", line
        if self._cites:
            line = _CITATION.sub("", line)
        if params.require_terminal_punctuation and (not line.endswith(_TERMINAL) or line.endswith("...")):
            return "no_terminal_punc", line
        if len(words) < params.min_words_per_line and (self._divides_words(line) or self._has_few_letters(line)):
            return "too_few_words", line
        lower = line.lower() if self._lowers else ""
        if self._lorem and "lorem ipsum" in lower:
            return "lorem_ipsum", line
        if self._javascript and "javascript" in lower:
            return "javascript", line
        if self._curly and "{" in line:
            return "curly_bracket", line
        if self._policy and any(phrase in lower for phrase in self._policy):
            return "policy", line
        return None, line

    def _divides_words(self, line: str) -> bool:
        return self._spaced and not (self._bilingual and is_without_blanks(line))

    def _longest_word(self, line: str) -> int:
        """Where no blanks stand between words, a long run of ASCII is still none of the language."""
        words = line.split() if self._divides_words(line) else _ASCII_RUN.findall(line)
        return max(map(len, words), default=0)

    def _has_few_letters(self, line: str) -> bool:
        """Where no blanks stand between words, a letter counts as one."""
        return sum(map(str.isalnum, line)) < self._params.min_words_per_line


def _sentence_counter(text: Text) -> Callable[[str], int]:
    """English sentences are those of spaCy; in other languages what a full stop of their scripts ends."""
    if text.script == "english":
        return text.num_english_sentences
    return lambda line: len(_sentence_end().findall(line))


@cache
def _sentence_end() -> re.Pattern[str]:
    """Return what ends a sentence in some script; a full stop only before a blank, as it stands in numbers too."""
    marks = re.escape("".join(sorted(sentence_ends() - {"."})))
    return re.compile(rf"[{marks}…；;།༎]+|\.(?=[\"'”’»)\]]*(?:\s|$))|[）)」』”]$")
