"""Numbers of payment cards: ISO/IEC 7812, told by their length, their scheme and the Luhn check.

One number in ten passes Luhn by chance, so the scheme's first digits and length must agree, groups must be cut as on a
card, and a word before it that calls the number something else ("IMEI", "receipt") rules it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from cpt_pipeline.corpus.clean.personal_data.digit_groups import Piece
from cpt_pipeline.corpus.clean.personal_data.number_cues import NUMBER_CUES, is_amount, nearest_cue
from cpt_pipeline.corpus.clean.personal_data.recognisers import Span

_MIN_DIGITS: Final = 13
_NUMBER_ENDS: Final = tuple(f"{digit} " for digit in range(10))
_NUMBER_FOLLOWS: Final = re.compile(r" [0-9]{4}(?![0-9])")
_CARD_GROUPS: Final = 4
_SCHEMES: Final = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d\d|22[3-9]\d|222[1-9]|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}"  # Diners Club
    r"|35(?:2[89]|[3-8]\d)\d{12}"  # JCB
    r"|62\d{14,17}|6(?:011|4[4-9]\d|5\d\d)\d{12}"  # UnionPay, Discover
)
_SCHEMES_IF_NAMED: Final = re.compile(r"[2-689]\d{12,18}")
"""National schemes and old numbers of banks: only where a word says that it is a card, or it is grouped as one."""
_GROUPING: Final = re.compile(
    r"62\d+(?:[ .-]\d{3,}){1,5}|\d+|\d{4}([ .-])(?:\d{4}\1){2,3}\d{1,4}|\d{4}[ -]\d{6}[ -]\d{4,5}|\d{6}[ -]\d{9,13}"
)


def passes_luhn(digits: str) -> bool:
    """Say whether the last digit is the check digit of the others."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def find_bank_cards(text: str, offered: Sequence[Piece]) -> Iterator[Span]:
    """Give the cards among the pieces."""
    for piece in offered:
        if len(piece.digits) < _MIN_DIGITS or piece.last or not passes_luhn(piece.digits):
            continue
        cue = nearest_cue(text, piece.start, NUMBER_CUES)
        if cue != "card" and not _GROUPING.fullmatch(piece.shape):
            continue
        alone = not text[max(0, piece.start - 2) : piece.start].endswith(_NUMBER_ENDS) and not _NUMBER_FOLLOWS.match(
            text, piece.end
        )
        grouped = piece.num_groups >= _CARD_GROUPS and alone and piece.digits[0] != "2"  # years begin with 2
        schemes = _SCHEMES_IF_NAMED if cue == "card" or grouped else _SCHEMES
        if cue != "card" and piece.num_groups > 1 and not alone:
            continue
        known = schemes.fullmatch(piece.digits) or _SCHEMES.fullmatch(piece.digits)
        if known and cue != "other" and not is_amount(text, piece.end):
            yield Span(piece.start, piece.end, "bank_card")
