"""Characters of Symbol, Wingdings and the like, whose codes mean a picture of the font: their characters of Unicode.

Office programs write them as codes of a byte, or of U+F000 and more, which is private use and says nothing without its
font. The table of Symbol is that of Adobe (symbol.txt of Unicode); of the Wingdings those that texts use are known.
"""

from __future__ import annotations

import re

# fmt: off
_SYMBOL = {
    code: character
    for begin, row in (
        (0x20, " !∀#∃%&∋()∗+,−./"), (0x30, "0123456789:;<=>?"), (0x40, "≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟ"), (0x50, "ΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_"),
        (0x60, "‾αβχδεφγηιϕκλμνο"), (0x70, "πθρστυϖωξψζ{|}∼"), (0xA0, "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓"), (0xB0, "°±″≥×∝∂•÷≠≡≈…⏐⎯↵"),
        (0xC0, "ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉"), (0xD0, "∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓"), (0xE0, "◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪"), (0xF1, "〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"),
    )
    for code, character in enumerate(row, begin)
}
_WINGDINGS = {
    0x22: "✂", 0x28: "☎", 0x45: "☜", 0x46: "☞", 0x47: "☝", 0x48: "☟", 0x4A: "☺", 0x4C: "☹", 0x51: "✈", 0x52: "☼",
    0x54: "❄", 0x59: "✡", 0x5A: "☪", 0x5B: "☯", 0x6C: "●", 0x6D: "❍", 0x6E: "■", 0x6F: "□", 0x71: "❑", 0x72: "❒",
    0x75: "◆", 0x76: "❖", 0x9E: "·", 0x9F: "•", 0xA1: "○", 0xA7: "▪", 0xA8: "◻", 0xAB: "★", 0xD8: "➢", 0xDF: "←",
    0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE3: "↖", 0xE4: "↗", 0xE5: "↙", 0xE6: "↘", 0xE8: "➔", 0xEF: "⇦", 0xF0: "⇨",
    0xF1: "⇧", 0xF2: "⇩", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
    **dict(enumerate("⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿", 0x80)),
}
# fmt: on
_FONTS = {
    "symbol": _SYMBOL,
    "wingdings": _WINGDINGS,
    "wingdings 2": {0x50: "✓", 0x52: "☑", 0x54: "☒"},
    "wingdings 3": {0x70: "▲", 0x71: "▼", 0x72: "△", 0x73: "▽", 0x74: "◀", 0x75: "▶"},
}
_PRIVATE = re.compile("[\uf020-\uf0ff]")


def symbol(font: str, code: int) -> str | None:
    """Return the character that a code means in a font; None where that is not known."""
    own = _FONTS.get(font.strip().lower())
    if own is not None:
        return own.get(code & 0xFF if 0xF000 <= code <= 0xF0FF else code)
    is_character = 0x20 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xF8FF
    return chr(code) if is_character else None


def with_symbols(font: str, text: str) -> str:
    """Return a text in which the private characters that are known of the font are those of Unicode."""
    return _PRIVATE.sub(lambda match: symbol(font, ord(match[0])) or match[0], text)
