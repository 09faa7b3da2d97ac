"""Superscripts and subscripts in plain text, by one rule for all formats: `10^-5`, `H_2O`, `x^{n+1}`, `2^{2^n}`.

The signs are those of LaTeX, as in formulas, because folding turns Unicode's small digits back into common ones. A
number with its sign, or one character, needs no braces. What only looks like an exponent stays as it is: endings of
ordinals and abbreviations (1st, Mme), trade marks, marks of notes in brackets or behind a link, and words.
"""

from __future__ import annotations

import re

_BARE = re.compile(r"[+\-\u2212\u2013]?\d+|.")
_CHARACTERS = (
    r"\dA-Za-z\u0370-\u03ff+\-\u2212\u2013\u00b1\u00b7\u00d7\u2032\u2192\u2208\u221e\u2260\u2264\u2265<>|:/.,=()' "
)
_SCRIPT = re.compile(rf"[{_CHARACTERS}]{{1,12}}")
_NESTED = re.compile(
    rf"(?=[^\^_].*[\^_])(?:[{_CHARACTERS}]|[\^_](?:\{{[{_CHARACTERS}\^_{{}}]{{1,40}}\}}|[{_CHARACTERS}]))+"
)
_MAX_NESTED = 60
_NOTE = re.compile(r"\(\d+\)|[ .,'()/=<>|:]+|.* .*")
# fmt: off
_ENDINGS = frozenset((
    "a", "as", "c", "d", "e", "eme", "er", "ers", "es", "le", "lle", "lles", "ma", "me", "mes", "mo", "nd", "nde",
    "o", "os", "r", "rd", "re", "res", "sm", "st", "ste", "te", "ter", "th", "tm",
))
# fmt: on
_MARK = re.compile(r"[\[(]?\w{1,3}(?:\s?[,;\u2013-]\s?\w{1,3}){0,9}[\])]?")
_TO_A_NOTE = re.compile(r"(?i)#|\brid=|\bref-type=|note|\bfn|\bcit|\breference|javascript:")
_MEASURED = re.compile(r"(?:(?<![\w.,])(?:\d{1,2}|[A-Za-z])|(?<![^\W\d])(?:[kcdmnµμ]m|kg|mg))\s?\Z")
"""What an exponent stands behind: a short number, a variable, a unit."""


def write_script(sign: str, text: str) -> str:
    """Return a superscript (`sign` is `^`) or a subscript (`_`) as it stands in a line of plain text."""
    script = text.strip()
    if len(script) <= _MAX_NESTED and _NESTED.fullmatch(script) is not None:
        return f"{sign}{{{script}}}"
    if _SCRIPT.fullmatch(script) is None or _NOTE.fullmatch(script) is not None:
        return text
    if sign == "^" and script.lower() in _ENDINGS:
        return text
    return f"{sign}{script}" if _BARE.fullmatch(script) else f"{sign}{{{script}}}"


def says_note(said: str) -> bool:
    """Return whether the attributes of a link or a script, as in the source, tell of a note or a reference."""
    return _TO_A_NOTE.search(said) is not None


def is_mark_of_note(text: str, before: str, link: str) -> bool:
    """Return whether a superscript is the mark of a note or a reference, and no exponent.

    `before` is the text before it; `link` is what its link says (attributes, as in the source), "" without one.
    """
    if not link or _MARK.fullmatch(text.strip()) is None:
        return False
    return says_note(link) or _MEASURED.search(before) is None
