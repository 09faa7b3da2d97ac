"""Counterparts of the Gopher, C4 and FineWeb rules for Chinese, where a character stands for a word.

The limits are calibrated, not published: each lies between real text and constructed spam. Real: 846 encyclopedia
paragraphs (CMRC 2018), 683 instructions with answers (alpaca_zh), 4,134 sections of old medical books (hard-wrapped, no
blanks). Spam: adverts repeated and appended to real text, key words, menus, titles, tables of numbers, real text with
its characters shuffled or decoded as GBK or Big5. A limit's docstring gives the value that one document in 200 of the
worst kind of real text goes beyond ("real"), and the spam's middle value. With all limits 100 %, 99.4 % and 99.7 % of
the real kinds are kept, and at most 7 % of any kind of spam. The limits were set on these same documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.clean.rules.c4 import C4Params
from cpt_pipeline.corpus.clean.rules.checks import Check, NgramLimits
from cpt_pipeline.corpus.clean.rules.measures import Text, repeats, sentence_ends

_SENTENCE_ENDS: Final = re.compile(r"[。！？!?…；;\n]+")
_CLOSING: Final = frozenset("。！？!?….；;：:”’\"'」』）)】》〕〉]")
_ELLIPSES: Final = ("...", "…")


class ChineseParams(Params):
    """Limits for text whose letters are mostly Chinese; None switches a rule off. Shares are of 0..1."""

    enabled: bool = True
    min_characters: int | None = Field(50, ge=0)
    """Letters and digits, as Gopher's 50 words."""
    max_characters: int | None = Field(None, ge=1)
    """No limit: Gopher's 100,000 words are 160,000 characters, and books are longer."""
    min_han_share: float | None = Field(0.2, ge=0, le=1)
    """Chinese characters among those that are no white space (Gopher: words with a letter). Real: 0.25."""
    max_mean_sentence_characters: float | None = Field(150.0, gt=0)
    """Letters and digits between sentence ends or line ends (Gopher: mean word length). Real: 121; key words: 430."""
    max_symbol_ratio: float | None = Field(0.06, ge=0)
    """`#` and ellipses, each by itself, for each letter (Gopher: 0.1 for each word of 1.6 characters). Real: 0.024."""
    stop_characters: str = "的了是在和不有这我他也就与及对为以于而之其者所则曰或這與對為於一人大小上下中能无"
    """Particles, pronouns, conjunctions and the like, modern and classical."""
    min_stop_characters: int | None = Field(2, ge=0)
    """Distinct ones, as Gopher's 2 stop words. Real: 2; decoded wrongly: 0."""
    min_stop_share: float | None = Field(0.008, ge=0, le=1)
    """Among Chinese characters. Real: 0.038; decoded wrongly: 0."""
    max_dup_para_char_frac: float | None = Field(0.5, ge=0)
    """Real: 0.24."""
    max_dup_line_char_frac: float | None = Field(0.5, ge=0)
    """Real: 0.27; lines of adverts: 0.82; menus: 0.57."""
    max_top_n_gram: NgramLimits = Field({2: 0.25, 4: 0.30, 6: 0.40})
    """n in characters to the share that the most frequent n-gram may be of all letters. Real: 0.16, 0.22, 0.25; three
    characters over and over: 0.67, 1.3, 2.0."""
    max_duplicated_n_grams: NgramLimits = Field({10: 0.50, 13: 0.50, 20: 0.45})
    """n in characters to the share that n-grams seen before may be (10 characters are 6 words). Real: 0.39, 0.35, 0.28;
    real text with adverts: 0.67."""
    min_sentences: int | None = Field(1, ge=0)
    """Sentence ends, and lines that end in a closing bracket or quote; C4's 5 are for web pages."""
    policy_phrases: tuple[str, ...] = ("隐私政策", "隐私权政策", "使用条款", "服务条款", "免责声明", "cookie")
    """Lines with one are taken out, as by C4."""
    min_line_punct_ratio: float | None = Field(0.08, ge=0)
    """Lines that end in a mark that ends a clause (FineWeb: 0.12), in texts of `min_lines` and more. Not asked where
    the mean line is longer than `title_characters`: hard-wrapped lines end anywhere. Real: 0.097; titles: 0.05."""
    min_lines: int = Field(10, ge=0)
    title_characters: int = Field(20, ge=0)
    max_short_line_ratio: float | None = Field(0.98, ge=0)
    """Lines of at most `short_line_characters` that do not end in a mark, as those of verse do, in texts of `min_lines`
    and more (FineWeb: 0.67). Real: 0.95."""
    short_line_characters: int = Field(10, ge=0)
    max_list_ratio: float | None = Field(0.25, ge=0)
    """Line ends for each letter or digit (FineWeb: 0.3 for each word). Real: 0.15; menus: 0.26."""

    def c4_params(self, params: C4Params) -> C4Params:
        """Give C4's parameters for Chinese.

        Lines of few "words" stay, as there are no blanks to count them by; and so do texts with curly brackets: 4 % of
        the encyclopedia have them, from `-{...}-` around spellings, and code is known by its kind.
        """
        phrases = (*params.policy_phrases, *self.policy_phrases)
        changes = {"min_words_per_line": 0, "min_sentences": self.min_sentences, "policy_phrases": phrases}
        return params.model_copy(update={**changes, "drop_curly_brackets": False})

    def reasons(self) -> tuple[str, ...]:
        """Give the names of the reasons."""
        return (
            *("chinese_short_doc", "chinese_long_doc", "chinese_few_han", "chinese_long_sentences"),
            *("chinese_too_many_hashes", "chinese_too_many_ellipsis", "chinese_stop_characters", "chinese_stop_share"),
            *("chinese_dup_para_char_frac", "chinese_dup_line_char_frac"),
            *(f"chinese_top_{size}_gram" for size in self.max_top_n_gram),
            *(f"chinese_duplicated_{size}_n_grams" for size in self.max_duplicated_n_grams),
            *("chinese_line_punct_ratio", "chinese_short_line_ratio", "chinese_list_ratio"),
        )


