"""Phone numbers of subscribers: Chinese mobiles and landlines, North American numbers, and any country's with `+`.

What phonenumbers calls valid is a number; its form and the word before it say whether this one is. Free-phone and
service numbers are nobody's. phonenumbers is slow (50 µs a number), so a cheap look at the form comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberType,
    is_possible_number,
    is_valid_number,
    national_significant_number,
    number_type,
    parse,
    region_code_for_country_code,
)

from cpt_pipeline.corpus.clean.personal_data.digit_groups import Piece
from cpt_pipeline.corpus.clean.personal_data.number_cues import NUMBER_CUES, Cue, is_amount, nearest_cue
from cpt_pipeline.corpus.clean.personal_data.recognisers import Span, fold

CHINA: Final = 86
NORTH_AMERICA: Final = 1
_PLANS_KNOWN_WELL: Final = (CHINA, NORTH_AMERICA)
"""Elsewhere a number with `+` counts when its length is possible: the tables lag behind small plans."""
_NOBODYS: Final = (
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
)
_MAX_DIGITS: Final = 16
_ZEROS: Final = re.compile(r"0086-?1[3-9]\d{9}")
_NO_PLUS: Final = re.compile(r"\(?86(?:\)?[ -]?1[3-9]\d|-0?(?:10|2\d|[3-9]\d\d)-)")
_INTERNATIONAL: Final = re.compile(rf"\(?(?:\+|00[ -]?)\s?[1-9]|{_NO_PLUS.pattern}")
_CHINESE_MOBILE: Final = re.compile(
    r"1[3-9]\d[ /-]?\d{4}[ /-]?\d{4}|1[3-9]\d\.\d{4}\.\d{4}|1[3-9]\d[ .-]\d{3}[ .-]\d{5}"
)
_CHINESE_LANDLINE: Final = re.compile(r"(\(0\d{2,3}\) ?-?|0\d{2,3} ?- ?|0\d{2,3} )[2-9]\d{2,3}[ -]?\d{4}")
_NORTH_AMERICAN: Final = re.compile(
    r"(?:1[ .-]|1(?=\())?"
    r"(?:\([2-9]\d\d\) ?-?[2-9]\d\d[ .-]?\d{4}|[2-9]\d\d[ /-][2-9]\d\d[ -]?\d{4}|[2-9]\d\d\.[2-9]\d\d\.\d{4})"
)
_BARE_NORTH_AMERICAN: Final = re.compile(r"[2-9]\d\d[2-9]\d{6}")
_DATE: Final = re.compile(r"[0-3]\d\.[01]\d\.(?:19|20)\d\d.*")
_SAID_BEHIND: Final = re.compile(r"[（(]?(?:微信|手机|电话|[Vv]信)|是我的(?:电话|手机|号码)")
_GROUP_BEFORE: Final = re.compile(r"(?<!1[3-9]\d[ -]\d{4}[ -]\d{4})(?<=\d) \Z")
_GROUP_BEHIND: Final = re.compile(r" (?!1[3-9]\d[ -]\d{4})\d{2,5}(?!\d)")
"""A row of groups, of which this would be some; not another mobile."""
_NATIONAL: Final = re.compile(r"\(?0[1-9][\d ()./-]{5,}\d")
_FORMS: Final = ((_CHINESE_MOBILE, "CN"), (_NORTH_AMERICAN, "US"), (_CHINESE_LANDLINE, "CN"))
_MIN_NATIONAL: Final = 9
_MAX_NATIONAL: Final = 12
_MAX_TRUNK: Final = 11
_LOCAL: Final = re.compile(r"[2-9]\d{2,3}[ -]?\d{4}")
_LABEL: Final = re.compile(
    r"(?:电话|電話|座机|固话|传真|手机|手機|(?<![a-z])(?:tel|telefon|phone|mobile|cell|call|fax)(?: (?:no|number))?)"
    r"[.:： ]{0,2}\Z",
    re.IGNORECASE,
)
_NO_SUBSCRIBER: Final = re.compile(r"0(?:10|2\d|[3-9]\d\d)[01]")
"""A Chinese area code and a digit that no subscriber's number begins with: where surrogates live."""
_FREEPHONE: Final = re.compile(r"\(?0(?:[389]00|[389][0-9]\d\)?[ -]\d{3}[ -]?\d{4}\Z)")
_CHINESE_SUBSCRIBER: Final = re.compile(r"1[3-9]\d{9}|(?:10|2\d)[2-9]\d{6,7}|[3-9]\d\d[2-9]\d{6,7}")
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Number:
    """A phone number as its plan sees it."""

    country: int
    national: str
    """National significant number: without country code and trunk zero."""


def find_phones(text: str, offered: Sequence[Piece], regions: Sequence[str]) -> Iterator[Span]:
    """Give the phone numbers among the pieces. A country once named by its code is a region of the whole text."""
    national: list[Piece] = []
    spoken: list[str] = []
    for piece in offered:
        if len(piece.digits) > _MAX_DIGITS or piece.last or (piece.extended and not _is_landline(piece)):
            continue
        if _INTERNATIONAL.match(piece.shape):
            number = read_number(piece.shape, ())
            if number is not None and _may_be(text, piece):
                spoken.append(region_code_for_country_code(number.country))
                yield Span(piece.start, piece.end, "phone")
                continue
        national.append(piece)
    for piece in national:
        if _is_national(text, piece, regions, dict.fromkeys(spoken)):
            yield Span(piece.start, piece.end, "phone")


