"""What the text of a PDF is fit for, by measures of its text layer.

Five grades. `clean` may go anywhere. The rest are kept out of Stage 2, each with the one use that its faults allow:
`stage1_only` reads well with a fault now and then, which the first stage stands; `synthesis` is running text with so
many faults that a model has to write it anew; `sft_source` is scraps (questions, answers, labels, rows) without
running text, from which a model can make questions and answers; `rejected` is not worth that. Faulty text layers are
put to these three uses where no better parser is at hand; a `synthesis` or `sft_source` text is raw material, and
should be trained on as it is only in the first stage if at all.

The measures see the form of characters and words, not meaning: a wrong but common character, or a wrong English word
that looks like one, is not found. No word list is used.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.text.words import is_cjk

Grade = Literal["clean", "stage1_only", "synthesis", "sft_source", "rejected"]

_OUTER = "\"'“”‘’«»()[]{}<>（）【】《》「」,.;:!?，。；：！？、…*•·–—-/"
_NUMBER = re.compile(r"[#$€£¥]?[+-−]?\d[\d.,:/%°–-]*(st|nd|rd|th|s|x|k|m|b|pt|px|kg|km|cm|mm|hz|gb|mb)?", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’./&-][^\W\d_]+)*")
_VOWEL = re.compile(r"[aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýÿ]", re.IGNORECASE)
_HEAP = re.compile(r"[bcdfghjklmnpqrstvwxz]{6}|(.)\1\1", re.IGNORECASE)
_ASIDE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\w+|\w*[a-z0-9]_[a-z0-9]\w*")
"""Links, addresses and the names of programs (`wet_file`), which are right and no words."""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PART = re.compile(r"(?<=[a-z])(?=[A-Z])|['’./&-]")
_SENTENCE_END = re.compile(r"[.!?。！？；;]")
_MAX_WORD_CHARS = 24
_MIN_SENTENCE_CHARS = 40
_MIN_LINE_LETTERS = 3


class Bounds(Params):
    """What a grade asks of a text; a measure beyond a bound is the reason why the grade is not given."""

    min_word_share: float = Field(ge=0, le=1)
    max_garbage_share: float = Field(ge=0, le=1)
    max_fragment_share: float = Field(ge=0, le=1)
    min_running_share: float = Field(ge=0, le=1)
    max_recognised_share: float = Field(ge=0, le=1)
    max_textless_share: float = Field(ge=0, le=1)


class GradeParams(Params):
    """Bounds of the grades, tried from the best; a text beyond all of them is rejected.

    The defaults lie between what was measured on four files of plain print (word_share .94-1, running_share .85-.99)
    and two scanned examination papers with a noisy text layer (.94-.96, .56-.57), and on print with letters swapped
    at random. They are starting points: set them on a sample of your own files.
    """

    clean: Bounds = Bounds(
        min_word_share=0.93,
        max_garbage_share=0.001,
        max_fragment_share=0.1,
        min_running_share=0.75,
        max_recognised_share=0.1,
        max_textless_share=0.1,
    )
    stage1_only: Bounds = Bounds(
        min_word_share=0.88,
        max_garbage_share=0.01,
        max_fragment_share=0.2,
        min_running_share=0.7,
        max_recognised_share=1.0,
        max_textless_share=0.3,
    )
    synthesis: Bounds = Bounds(
        min_word_share=0.7,
        max_garbage_share=0.05,
        max_fragment_share=0.35,
        min_running_share=0.65,
        max_recognised_share=1.0,
        max_textless_share=0.5,
    )
    sft_source: Bounds = Bounds(
        min_word_share=0.7,
        max_garbage_share=0.05,
        max_fragment_share=0.7,
        min_running_share=0.0,
        max_recognised_share=1.0,
        max_textless_share=0.8,
    )
    min_chars: int = Field(30, ge=0)
    """A text with fewer characters, white space aside, is rejected: the measures need some."""


@dataclass(frozen=True)
class Measures:
    """What is measured of one PDF; all but `num_chars` are shares, 0 to 1."""

    num_chars: int
    """Characters that are no white space."""
    word_share: float
    """Of words and Chinese characters: those that look right. See `looks_like_word`, `is_simplified`."""
    garbage_share: float
    """Of characters: U+FFFD, private use, control, unassigned; what a font without a Unicode map leaves."""
    fragment_share: float
    """Of lines: those with fewer than three letters or characters, such as parts of formulas and of drawings."""
    running_share: float
    """Of characters: those in paragraphs that are 40 characters or longer and hold the end of a sentence."""
    recognised_share: float
    """Of pages: those whose text is the invisible layer of text recognition."""
    textless_share: float
    """Of pages: those without a text layer, or that cannot be read."""
    running_head_share: float
    """Of lines: the heads, feet and page numbers that were removed. Told, not judged: they are gone."""

    def as_dict(self) -> dict[str, float]:
        """Give the measures for a document's metadata, to four places."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def grade(measures: Measures, params: GradeParams) -> tuple[Grade, tuple[str, ...]]:
    """Give the best grade whose bounds hold, and what kept it from the next better one: `word_share 0.8123 < 0.88`."""
    reasons: tuple[str, ...] = ()
    if measures.num_chars < params.min_chars:
        return "rejected", (f"num_chars {measures.num_chars} < {params.min_chars}",)
    tried: tuple[tuple[Grade, Bounds], ...] = (
        ("clean", params.clean),
        ("stage1_only", params.stage1_only),
        ("synthesis", params.synthesis),
        ("sft_source", params.sft_source),
    )
    for name, bounds in tried:
        faults = tuple(_faults(measures, bounds))
        if not faults:
            return name, reasons
        reasons = faults
    return "rejected", reasons


