"""Scripts: which one a letter is of, and which languages are written in it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.languages.scripts import languages_of, letters_by_script, main_script, script_of
from tests.corpus.clean.language_pages import PAGES

SCRIPTS = {
    "am": "ethiopic",
    "ar": "arabic",
    "bn": "bengali",
    "el": "greek",
    "fa": "arabic",
    "he": "hebrew",
    "hi": "devanagari",
    "hy": "armenian",
    "ja": "kana",
    "ka": "georgian",
    "km": "khmer",
    "ko": "hangul",
    "my": "myanmar",
    "ru": "cyrillic",
    "ta": "tamil",
    "th": "thai",
    "uk": "cyrillic",
    "ur": "arabic",
    "zh": "han",
}
"""All other pages are in Latin letters."""


@pytest.mark.parametrize("code", list(PAGES))
def test_the_script_of_a_page_is_that_of_its_letters(code: str) -> None:
    assert main_script(letters_by_script("\n".join(PAGES[code]))) == SCRIPTS.get(code, "latin")


@given(st.text(max_size=60))
@example("\U0002ebe1")
def test_letters_are_counted_as_one_by_one(text: str) -> None:
    expected: dict[str, int] = {}
    for character in text:
        if script := script_of(character):
            expected[script] = expected.get(script, 0) + 1
    assert dict(letters_by_script(text)) == expected


def test_a_character_newer_than_the_tables_of_names_is_of_its_blocks_script() -> None:
    assert script_of("\U0002ebe1") == "han"
    assert dict(letters_by_script("\U0002ebe1\U00031350a")) == {"han": 2, "latin": 1}


def test_a_language_is_among_those_of_its_scripts() -> None:
    known = ("en", "sr", "ru", "ja", "zh", "ar", "fa", "th")
    assert languages_of("latin", known) == ("en", "sr")
    assert languages_of("cyrillic", known) == ("sr", "ru")
    assert languages_of("han", known) == ("ja", "zh")
    assert languages_of("arabic", known) == ("ar", "fa")
    assert languages_of("tibetan", known) == ()
    assert main_script(letters_by_script("42 %, 3.5")) is None
