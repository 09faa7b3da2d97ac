"""The language of a text, among the languages a run expects.

py3langid, whose model lies inside its wheel, decides among `candidates`. Cantonese and Wu, which it knows apart, count
as `zh` as long as they are not named there. A text that mixes Chinese and Latin script is asked about in both parts,
and the part with more words names it. Texts with too few letters are undecided (`und`) and are kept. Code must be told
from prose before: to this model it is Icelandic. Every result depends on the text and the params alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.core.params import Params

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

UNDECIDED = "und"
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_KANA_OR_HANGUL = re.compile("[\u3040-\u30ff\uac00-\ud7a3]")
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]+(?:['’-][A-Za-z\u00c0-\u024f]+)*")
_HAN_PER_WORD = 1.6
"""Chinese characters to a word, the mean length of a Chinese word in running text."""

Verdict = Literal[True] | tuple[Literal[False], str, str]
"""True, or False with the reason and a detail."""


class LanguageParams(Params):
    """`clean.language` in conf."""

    candidates: tuple[str, ...] = ("zh", "en", "de", "es", "fr", "it", "ja", "ko", "pt", "ru")
    """ISO 639 codes among which the model decides. Fewer are more certain; a language that is missing is misread."""
    allowed: tuple[str, ...] | None = None
    """Documents of other languages are excluded, whether found here or named by the source (`en-US` counts as `en`);
    none allows all."""
    min_probability: float = Field(0.5, ge=0, le=1)
    """Below it a document is excluded when `allowed` is given."""
    min_words: int = Field(4, ge=1)
    """Below it a text is undecided. 1.6 Chinese characters are one word."""
    mixed_share: float = Field(0.15, gt=0, le=0.5)
    """Share of words from which on the lesser script of a text makes it mixed."""
    max_characters: int = Field(3000, ge=100)
    """Of a longer text three equal parts are read, from its start, middle and end."""

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


def identify(text: str, params: LanguageParams) -> Language:
    """Name the language of a text; `und` with probability 0 when it has too few words."""
    sample = _sample(text, params.max_characters)
    num_han = len(_HAN.findall(sample))
    latin = _LATIN_WORD.findall(sample)
    han_words, others = num_han / _HAN_PER_WORD, len(_KANA_OR_HANGUL.findall(sample))
    if others == 0 and han_words + len(latin) < params.min_words and not _other_letters(sample):
        return Language(UNDECIDED, 0.0)
    share = len(latin) / max(han_words + len(latin), 1)
    if others > 0.05 * num_han or not params.mixed_share <= share <= 1 - params.mixed_share:
        return Language(*_classify(sample, params))
    chinese = _classify("".join(_HAN.findall(sample)), params)
    foreign = _classify(" ".join(latin), params)
    first, second = (foreign, chinese) if share > 0.5 else (chinese, foreign)
    return Language(*first, second=second[0])


def read_code(tag: str) -> Language:
    """Return the language that a source names: the first part of its tag, `zh` of `zh-CN`."""
    return Language(re.split("[-_]", tag.strip().lower())[0], 1.0)


def judge_language(language: Language, params: LanguageParams) -> Verdict:
    """Say whether a document stays. A mixed one needs its main language to be allowed; an undecided one stays."""
    if params.allowed is None or language.code == UNDECIDED:
        return True
    if language.code not in params.allowed:
        return False, "other_language", f"{language.code} {language.probability:.2f}"
    if language.probability < params.min_probability:
        return False, "unsure_language", f"{language.code} {language.probability:.2f}"
    return True


def _sample(text: str, max_characters: int) -> str:
    if len(text) <= max_characters:
        return text
    part = max_characters // 3
    middle = (len(text) - part) // 2
    return "\n".join((text[:part], text[middle : middle + part], text[-part:]))


def _other_letters(sample: str) -> bool:
    """Say whether there are letters in scripts that are neither Chinese nor Latin, of which a few decide."""
    rest = _LATIN_WORD.sub("", _HAN.sub("", sample))
    return sum(map(str.isalpha, rest)) >= 10


def _classify(sample: str, params: LanguageParams) -> tuple[str, float]:
    code, probability = load_identifier(params.candidates).classify(sample)
    return code, round(min(probability, 1.0), 4)


@cache
def load_identifier(candidates: tuple[str, ...]) -> LanguageIdentifier:
    """Return the model for these languages, loaded (0.8 s) once per process; `ParameterError` where it lacks one.

    The instance is ours, so nobody else can restrict its languages.
    """
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    if unknown := sorted(set(candidates) - set(identifier.labels)):
        known = ", ".join(sorted(identifier.labels))
        raise ParameterError(f"clean.language.candidates: no model of {', '.join(unknown)}; there are {known}")
    identifier.set_languages(candidates)
    return identifier
