"""One recogniser for all numbers of persons: the digits of a text are cut into pieces once and offered to each kind."""

from __future__ import annotations

from collections.abc import Iterator

from cpt_pipeline.corpus.clean.personal_data.bank_cards import find_bank_cards
from cpt_pipeline.corpus.clean.personal_data.digit_groups import has_numbers, pieces
from cpt_pipeline.corpus.clean.personal_data.id_cards import find_id_cards
from cpt_pipeline.corpus.clean.personal_data.phones import find_phones
from cpt_pipeline.corpus.clean.personal_data.recognisers import Span


class Numbers:
    """Finds identity cards, bank cards and phones. `regions` are those whose national forms are understood."""

    def __init__(self, regions: tuple[str, ...]) -> None:
        self._regions = regions

    def find(self, text: str) -> Iterator[Span]:
        """Give spans that may overlap; a text without seven digits in a row costs one search."""
        if not has_numbers(text):
            return
        offered = list(pieces(text))
        whole = [piece for piece in offered if not piece.extended]
        yield from find_id_cards(text, whole)
        yield from find_bank_cards(text, whole)
        yield from find_phones(text, offered, self._regions)
