"""Codes of fonts of symbols: known ones are characters of Unicode."""

import pytest

from cpt_pipeline.extraction.markup.symbols import symbol, with_symbols


@pytest.mark.parametrize(
    ("font", "code", "character"),
    [
        ("Symbol", 0xF0B7, "•"),
        ("symbol ", 0x6D, "μ"),
        ("Symbol", 0xF0A3, "≤"),
        ("Symbol", 0xFE, "⎭"),
        ("Symbol", 0xF0F0, None),
        ("Wingdings", 0xF0E0, "→"),
        ("Wingdings", 0x8A, "⑩"),
        ("Wingdings", 0xF095, "❿"),
        ("Wingdings 2", 0xF052, "☑"),
        ("Arial", 0x2713, "✓"),
        ("Arial", 0xF0B7, None),
        ("Arial", 0xD800, None),
        ("Arial", 0x110000, None),
    ],
)
def test_a_code_means_what_its_font_says(font: str, code: int, character: str | None) -> None:
    assert symbol(font, code) == character


def test_private_characters_that_nobody_knows_stay() -> None:
    assert with_symbols("Symbol", "a\uf061\uf0f0\ue061") == "aα\uf0f0\ue061"
    assert with_symbols("Arial", "\uf061") == "\uf061"
