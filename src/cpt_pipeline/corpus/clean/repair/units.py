"""Numbers and units in one spelling, by a few rules that can be checked by eye.

A closed list of units with two letters or more: `5 m` and `5G` have other readings, `5 kg` has none. Spelling out
Chinese numerals in general is a task of its own and is not done.
"""

from __future__ import annotations

import re
import unicodedata

_UNIT_SIGNS = (
    "㎀㎁㎂㎃㎄㎅㎆㎇㎈㎉㎊㎋㎌㎍㎎㎏㎐㎑㎒㎓㎔㎕㎖㎗㎘㎚㎛㎜㎝㎞㎟㎠㎡"
    "㎢㎣㎤㎥㎦㎧㎨㎩㎪㎫㎬㎳㎵㎶㎷㎸㎹㎻㎼㎽㎾㎿㏀㏁㏃㏄㏈㏉㏓㏖㏜"
)
_MULTIPLES = "[kmμnhdMG]"
_UNITS = rf"°C|mmHg|kcal|[kMGT]B|dB|{_MULTIPLES}(?:mol|Wh|Hz|Pa|[gmLJWVAF])|cm|Hz|Pa|mol"
_DIGIT_OF = str.maketrans("〇零一二三四五六七八九", "00123456789")

_DEGREES_CELSIUS = re.compile(r"℃|[°º˚]\s?C(?![A-Za-z])")
_NUMBER_AND_UNIT = re.compile(rf"(?<![A-Za-z0-9_.,])([0-9]+(?:[.,][0-9]+)*)[ \xa0]?({_UNITS})(?![A-Za-z0-9°])")
_THOUSANDS = re.compile(r"(?<![0-9.,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])")
_YEAR = re.compile(r"(?<![〇零一二三四五六七八九十百千万])([一二][〇零一二三四五六七八九]{3})(?=年)")


def _spelled(sign: str) -> str:
    letters = "".join(chr(int(code, 16)) for code in unicodedata.decomposition(sign).split()[1:])
    return letters.replace("ℓ", "L").replace("∕", "/")


_SPELLED = {ord(sign): _spelled(sign) for sign in _UNIT_SIGNS}


def spell_unit_signs(text: str) -> str:
    """Spell units of one character in letters (`㎏`, `㎡`, `㎧` to `kg`, `m²`, `m/s`) and degrees Celsius as `°C`."""
    return _DEGREES_CELSIUS.sub("°C", text.translate(_SPELLED))


def space_units(text: str) -> str:
    """Put exactly one space between a number and a unit of the list, as the SI brochure does."""
    return _NUMBER_AND_UNIT.sub(r"\1 \2", text)


def join_thousands(text: str) -> str:
    """Remove the commas of a number whose groups are all of three digits."""
    return _THOUSANDS.sub(lambda found: found.group().replace(",", ""), text)


def write_years_in_digits(text: str) -> str:
    """Write years that are given digit by digit in digits: `一九九八年` to `1998年`; `二十年` is no such year."""
    return _YEAR.sub(lambda found: found.group().translate(_DIGIT_OF), text)