def chinese_text_checks(text: Text, params: ChineseParams) -> Iterator[Check]:
    """Give the counterparts of Gopher's checks."""
    num_letters = text.num_alphanumeric
    yield Check("chinese_short_doc", "letters", num_letters, minimum=params.min_characters)
    yield Check("chinese_long_doc", "letters", num_letters, maximum=params.max_characters)
    yield Check("chinese_few_han", "share of Chinese characters", text.han_share, minimum=params.min_han_share)
    mean = num_letters / max(len(_SENTENCE_ENDS.findall(text.text)), 1)
    yield Check("chinese_long_sentences", "letters per sentence", mean, maximum=params.max_mean_sentence_characters)
    ratio = text.text.count("#") / max(num_letters, 1)
    yield Check("chinese_too_many_hashes", "# per letter", ratio, maximum=params.max_symbol_ratio)
    ratio = sum(map(text.text.count, _ELLIPSES)) / max(num_letters, 1)
    yield Check("chinese_too_many_ellipsis", "ellipses per letter", ratio, maximum=params.max_symbol_ratio)
    yield from _stop_checks(text, params)
    yield from _repetition_checks(text, params)


def chinese_form_checks(text: Text, params: ChineseParams) -> Iterator[Check]:
    """Give the counterparts of FineWeb's checks, for a text as C4's rules have left it."""
    lines, num_letters = [line.rstrip() for line in text.solid_lines], max(text.num_alphanumeric, 1)
    if len(lines) >= params.min_lines:
        if sum(map(len, lines)) <= params.title_characters * len(lines):
            share, limit = sum(line[-1] in _line_ends() for line in lines) / len(lines), params.min_line_punct_ratio
            yield Check("chinese_line_punct_ratio", "lines that end a sentence", share, minimum=limit)
        short = (line for line in lines if len(line) <= params.short_line_characters)
        share = sum(line[-1] not in _line_ends() for line in short) / len(lines)
        yield Check("chinese_short_line_ratio", "short lines", share, maximum=params.max_short_line_ratio)
    ratio = len(lines) / num_letters
    yield Check("chinese_list_ratio", "lines per letter", ratio, maximum=params.max_list_ratio)


def _stop_checks(text: Text, params: ChineseParams) -> Iterator[Check]:
    counts = [text.text.count(character) for character in dict.fromkeys(params.stop_characters)]
    found = sum(count > 0 for count in counts)
    yield Check("chinese_stop_characters", "stop characters", found, minimum=params.min_stop_characters)
    share = sum(counts) / max(text.num_han, 1)
    yield Check("chinese_stop_share", "share of stop characters", share, minimum=params.min_stop_share)


def _repetition_checks(text: Text, params: ChineseParams) -> Iterator[Check]:
    ngrams, num_letters, num_characters = text.character_ngrams, max(text.num_alphanumeric, 1), max(len(text.text), 1)
    share = repeats(text.paragraphs).num_characters / num_characters
    limit = params.max_dup_para_char_frac
    yield Check("chinese_dup_para_char_frac", "share of repeated paragraphs", share, maximum=limit)
    share = repeats(text.lines).num_characters / num_characters
    yield Check("chinese_dup_line_char_frac", "share of repeated lines", share, maximum=params.max_dup_line_char_frac)
    for size, limit in params.max_top_n_gram.items():
        share = ngrams.top(size) / num_letters
        yield Check(f"chinese_top_{size}_gram", f"share of the top {size}-gram", share, maximum=limit)
    for size, limit in params.max_duplicated_n_grams.items():
        share = ngrams.duplicate(size) / num_letters
        yield Check(f"chinese_duplicated_{size}_n_grams", f"share of repeated {size}-grams", share, maximum=limit)


@lru_cache(maxsize=1)
def _line_ends() -> frozenset[str]:
    return sentence_ends() | _CLOSING
