"""Superscripts and subscripts in plain text, by one rule for all formats: 10^-5, H_2O, x_{i,j}, Ca^{2+}.

`^` and `_` as in LaTeX; braces where the script is more than one word behind at most one sign. The letters of an
ordinal (1st, XIXe) and what has neither letter nor digit (®, ′, *) stay plain, for they mean the same on the line. Not
the characters of Unicode (10⁻⁵): few letters have them, and compatibility normalisation turns them into 10-5 again.
"""

from __future__ import annotations

import re

SIGNS = {"sup": "^", "sub": "_", "superscript": "^", "subscript": "_"}
"""Elements of HTML, JATS and DocBook, and the values of Word and TEI, to the sign that their text gets."""

_ONE_WORD = re.compile(r"[+\-−–]?\w+")
_ORDINAL = re.compile(r"st|nd|rd|th|er|re|e|ère|ème")
_NUMBER = re.compile(r"[0-9IVXLC]")


def write_script(text: str, sign: str, before: str) -> str:
    """Return the text of a script with its sign; `before` is the character that it stands behind, "" for none."""
    text = " ".join(text.split())
    if not any(map(str.isalnum, text)) or text.startswith("$"):
        return text
    if sign == "^" and _NUMBER.fullmatch(before) and _ORDINAL.fullmatch(text):
        return text
    return f"{sign}{text}" if _ONE_WORD.fullmatch(text) else f"{sign}{{{text}}}"
