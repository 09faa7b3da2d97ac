"""The language of a text, among the languages a run expects.

The script of the letters comes first: py3langid, whose model lies inside its wheel, decides among those `candidates`
that are written in it. It is asked about all languages of the script that it knows, and a text that is clearly one of
the others is `und`, not the nearest candidate. Varieties (Cantonese and Wu of `zh`, Egyptian of `ar`) count as their
language as long as they are no candidates. A text that mixes Chinese and Latin script is asked about in both parts, and
the part with more words names it. Texts with too few letters are undecided (`und`) and are kept. Code must be told from
prose before: to this model it is Icelandic. Every result depends on the text and the params alone.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator, model_validator

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.clean.languages.alphabets import can_be, count_letters
from cpt_pipeline.corpus.clean.languages.east_asian import east_asian_script, num_chinese, num_japanese
from cpt_pipeline.corpus.clean.languages.scripts import LATIN, languages_of, letters_by_script, main_script, script_of
from cpt_pipeline.text.language_tags import LanguageCode

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

UNDECIDED = "und"
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]+(?:['’-][A-Za-z\u00c0-\u024f]+)*")
_HAN_PER_WORD = 1.6
"""Chinese characters to a word, the mean length of a Chinese word in running text."""

_FEW_LETTERS = 10
"""Of a script that is neither Chinese nor Latin, so many letters are enough."""
_CLEARLY = 3.0
"""A language that is no candidate must be so many times as likely as the best of them."""
_HALF = 0.5
"""A text of many letters that is most like another language, which is not that likely, nor are all candidates
together, is in none of them."""
_MANY_LETTERS = 100
_VARIETIES = {"yue": "zh", "wuu": "zh", "ary": "ar", "arz": "ar", "nn": "no", "pcm": "en", "grc": "el", "hbo": "he"} | {
    "ckb": "ku",
    "sdh": "ku",
}

Verdict = Literal[True] | tuple[Literal[False], str, str]
"""True, or False with the reason and a detail."""


class LanguageParams(Params):
    """`clean.language` in conf."""

    candidates: tuple[LanguageCode, ...] = ("zh", "en", "de", "es", "fr", "it", "ja", "ko", "pt", "ru")
    """Languages, by code, tag or name (`zh`, `deu`, `French`), among which the model decides; text of any other is
    `und`. Of languages that are alike (Malay and Indonesian, Galician and Portuguese) short text is taken for the one
    that is named here."""
    allowed: tuple[LanguageCode, ...] | None = None
    """Documents of other languages are excluded, whether found here or named by the source; none allows all."""
    min_probability: float = Field(0.5, ge=0, le=1)
    """Below it a document is excluded when `allowed` is given."""
    min_words: int = Field(4, ge=1)
    """Below it a text is undecided. 1.6 Chinese characters are one word."""
    mixed_share: float = Field(0.15, gt=0, le=0.5)
    """Share of words from which on the lesser script of a text makes it mixed."""
    max_characters: int = Field(3000, ge=100)
    """Of a longer text three equal parts are read, from its start, middle and end."""

    @field_validator("candidates", "allowed")
    @classmethod
    def _once(cls, codes: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return codes and tuple(dict.fromkeys(codes))

    @model_validator(mode="after")
    def _allowed_are_candidates(self) -> LanguageParams:
        if missing := sorted(set(self.allowed or ()) - set(self.candidates)):
            raise ValueError(f"clean.language.allowed names {', '.join(missing)}, not among its candidates")
        return self


@dataclass(frozen=True)
class Language:
    """What was found: `second` is the language of the lesser part of a mixed text."""

    code: str
    probability: float
    second: str | None = None
    instead: str | None = None
    """Of a text in none of the candidates: the language it is most like, or its script where no candidate has it."""


def identify(text: str, params: LanguageParams) -> Language:
    """Name the language of a text; `und` where it has too few words (probability 0) or is none of the candidates."""
    sample = _sample(text, params.max_characters)
    counts, latin = letters_by_script(sample), _LATIN_WORD.findall(sample)
    script, han_words = main_script(counts), counts["han"] / _HAN_PER_WORD
    if counts["han"] and script in ("han", "kana", "hangul"):
        script = east_asian_script(sample, counts)
    num_others = counts.total() - counts["han"] - counts[LATIN]
    if script is None or (num_others < _FEW_LETTERS and han_words + len(latin) < params.min_words and not _cjk(counts)):
        return Language(UNDECIDED, 0.0)
    share = len(latin) / max(han_words + len(latin), 1)
    if script not in ("han", LATIN) or not params.mixed_share <= share <= 1 - params.mixed_share:
        return _classify(sample, script, params)
    chinese = _classify("".join(_HAN.findall(sample)), "han", params)
    foreign = _classify(" ".join(latin), LATIN, params)
    first, second = (foreign, chinese) if share > 0.5 else (chinese, foreign)
    return Language(first.code, first.probability, second=second.code, instead=first.instead)


def judge_language(language: Language, params: LanguageParams) -> Verdict:
    """Say whether a document stays. A mixed one needs its main language to be allowed; an undecided one stays."""
    if params.allowed is None or (language.code == UNDECIDED and language.instead is None):
        return True
    if _counts_as(language.code, params.candidates) not in params.allowed:
        return False, "other_language", f"{language.instead or language.code} {language.probability:.2f}"
    if language.probability < params.min_probability:
        return False, "unsure_language", f"{language.code} {language.probability:.2f}"
    return True


def _counts_as(code: str, candidates: tuple[str, ...]) -> str:
    """Return the language that a variety belongs to, where the variety is no candidate itself."""
    return code if code in candidates else _VARIETIES.get(code, code)


def _by_characters(sample: str, rivals: set[str]) -> set[str]:
    """Leave Japanese alone, or Chinese and its varieties, where characters of the one are more than of the other."""
    chinese, japanese = num_chinese(sample), num_japanese(sample)
    if chinese == japanese:
        return rivals
    return rivals & {"ja"} if japanese > chinese else rivals - {"ja"}


def _letters_of(sample: str, script: str) -> Counter[str]:
    counts = count_letters(sample)
    return Counter({letter: number for letter, number in counts.items() if script_of(letter) == script})


def _cjk(counts: Counter[str]) -> bool:
    return counts["kana"] + counts["hangul"] > 0


def _sample(text: str, max_characters: int) -> str:
    if len(text) <= max_characters:
        return text
    part = max_characters // 3
    middle = (len(text) - part) // 2
    return "\n".join((text[:part], text[middle : middle + part], text[-part:]))


def _classify(sample: str, script: str, params: LanguageParams) -> Language:
    """Choose among the candidates of a script, unless another language of it is clearly more likely."""
    identifier = load_identifier(params.candidates)
    candidates = languages_of(script, params.candidates)
    if not candidates:
        return Language(UNDECIDED, 1.0, instead=script)
    rivals = {*languages_of(script, tuple(identifier.labels)), *candidates}
    if script == "han":
        rivals = _by_characters(sample, rivals)
    likely: Counter[str] = Counter()
    for code, probability in identifier.rank(sample):
        if code in rivals:
            likely[_counts_as(code, candidates)] += probability
    first, best = (max(codes, key=likely.__getitem__) for codes in (sorted(likely), candidates))
    if first not in candidates and likely[first] > _CLEARLY * likely[best]:
        return Language(UNDECIDED, round(likely[first] / likely.total(), 4), instead=first)
    letters, total = _letters_of(sample, script), sum(likely[code] for code in candidates)
    if not can_be(letters, first):
        return Language(UNDECIDED, 1.0, instead=script)
    is_unlike_all = max(total, likely[first]) < _HALF * likely.total()
    if first not in candidates and is_unlike_all and letters.total() >= _MANY_LETTERS:
        return Language(UNDECIDED, round(likely[first] / likely.total(), 4), instead=first)
    return Language(best, round(min(likely[best] / total, 1.0), 4) if total else 0.0)


@cache
def load_identifier(candidates: tuple[str, ...]) -> LanguageIdentifier:
    """Return the model, loaded (0.8 s) once per process; `ParameterError` where it lacks a candidate.

    The instance is ours, so nobody else can restrict its languages.
    """
    identifier = _load_model()
    if unknown := sorted(set(candidates) - set(identifier.labels)):
        known = ", ".join(sorted(identifier.labels))
        raise ParameterError(f"clean.language.candidates: no model of {', '.join(unknown)}; there are {known}")
    return identifier


@cache
def _load_model() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
