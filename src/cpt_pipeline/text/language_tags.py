"""Languages as people write them: codes of two and three letters, tags, names; all become one code.

`eng`, `eng_Latn`, `en-US`, `en_US.UTF-8` and `English` are `en`; `cmn`, `zho_Hans`, `zh-Hans-CN` and `中文` are `zh`.
What is a language, which code replaces which and what it is called is CLDR's, as Babel ships it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Annotated, Final

from babel.core import Locale, get_global
from babel.localedata import locale_identifiers
from pydantic import AfterValidator

_NONE: Final = frozenset(
    {
        "",
        "und",
        "unknown",
        "undetermined",
        "mul",
        "multiple",
        "multilingual",
        "mis",
        "zxx",
        "art",
        "none",
        "null",
        "n/a",
        "nan",  # what tables write for a missing value; Min Nan is also nan
    }
)
"""What is written where nobody knows the language, or there are several."""
_TAG: Final = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{1,8})*(?:[.@][a-z0-9@=_-]{1,20})?")
_IN_BRACKETS: Final = re.compile(r"\s*[(\uff08\[].*")
_OURS: Final = {"nb": "no", "fil": "tl", "kok": "gom", "bik": "bcl", "ki": "kik", "gn": "gug", "ff": "fuv"}
"""CLDR's code to that of the model which names languages, where they differ."""
_OTHER_NAMES: Final = {
    **dict.fromkeys(("mandarin", "mandarin chinese", "汉语", "漢語", "普通话", "普通話", "國語", "华语"), "zh"),
    "bengali": "bn",
    "oriya": "or",
    "kirghiz": "ky",
    "panjabi": "pa",
    "uighur": "ug",
    "sinhalese": "si",
    "farsi": "fa",
    "castilian": "es",
    "flemish": "nl",
    "bahasa indonesia": "id",
    "bahasa melayu": "ms",
    "modern greek": "el",
}


class NotALanguageError(ValueError):
    """Raised for a tag that names no language; says what to write."""


def read_language(tag: str) -> str | None:
    """Return the code of a language by its code, tag or name; None for what says that it names none (`und`, `mul`).

    Codes are those of ISO 639, of two letters where there are such. Names are read in English, in Chinese and in the
    language itself; case, a region or a script after the code, and what stands in brackets, play no part.
    """
    written = unicodedata.normalize("NFC", tag).strip().lower()
    if written in _NONE:
        return None
    found = _TAG.fullmatch(written)
    code = _code(found[1]) if found else ""
    if code in _NONE - {""}:
        return None
    named = code or _find_name(written.casefold())
    if not named:
        raise NotALanguageError(
            f"{tag!r} is no language; write its ISO 639 code (zh, eng), a tag that begins with it (pt-BR, zho_Hans), or"
            " its name in English, in Chinese or in itself (German, 德语, Deutsch)"
        )
    return named


def _find_name(written: str) -> str:
    """Return the code for a name; empty for what is none."""
    return _names().get(written) or _names().get(_IN_BRACKETS.sub("", written), "")


def _required(tag: str) -> str:
    if (code := read_language(tag)) is None:
        raise NotALanguageError(f"{tag!r} stands for no language or for several; name one")
    return code


LanguageCode = Annotated[str, AfterValidator(_required)]
"""A language in conf, as one likes to write it; read as its code."""
MaybeLanguage = Annotated[str, AfterValidator(read_language)]
"""A language in conf, or what says that there is no one language; read as its code or None."""


def _code(code: str) -> str:
    """Return the one code for a code of two or three letters; empty for what is none."""
    replaced = _code_aliases().get(code, code)
    return _OURS.get(replaced, replaced) if replaced in _known_codes() or replaced in _NONE else ""


@cache
def _code_aliases() -> dict[str, str]:
    """Return codes that others replace, `eng` and the old `iw` among them, but those that the model itself uses."""
    aliases = {code: other.split("_")[0] for code, other in get_global("language_aliases").items()}
    return {code: other for code, other in aliases.items() if code not in _OURS.values()}


@cache
def _known_codes() -> frozenset[str]:
    listed = {tag.split("_")[0] for tag in get_global("likely_subtags")}
    return frozenset({*listed, *Locale("en").languages, *_OURS.values()})


@cache
def _names() -> dict[str, str]:
    """Return names in small letters to codes; of two languages that have one name, that of the English name."""
    names: dict[str, str] = {}
    alone = sorted(each for each in locale_identifiers() if "_" not in each)
    own = ({code: name} for code in alone if (name := Locale(code).languages.get(code)))
    for listed in (*own, *(Locale.parse(each).languages for each in ("zh_Hant", "zh", "en"))):
        for tag, name in listed.items():
            names[name.casefold()] = _code(tag.split("_")[0])
    return {name: code for name, code in (names | _OTHER_NAMES).items() if code and code not in _NONE}
