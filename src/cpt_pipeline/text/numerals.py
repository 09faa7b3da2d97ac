"""Numbers of list items as readers see them: 3, iii, C, 三, ③.

Forms have the names of WordprocessingML (`lowerRoman`), but for the letters of HTML, which go on otherwise beyond z. A
form that is not known here, or a number that it cannot write, is written in digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

FORMS_OF_HTML = {
    "1": "decimal",
    "a": "lowerAlpha",
    "A": "upperAlpha",
    "i": "lowerRoman",
    "I": "upperRoman",
}
"""What HTML and OpenDocument call the forms."""

_ROMAN = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)
_CHINESE = "〇一二三四五六七八九"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_MAX_LETTERS = 780
"""30 rounds of the alphabet (z, zz, zzz): what Word itself writes."""


def numeral(number: int, form: str) -> str:
    """Return a number in a form; in digits where the form cannot write it."""
    write = _FORMS.get(form)
    return (write(number) if write is not None and number > 0 else "") or str(number)


def _letters(number: int) -> str:
    """Return a, b, ... z, aa, bb: as Word numbers beyond z."""
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1) if number <= _MAX_LETTERS else ""


def _alpha(number: int) -> str:
    """Return a, b, ... z, aa, ab: as browsers number beyond z."""
    written = ""
    while number:
        number, rest = divmod(number - 1, 26)
        written = chr(ord("a") + rest) + written
    return written


def _roman(number: int) -> str:
    written = ""
    for value, letters in _ROMAN if number < 4000 else ():
        written += letters * (number // value)
        number %= value
    return written


def _chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    if number >= 100:
        return ""
    return ("" if tens < 2 else _CHINESE[tens]) + ("十" if tens else "") + (_CHINESE[ones] if ones else "")


def _digits(number: int) -> str:
    return "".join(_CHINESE[int(digit)] for digit in str(number))


def _circled(number: int) -> str:
    return _CIRCLED[number - 1] if number <= len(_CIRCLED) else ""


_FORMS: Mapping[str, Callable[[int], str]] = {
    "lowerAlpha": _alpha,
    "upperAlpha": lambda number: _alpha(number).upper(),
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "decimalZero": lambda number: f"{number:02}",
    "chineseCounting": _chinese,
    "chineseCountingThousand": _chinese,
    "japaneseCounting": _chinese,
    "taiwaneseCountingThousand": _chinese,
    "ideographDigital": _digits,
    "decimalEnclosedCircle": _circled,
    "decimalEnclosedCircleChinese": _circled,
}
