"""Chinese resident identity numbers: 18 characters with a check digit (GB 11643-1999), or the 15 digits used before.

A number counts when its province, its city, its date and its check digit can be real. City codes 71 to 89 have
never been given out in any province (GB/T 2260: 01-20 and 51-70 are cities, 21-50 prefectures, 90 what the province
administers itself), which is where surrogates live.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Final

from cpt_pipeline.corpus.clean.personal_data.digit_groups import Piece
from cpt_pipeline.corpus.clean.personal_data.number_cues import NUMBER_CUES, nearest_cue
from cpt_pipeline.corpus.clean.personal_data.recognisers import Span

PROVINCES: Final = tuple(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(first, last + 1)
)
UNASSIGNED_CITIES: Final = tuple(range(71, 90))
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS: Final = "10X98765432"
_NEW_LENGTH: Final = 18
_OLD_LENGTH: Final = 15
_FIRST_YEAR: Final = 1880
_LAST_YEAR: Final = 2100


def check_digit(first: str) -> str:
    """Give the last character for the first 17 digits."""
    return _CHECK_DIGITS[sum(int(digit) * weight for digit, weight in zip(first, _WEIGHTS, strict=True)) % 11]


def is_id_number(characters: str) -> bool:
    """Say whether 15 or 18 characters, X in capitals, could be the number of a person."""
    if characters[:2] not in PROVINCES or int(characters[2:4]) in UNASSIGNED_CITIES:
        return False
    if len(characters) == _OLD_LENGTH:
        return _is_date("19" + characters[6:12])
    return (
        len(characters) == _NEW_LENGTH and characters[-1] == check_digit(characters[:-1]) and _is_date(characters[6:14])
    )


def find_id_cards(text: str, offered: Sequence[Piece]) -> Iterator[Span]:
    """Give the identity numbers among the pieces. The old form has no check digit, so its context must agree."""
    for piece in offered:
        characters = piece.digits + piece.last.upper().replace("Ｘ", "X")
        if len(characters) not in (_OLD_LENGTH, _NEW_LENGTH) or piece.folded[0] in "+(" or not is_id_number(characters):
            continue
        if len(characters) == _NEW_LENGTH or _is_called_one(text, piece):
            yield Span(piece.start, piece.end, "id_card")


def _is_called_one(text: str, piece: Piece) -> bool:
    cue = nearest_cue(text, piece.start, NUMBER_CUES)
    return cue == "id" or (cue in (None, "phone") and piece.num_groups == 1 and not text.isascii())


def _is_date(digits: str) -> bool:
    try:
        date = datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return _FIRST_YEAR <= date.year < _LAST_YEAR