def read_number(folded: str, regions: Iterable[str]) -> Number | None:
    """Read a number in ASCII, with its country code or as the first of `regions` that dials it so.

    None when it is no subscriber's. Chinese mobiles and North American groups have one reading, whatever the order.
    """
    for number, valid in _readings(folded, regions):
        possible = is_possible_number(number) and _starts_well(folded, number)
        sure = valid if number.country_code in _PLANS_KNOWN_WELL else valid or (_has_code(folded) and possible)
        if sure and number_type(number) not in _NOBODYS and _fits_plan(number):
            return Number(number.country_code or 0, national_significant_number(number))
    return None


def may_be_assigned(folded: str, regions: Iterable[str]) -> bool:
    """Say whether anybody, a service included, may have this number in one of the regions; surrogates may not."""
    each_alone = (reading for region in regions for reading in _readings(folded, (region,)))
    return any(valid and _fits_plan(number) for number, valid in each_alone) or bool(read_number(folded, regions))


def regions_spoken(written: Iterable[str]) -> tuple[str, ...]:
    """Give the regions of the numbers that are written with their country code, sorted."""
    coded = (read_number(fold(each), ()) for each in written)
    return tuple(sorted({region_code_for_country_code(number.country) for number in coded if number}))


def _readings(folded: str, regions: Iterable[str]) -> Iterator[tuple[PhoneNumber, bool]]:
    written = re.sub(r"^\(?00[ -]?(?=[1-9])", "+", folded.replace("·", "."))
    if _NO_PLUS.match(written):
        written = "+" + written.lstrip("(")
    for region in (None,) if _has_code(written) else _order(written, tuple(regions)):
        try:
            number = parse(written, region)
        except NumberParseException:
            continue
        yield number, is_valid_number(number)


def _order(folded: str, regions: tuple[str, ...]) -> tuple[str, ...]:
    for pattern, region in (*_FORMS[:2], (_BARE_NORTH_AMERICAN, "US")):
        if region in regions and len(regions) > 1 and pattern.fullmatch(folded):
            return (region,)
    return regions


def _has_code(folded: str) -> bool:
    return folded.lstrip("(").startswith(("+", "00")) or _NO_PLUS.match(folded) is not None


def _starts_well(folded: str, number: PhoneNumber) -> bool:
    """No national number that needs a country code starts with 0 or 1 and is missing in the tables."""
    digits = "".join(filter(str.isdigit, folded)).removeprefix("00")
    return digits.removeprefix(str(number.country_code))[:1] not in ("0", "1")


def _fits_plan(number: PhoneNumber) -> bool:
    """The tables take any digit behind a Chinese area code; subscribers start with 2 to 9."""
    if number.country_code != CHINA or number_type(number) in _NOBODYS:
        return True
    return _CHINESE_SUBSCRIBER.fullmatch(national_significant_number(number)) is not None


def _may_be(text: str, piece: Piece) -> bool:
    """With a `+` it is a number for phones; a mere 00 or 86 can also begin an order or an account."""
    if "+" in piece.shape[:2]:
        return True
    cue = _cue(text, piece)
    return cue == "phone" or (
        cue is None and (piece.num_groups > 1 or any(form.match(piece.shape) for form in (_NO_PLUS, _ZEROS)))
    )


def _is_landline(piece: Piece) -> bool:
    return _CHINESE_LANDLINE.fullmatch(piece.shape) is not None


def _cue(text: str, piece: Piece) -> Cue | None:
    cue = nearest_cue(text, piece.start, NUMBER_CUES)
    return "phone" if cue is None and _SAID_BEHIND.match(text, piece.end) else cue


def _is_of_any_plan(piece: Piece) -> bool:
    """Whether it has the form of a number with its area code, of whatever country; only a label right before tells."""
    regular = _NATIONAL.fullmatch(piece.shape) and piece.num_groups > 1 and len(piece.digits) <= _MAX_TRUNK
    return bool(regular) and not _FREEPHONE.match(piece.shape) and not _NO_SUBSCRIBER.match(piece.digits)


def _is_in_row(text: str, piece: Piece) -> bool:
    before = text[max(0, piece.start - 16) : piece.start]
    is_row = _GROUP_BEFORE.search(before) or _GROUP_BEHIND.match(text, piece.end)
    return piece.num_groups > 1 and is_row is not None


def _is_national(text: str, piece: Piece, regions: Sequence[str], spoken: Iterable[str]) -> bool:
    regular = next((region for form, region in _FORMS if region in regions and form.fullmatch(piece.shape)), None)
    trunk = _NATIONAL.fullmatch(piece.shape) is not None
    if not (regular or trunk or _LOCAL.fullmatch(piece.shape) or _MIN_NATIONAL <= len(piece.digits) <= _MAX_NATIONAL):
        return False
    cue = _cue(text, piece)
    if cue not in (None, "phone") or is_amount(text, piece.end) or _DATE.fullmatch(piece.shape):
        return False
    if cue is None and _is_in_row(text, piece):
        return False
    if regular and (regular == "US" or read_number(piece.shape, (regular,))):
        return read_number(piece.shape, (regular,)) is not None
    if (_LOCAL.fullmatch(piece.shape) or _is_of_any_plan(piece)) and _LABEL.search(
        text[max(0, piece.start - 16) : piece.start]
    ):
        return True
    if cue == "phone":
        return len(piece.digits) >= _MIN_NATIONAL and read_number(piece.shape, (*spoken, *regions)) is not None
    if trunk and read_number(piece.shape, (*spoken, *(regions if piece.num_groups > 1 else ()))):
        return True
    around = text[max(0, piece.start - 12) : piece.end + 12]
    bare = "US" in regions and _BARE_NORTH_AMERICAN.fullmatch(piece.shape) and not _CHINESE.search(around)
    return bool(bare) and read_number(piece.shape, ("US",)) is not None
