"""Surrogates: what stands in for personal data, of the same shape, varied, and surely nobody's.

A surrogate is drawn from a generator seeded with the document, the kind and the datum in its plain form, so one datum
is the same throughout a document, however it is spelled there, and another in the next. Each kind has a region of its
own that no real datum is in: top-level codes that are never given out, 240.0.0.0/4, city codes without a city, card
numbers that fail Luhn, phone numbers outside their plan, IBANs with wrong check digits. The recognisers leave those
regions alone, so surrogates are
not replaced again. Whoever knows the identifiers of documents and can try all phone numbers can test a guess at one.
"""

from __future__ import annotations

import hashlib
import ipaddress
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from cpt_pipeline.corpus.clean.personal_data.addresses import UNASSIGNED_TLDS, dot_pieces, plain_address, split_address
from cpt_pipeline.corpus.clean.personal_data.bank_cards import passes_luhn
from cpt_pipeline.corpus.clean.personal_data.id_cards import PROVINCES, UNASSIGNED_CITIES, check_digit
from cpt_pipeline.corpus.clean.personal_data.identifiers import is_iban
from cpt_pipeline.corpus.clean.personal_data.phones import CHINA, NORTH_AMERICA, may_be_assigned, read_number
from cpt_pipeline.corpus.clean.personal_data.recognisers import Kind, fold

_CONSONANTS: Final = "bcdfghjklmnprstvwz"
_VOWELS: Final = "aeiou"
_SECOND_LEVELS: Final = frozenset(("com", "net", "org", "edu", "gov", "ac", "co", "sch"))
_FULL_WIDTH: Final = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
_UNASSIGNED_MOBILES: Final = tuple(
    map(str, (*range(140, 145), 146, 148, 149, 154, 160, 161, 163, 164, 168, 169, 179, 194))
)
"""Of 1[3-9]x, those in which nobody has a number of 11 digits."""
_DRAWS: Final = 200
_YEARS: Final = (1945, 2005)
_HAN: Final = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Surrogate:
    """What is written, and the part of it that must not become frequent in a corpus."""

    text: str
    pattern: str


def plain_form(kind: Kind, written: str, regions: Sequence[str]) -> str:
    """Give the form in which two spellings of one datum are equal."""
    folded = fold(written)
    if kind == "email":
        return plain_address(written)
    if kind == "ip":
        return ipaddress.ip_address(written).exploded
    if kind == "messenger":
        return folded.lower()
    if kind == "name":
        return " ".join(folded.split()).lower()
    number = read_number(folded, regions) if kind == "phone" else None
    return f"{number.country} {number.national}" if number else "".join(filter(str.isalnum, folded)).upper()


def draw_surrogate(kind: Kind, written: str, seed: str, regions: Sequence[str]) -> Surrogate:
    """Draw the surrogate of `written`, as the text spells it, in the document and attempt that `seed` names."""
    plain = plain_form(kind, written, regions)
    return _DRAWERS[kind](written, plain, seed, regions)


def _generator(*parts: str) -> random.Random:
    digest = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return random.Random(int.from_bytes(digest, "big"))


def _email(written: str, plain: str, seed: str, regions: Sequence[str]) -> Surrogate:
    local, at, domain = split_address(written)
    _, _, plain_domain = plain.partition("@")
    source = _generator(seed, "email", plain)
    new_local = "".join(piece if dot else _words(piece, source) for piece, dot in dot_pieces(local))
    labels = _domain(plain_domain, _generator(seed, "domain", plain_domain))
    pieces, place = [], 0
    for piece, dot in dot_pieces(domain):
        pieces.append(piece if dot else labels[place])
        place += not dot
    return Surrogate(f"{new_local}{at}{''.join(pieces)}", f"@{_stem(labels)}.{labels[-1]}")


def _domain(domain: str, source: random.Random) -> list[str]:
    """New labels of the same lengths; `com` and the like before another label stay."""
    *labels, _ = domain.split(".")
    new = [label if index and label in _SECOND_LEVELS else _words(label, source) for index, label in enumerate(labels)]
    return [*new, source.choice(UNASSIGNED_TLDS)]


