"""Rules that hold for a text of any kind in any language: what they exclude is broken."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Final

from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.clean.rules.checks import Check
from cpt_pipeline.corpus.clean.rules.measures import Text, repeats

VARIETY_WORDS = 500
_SPREAD: Final = 20.0
_NOTHING_ELSE: Final = 0.05
_OF_LONG_WORDS: Final = frozenset({"und", "kl", "iu", "ik", "esu", "ess", "ems", "moh", "bla", "oj", "cr"})


class BasicParams(Params):
    """Limits of this project, not published ones. Shares are of 0..1."""

    enabled: bool = True
    min_characters: int = Field(100, ge=0)
    max_characters: int | None = Field(None, ge=1)
    min_letter_share: float = Field(0.4, ge=0, le=1)
    """Letters of any script among the characters that are no white space."""
    max_repeated_line_share: float = Field(0.8, ge=0, le=1)
    """Characters in lines that stood in the document before, among those of all lines. Up to .75 are names of speakers,
    refrains, answers to choose from, values of tables; pages of a line or two over and over have .87 and more."""
    max_repeated_line_share_of_repeats: float = Field(0.3, ge=0, le=1)
    """The same where lines that stand once are less than a twentieth: pages printed twice, menus between menus."""
    enough_in_distinct_lines: int | None = Field(2_000, ge=0)
    """Letters and digits in the distinct lines of a text, from which on it says enough whatever it repeats."""
    max_mean_word_characters: float = Field(12.0, gt=0)
    """Gopher: 10 for English prose. A CJK character is a word of its own. The fewer words, the further their mean may
    lie above it: by 20 over the root of their number, four standard errors."""
    max_mean_word_characters_elsewhere: float = Field(20.0, gt=0)
    """The same in Greenlandic, Inuktitut and the like, where a word is a sentence, and in languages nobody named."""
    min_distinct_word_share: float = Field(0.1, ge=0, le=1)
    """Distinct words among the first 500."""
    max_undecodable_share: float = Field(0.1, ge=0, le=1)
    """U+FFFD, control characters and those of private use, among the characters that are no white space."""
    max_repeated_share: float = Field(0.6, ge=0, le=1)
    """Of the places where a run of 64 letters begins, those where one begins that stood before."""
    max_top_token_share: float | None = Field(0.3, ge=0, le=1)
    """Of the most frequent word among all words; of the most frequent letter, where no blanks stand between words."""
    max_token_shares: dict[Annotated[str, Field(min_length=1)], Annotated[float, Field(ge=0, le=1)]] = Field({})
    """Token of the user, as it is written, to the share of the characters (no white space) that it may be, in the text
    as it was collected or as it is after the steps before the rules: the larger share counts."""


def basic_checks(text: Text, params: BasicParams, collected: Mapping[str, float]) -> Iterator[Check]:
    """Compute the checks in the order they are asked; `collected` are the token shares of the text as it came."""
    yield Check("too_short", "characters", len(text.text), minimum=params.min_characters)
    yield Check("too_long", "characters", len(text.text), maximum=params.max_characters)
    share = (text.num_letters + text.num_marks) / max(text.num_solid, 1)
    yield Check("few_letters", "letter share", share, minimum=params.min_letter_share)
    yield _repeated_lines(text, params)
    mean = text.mean_word_characters()
    yield Check("long_words", "mean word characters", mean, maximum=_longest_mean(text, mean, params))
    share = text.distinct_word_share(VARIETY_WORDS)
    yield Check("few_distinct_words", "distinct word share", share, minimum=params.min_distinct_word_share)
    share = text.num_broken / max(text.num_solid, 1)
    yield Check("undecodable", "share of undecodable characters", share, maximum=params.max_undecodable_share)
    yield Check("repeated_text", "share said before", text.repeated_run_share(), maximum=params.max_repeated_share)
    limit = params.max_top_token_share
    share = text.top_word_share() if limit is not None else 0.0
    yield Check("top_token_share", "share of the most frequent word", share, maximum=limit)
    now = token_shares(text.text, params.max_token_shares)
    for token, limit in params.max_token_shares.items():
        share = max(now[token], collected.get(token, 0.0))
        yield Check("token_share", f"share of {token!r}", share, maximum=limit)


def _repeated_lines(text: Text, params: BasicParams) -> Check:
    lines = [line.strip() for line in text.solid_lines]
    total, counts = max(sum(map(len, lines)), 1), Counter(lines)
    share = repeats(lines).num_characters / total
    once = sum(len(line) for line, number in counts.items() if number == 1)
    nothing_else = once < _NOTHING_ELSE * total
    limit = params.max_repeated_line_share_of_repeats if nothing_else else params.max_repeated_line_share
    enough = params.enough_in_distinct_lines
    if enough is not None and share > limit and sum(map(str.isalnum, "".join(counts))) >= enough:
        return Check("repeated_lines", "repeated line share", share)
    return Check("repeated_lines", "repeated line share", share, maximum=limit)


def _longest_mean(text: Text, mean: float, params: BasicParams) -> float:
    """Return the limit for the language of a text and the number of its words."""
    is_long = text.language in _OF_LONG_WORDS
    limit = params.max_mean_word_characters_elsewhere if is_long else params.max_mean_word_characters
    num_words = text.num_alphanumeric / max(mean, 1.0)
    return limit + _SPREAD / math.sqrt(max(num_words, 1.0))


def token_shares(text: str, tokens: Iterable[str]) -> dict[str, float]:
    """Compute the share of the characters of a text, white space left out, that each token is."""
    return {token: text.count(token) * len(token) / max(len("".join(text.split())), 1) for token in tokens}