def _faults(measures: Measures, bounds: Bounds) -> list[str]:
    values, faults = measures.as_dict(), []
    for name, bound in bounds.model_dump().items():
        side, _, measure = name.partition("_")
        value = values[measure]
        if value < bound if side == "min" else value > bound:
            faults.append(f"{measure} {value:g} {'<' if side == 'min' else '>'} {bound:g}")
    return faults


def word_counts(text: str) -> tuple[int, int]:
    """Give how many words and Chinese characters a text has, and how many of them look right.

    Numbers and links count as neither. Right characters are the frequent ones of simplified or of traditional script,
    whichever has more in this text. A token with letters and characters counts each character, and the rest as words.
    """
    bare = _ASIDE.sub(" ", text)
    counts = {each: count for each, count in Counter(bare).items() if is_cjk(each)}
    num_right = max(_num_in(counts, is_simplified), _num_in(counts, is_traditional))
    words = list(_words(bare.translate(dict.fromkeys(map(ord, counts), " "))))
    return sum(counts.values()) + len(words), num_right + sum(map(looks_like_word, words))


def _num_in(counts: Mapping[str, int], is_frequent: Callable[[str], bool]) -> int:
    return sum(count for each, count in counts.items() if is_frequent(each))


def _words(text: str) -> Iterator[str]:
    for token in text.split():
        word = token.strip(_OUTER)
        if word and not _NUMBER.fullmatch(word) and any(map(str.isalpha, word)):
            yield word


def looks_like_word(token: str) -> bool:
    """Say whether a token has the form of a word: letters of one case pattern, a vowel, no heap of consonants.

    Letters outside ASCII need no vowel, nor do up to five capitals, the initials of a name. A single letter passes
    as `a`, `A` or `I`. `PyTorch` has two words.
    """
    if len(token) == 1:
        return token in "aAI" or not token.isascii()
    if not _WORD.fullmatch(token) or len(token) > _MAX_WORD_CHARS:
        return False
    if token.isupper() and len(token) <= 5:
        return True
    if _HEAP.search(token) or len(_HUMP.findall(token)) > 1:
        return False
    is_regular = all(part.islower() or part.isupper() or part[1:].islower() for part in _PART.split(token))
    return is_regular and (not token.isascii() or _VOWEL.search(token) is not None)


def is_simplified(character: str) -> bool:
    """Say whether a character is kana or one of the 3,755 of level 1 of GB 2312, the frequent ones."""
    return _is_kana(character) or _first_byte(character, "gb2312", 0xB0, 0xD7)


def is_traditional(character: str) -> bool:
    """Say whether a character is kana or one of the 5,401 of level 1 of Big5, the frequent ones."""
    return _is_kana(character) or _first_byte(character, "big5", 0xA4, 0xC6)


def _is_kana(character: str) -> bool:
    return "\u3040" <= character <= "\u30ff"


def _first_byte(character: str, encoding: str, low: int, high: int) -> bool:
    encoded = character.encode(encoding, "ignore")
    return bool(encoded) and low <= encoded[0] <= high


def garbage_share(text: str) -> float:
    """Give the share of characters that stand for nothing; white space counts as no character."""
    counts = Counter("".join(text.split()))
    return _num_in(counts, _is_garbage) / counts.total() if counts else 0.0


def _is_garbage(character: str) -> bool:
    return character == "\ufffd" or unicodedata.category(character) in ("Cc", "Co", "Cn", "Cs")


def fragment_share(lines: Sequence[str]) -> float:
    """Give the share of lines with fewer than three letters; a Chinese character is one."""
    return sum(sum(map(str.isalpha, line)) < _MIN_LINE_LETTERS for line in lines) / len(lines) if lines else 0.0


def running_share(paragraphs: Sequence[str]) -> float:
    """Give the share of characters that stand in paragraphs with a sentence."""
    total = sum(map(len, paragraphs))
    running = sum(len(p) for p in paragraphs if len(p) >= _MIN_SENTENCE_CHARS and _SENTENCE_END.search(p))
    return running / total if total else 0.0
