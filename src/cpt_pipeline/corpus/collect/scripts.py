"""Superscripts and subscripts in plain text, by one rule for all formats: `10^-5`, `H_2O`, `x^{n+1}`.

The signs are those of LaTeX, as in formulas, because folding turns Unicode's small digits back into common ones. A
number with its sign, or one character, needs no braces. What only looks like an exponent stays as it is: endings of
ordinals and abbreviations (1st, Mme), trade marks, marks of notes in brackets, and words.
"""

from __future__ import annotations

import re

_BARE = re.compile(r"[+\-\u2212\u2013]?\d+|.")
_SCRIPT = re.compile(r"[\dA-Za-z\u0370-\u03ff+\-\u2212\u2013\u00b1\u00b7\u2032\u221e/.,=()' ]{1,12}")
_NOTE = re.compile(r"\(\d+\)|[ .,'()/=]+|.* .*")
# fmt: off
_ENDINGS = frozenset((
    "a", "as", "c", "d", "e", "eme", "er", "ers", "es", "le", "lle", "lles", "ma", "me", "mes", "mo", "nd", "nde",
    "o", "os", "r", "rd", "re", "res", "sm", "st", "ste", "te", "ter", "th", "tm",
))
# fmt: on


def write_script(sign: str, text: str) -> str:
    """Return a superscript (`sign` is `^`) or a subscript (`_`) as it stands in a line of plain text."""
    script = text.strip()
    if _SCRIPT.fullmatch(script) is None or _NOTE.fullmatch(script) is not None:
        return text
    if sign == "^" and script.lower() in _ENDINGS:
        return text
    return f"{sign}{script}" if _BARE.fullmatch(script) else f"{sign}{{{script}}}"