def _stem(labels: Sequence[str]) -> str:
    """The first letters of the name that is registered: few enough to be counted, many enough to be rare."""
    names = [label for label in labels[:-1] if label not in _SECOND_LEVELS] or ["-"]
    return names[-1][:4]


def _words(written: str, source: random.Random) -> str:
    """Letters become syllables in the same case, digits other digits; everything else stays."""
    new, vowel = [], False
    for character in fold(written):
        if character.isalpha():
            letter = source.choice(_VOWELS if vowel else _CONSONANTS)
            new.append(letter.upper() if character.isupper() else letter)
            vowel = not vowel
        else:
            vowel = False
            new.append(str(source.randrange(10)) if character.isdigit() else character)
    return "".join(new)


def _ip(written: str, plain: str, seed: str, regions: Sequence[str]) -> Surrogate:
    source = _generator(seed, "ip", plain)
    if "." in written:
        octets = [source.randrange(240, 255), *(source.randrange(1, 255) for _ in range(3))]
        return Surrogate(".".join(map(str, octets)), f"{octets[0]}.{octets[1]}.")
    groups = [_hexadecimal(group, source) for group in plain.split(":")]
    groups[0] = f"{source.randrange(0x4000, 0xE000):x}"
    return Surrogate(_spelled_like(written, groups), f"{groups[0]}:")


def _hexadecimal(group: str, source: random.Random) -> str:
    """Another group of as many digits, without zeros in front; zero stays zero."""
    digits = group.lstrip("0")
    return f"{source.randrange(16 ** (len(digits) - 1), 16 ** len(digits)):x}" if digits else "0"


def _spelled_like(written: str, groups: list[str]) -> str:
    """Put groups where those of `written` stand: `::` and leading zeros as there."""
    head, gap, tail = written.partition("::")
    before, after = [each.split(":") if each else [] for each in (head, tail)]
    new = [*groups[: len(before)], *(groups[-len(after) :] if after else [])]
    padded = [group.zfill(len(old)) for group, old in zip(new, [*before, *after], strict=True)]
    cased = [group.upper() if old.isupper() else group for group, old in zip(padded, [*before, *after], strict=True)]
    return ":".join(cased[: len(before)]) + gap + ":".join(cased[len(before) :])


def _id_card(written: str, plain: str, seed: str, regions: Sequence[str]) -> Surrogate:
    source = _generator(seed, "id_card", plain)
    place = f"{source.choice(PROVINCES)}{source.choice(UNASSIGNED_CITIES)}{source.randrange(100):02}"
    year = source.randrange(*_YEARS)
    date = f"{year}{source.randrange(1, 13):02}{source.randrange(1, 29):02}"
    first = f"{place}{date if len(plain) == 18 else date[2:]}{source.randrange(1, 1000):03}"
    return Surrogate(_written_like(written, first + check_digit(first) if len(plain) == 18 else first), place)


def _bank_card(written: str, plain: str, seed: str, regions: Sequence[str]) -> Surrogate:
    source = _generator(seed, "bank_card", plain)
    digits = plain[0] + "".join(str(source.randrange(10)) for _ in plain[1:])
    if passes_luhn(digits):
        digits = digits[:-1] + str((int(digits[-1]) + source.randrange(1, 10)) % 10)
    return Surrogate(_written_like(written, digits), digits[:6])


def _iban(written: str, plain: str, seed: str, regions: Sequence[str]) -> Surrogate:
    source = _generator(seed, "iban", plain)
    new = plain
    while new == plain or is_iban(new):
        new = plain[:2] + _words(plain[2:], source)
    return Surrogate(_spelled_as(written, new), new[:8])


def _passport(written: str, plain: str, seed: str, regions: Sequence[str]) -> Surrogate:
    """Letters stay, and the number begins with 00."""
    source = _generator(seed, "passport", plain)
    digits = iter("00" + "".join(str(source.randrange(10)) for _ in plain))
    new = "".join(next(digits) if character.isdigit() else character for character in plain)
    return Surrogate(_spelled_as(written, new), new[:6])


