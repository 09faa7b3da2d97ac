"""Letters that a language does not write: text that is full of them is of another one, which no model may know.

Only languages whose alphabet is closed and well known stand here; of others nothing is said. A letter or two of a name
is no sign: so few are allowed that no text in a language reaches them by what it quotes.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import Final

_FEW: Final = 3
_SHARE: Final = 0.02
"""Above this share of the letters, and from three on, they are no quotation."""

_LATIN: Final = "abcdefghijklmnoprstuvwxyz"
"""Without q, which is rare outside the languages below that list it."""
_LATIN_MORE: Final = {
    "af": "áèéêëíîïôöúû", "az": "qçəğıöşü", "bs": "čćđšž", "ca": "qàçèéíïòóúüñ", "cs": "áčďéěíňóřšťúůýž",
    "cy": "âêîôûŵŷäëïöáéàèìò", "da": "qæøåéè", "de": "qäöüß", "en": "q", "eo": "ĉĝĥĵŝŭ", "es": "qáéíñóúü",
    "et": "äõöüšž", "eu": "qñçü", "fi": "äöåšž", "fo": "áðíóúýæø", "fr": "qàâæçéèêëîïôœùûüÿ", "ga": "áéíóú",
    "gd": "àèìòùáéó", "gl": "qáéíñóúüï", "hr": "čćđšž", "hu": "áéíóöőúüű", "id": "qé", "is": "áðéíóúýþæö",
    "it": "qàèéìíîòóùú", "lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūžōŗ", "mt": "qċġħżàèìòùéî",
    "ms": "qé", "nl": "qáèéêëíïóöüç", "nn": "æøåéèêòóôù", "no": "æøåéèêòóô", "pl": "ąćęłńóśźż", "pt": "qáâãàçéêíóôõúü",
    "ro": "qăâîșțşţ", "rw": "", "sk": "áäčďéíĺľňóôŕšťúýž", "sl": "čšžćđ", "sn": "", "so": "q", "sq": "qëç",
    "st": "qšôê", "sv": "qåäöéà", "sw": "q", "tr": "çğıöşüâîû", "xh": "q", "zu": "q",
}  # fmt: skip
_CYRILLIC: Final = "абвгдежзийклмнопрстуфхцчшщъыьэюяё"
_CYRILLIC_MORE: Final = {
    "ba": "ғҙҡңөҫүһә", "be": "іўґ", "bg": "ѝ", "kk": "әғқңөұүһі", "ky": "ңөү", "mk": "ѓѕјљњќџѐѝ", "mn": "өү",
    "ru": "іѣѳѵ", "sr": "ђјљњћџ" + _LATIN + "čćđšž", "tg": "ғӣқӯҳҷ", "tt": "әөүҗңһ", "uk": "іїєґ",
}  # fmt: skip
"""Russian with the letters it had until 1918; Serbian in both of its scripts, as Kurdish below."""
_ARABIC: Final = "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيـٱ"
_PERSIAN: Final = _ARABIC + "پچژگکیۀ"
_KURDISH: Final = _ARABIC + "پچژگکیەڕڤڵھۆۊۉێۋ"
_ARABIC_MORE: Final = {
    "ar": _ARABIC + "پچژگڤڨڭکی", "ary": _ARABIC + "پچژگڤڨڭکی", "arz": _ARABIC + "پچژگڤڨڭکی", "fa": _PERSIAN,
    "ps": _PERSIAN + "ټځڅډړږښګڼېۍ", "ur": _PERSIAN + "ٹڈڑںھہۂۃےۓ", "sdh": _KURDISH, "ku": _KURDISH + _LATIN + "qçêîşû",
    "ug": _ARABIC + "پچژگەڭھۇۆۈۋې",
}  # fmt: skip
_ALPHABETS: Final = {
    **{code: frozenset(_LATIN + more) for code, more in _LATIN_MORE.items()},
    **{code: frozenset(_CYRILLIC + more) for code, more in _CYRILLIC_MORE.items()},
    **{code: frozenset(letters) for code, letters in _ARABIC_MORE.items()},
}
_NOT_WRITTEN: Final = {"he": frozenset("װױײ"), "am": frozenset("ኣቐቑቒቓቔቕቘቚቛቜቝ")}
"""Letters of Yiddish, and of Tigrinya (in Amharic `ኣ` is hardly written)."""
_AT_MOST: Final = {"he": ("ע", 0.07), "hbo": ("ע", 0.07)}
"""A letter and the share it never has in a language: in Yiddish it is the vowel e, a tenth of the text; in Hebrew it is
a consonant of 3 to 4 %."""
_MANY: Final = 80
"""From so many letters on a share says something."""


def can_be(letters: Counter[str], code: str) -> bool:
    """Say whether a text with such letters (of one script, `count_letters`) can be in a language; true if unknown."""
    total = letters.total()
    alphabet, foreign = _ALPHABETS.get(code), _NOT_WRITTEN.get(code, frozenset())
    strange = sum(
        number
        for letter, number in letters.items()
        if letter in foreign or (alphabet is not None and letter not in alphabet)
    )
    if strange >= _FEW and strange > _SHARE * total:
        return False
    letter, most = _AT_MOST.get(code, ("", 1.0))
    return total < _MANY or letters[letter] <= most * total


def count_letters(text: str) -> Counter[str]:
    """Count the letters of a text in small form, accents and their letter as one, without signs that modify others."""
    lower = unicodedata.normalize("NFC", text.replace("İ", "i").lower())
    return Counter({each: number for each, number in Counter(lower).items() if each.isalpha()})
