"""Normalise: the same text in the same bytes, one switchable and counted step after another.

Every step is idempotent and so is their sequence: cleaning clean text changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from cpt_pipeline.core.params import Params

_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f]")
_INVISIBLE = re.compile("[\u200b\u2060\ufeff]")


class NormaliseParams(Params):
    """Which steps are on, in the order they are taken."""

    line_ends: bool = True
    """CRLF, CR, NEL and the Unicode separators become a line feed."""
    control_characters: bool = True
    """C0 and C1 controls but tab and line feed are removed; NUL and form feed are among them."""
    invisible_characters: bool = True
    """Byte-order marks, zero-width spaces and word joiners are removed; the joiners of Persian and emoji stay."""
    unicode_nfc: bool = True
    """Letters and their accents become one character where Unicode has it."""
    trailing_blanks: bool = True
    """Blanks at line ends and blank lines at both ends of the document are removed."""


def normalise(text: str, params: NormaliseParams) -> tuple[str, list[str]]:
    """Give the normalised text and the names of the steps that changed it."""
    changed = []
    for name, step in _STEPS.items():
        if getattr(params, name):
            before, text = text, step(text)
            if text != before:
                changed.append(name)
    return text, changed


def _strip_blanks(text: str) -> str:
    return "\n".join(line.rstrip(" \t") for line in text.split("\n")).strip("\n")


_STEPS: dict[str, Callable[[str], str]] = {
    "line_ends": lambda text: _LINE_ENDS.sub("\n", text),
    "control_characters": lambda text: _CONTROLS.sub("", text),
    "invisible_characters": lambda text: _INVISIBLE.sub("", text),
    "unicode_nfc": lambda text: unicodedata.normalize("NFC", text),
    "trailing_blanks": _strip_blanks,
}