def _ssn(written: str, plain: str, seed: str, regions: Sequence[str]) -> Surrogate:
    """No number was ever given out with group 00."""
    source = _generator(seed, "ssn", plain)
    area = f"{source.randrange(1, 900):03}"
    return Surrogate(_written_like(written, f"{area}00{source.randrange(1, 10000):04}"), area)


def _messenger(written: str, plain: str, seed: str, regions: Sequence[str]) -> Surrogate:
    """QQ numbers do not begin with 0, WeChat ids begin with a letter."""
    source = _generator(seed, "messenger", plain)
    first = "0" if plain.isdigit() else str(source.randrange(10))
    new = first + _words(plain[1:], source)
    return Surrogate(_spelled_as(written, new), new[:5])


def _phone(written: str, plain: str, seed: str, regions: Sequence[str]) -> Surrogate:
    """The national part is drawn and judged in its plain form, so that it is the same with and without country code."""
    country, _, national = plain.rpartition(" ")
    template = "".join(filter(str.isdigit, fold(written)))
    if not template.endswith(national):
        country, national = "", template
    source = _generator(seed, "phone", plain)
    for _ in range(_DRAWS):
        new = _national_number(country, national, source)
        spellings = (f"+{country}{new}", f"0{new}", new)
        if not any(may_be_assigned(spelling, regions) for spelling in spellings):
            break
    return Surrogate(_written_like(written, template[: -len(national)] + new), f"+{country} {new[:6]}")


def _national_number(country: str, national: str, source: random.Random) -> str:
    """A number of the same length that its plan does not have: no exchange and no subscriber starts with 0 or 1."""
    if country == str(CHINA) and national[0] == "1" and len(national) == 11:
        start = source.choice(_UNASSIGNED_MOBILES)
    elif country == str(CHINA):
        areas = ("10", f"2{source.randrange(10)}") if national[0] in "12" else (f"{source.randrange(300, 1000)}",)
        start = source.choice(areas) + source.choice("01")
    elif country == str(NORTH_AMERICA):
        start = f"{source.randrange(200, 1000)}{source.choice('01')}"
    else:
        start = "00"
    return start + "".join(str(source.randrange(10)) for _ in range(len(national) - len(start)))


def _name(written: str, plain: str, seed: str, regions: Sequence[str]) -> Surrogate:
    source = _generator(seed, "name", plain)
    chinese = _HAN.search(written) is not None
    fake = _faker("zh_CN" if chinese else "en_US")
    fake.seed_instance(source.getrandbits(64))
    if chinese:
        names = (fake.last_name() + fake.first_name() for _ in range(_DRAWS))
        name = next((each for each in names if len(each) == len(written)), fake.last_name() + fake.first_name())
    else:
        name = " ".join([*(fake.first_name() for _ in written.split()[1:]), fake.last_name()])
    return Surrogate(name, name)


@cache
def _faker(locale: str) -> Any:
    from faker import Faker

    return Faker(locale)


def _spelled_as(written: str, characters: str) -> str:
    """Put characters in the places of letters, digits and what a name is joined with; case and width stay."""
    left = iter(characters)
    new = []
    for old in written:
        place = fold(old)
        if not (place.isalnum() or place in characters):
            new.append(old)
            continue
        character = next(left)
        character = character.lower() if place.islower() else character.upper() if place.isupper() else character
        new.append(character if old == place else chr(ord(character) + 0xFEE0))
    return "".join(new)


def _written_like(written: str, characters: str) -> str:
    """Put characters in the places of the digits (and of a final X), full-width where those were."""
    left = iter(characters)
    new = []
    for old in written:
        place = fold(old)
        if place.isdigit() or place in "Xx":
            character = next(left)
            character = character.lower() if place == "x" else character
            new.append(character if old == place else character.translate(_FULL_WIDTH))
        else:
            new.append(old)
    return "".join(new)


_DRAWERS: Final[dict[Kind, Callable[[str, str, str, Sequence[str]], Surrogate]]] = {
    "email": _email,
    "phone": _phone,
    "id_card": _id_card,
    "bank_card": _bank_card,
    "iban": _iban,
    "passport": _passport,
    "ssn": _ssn,
    "messenger": _messenger,
    "ip": _ip,
    "name": _name,
}
