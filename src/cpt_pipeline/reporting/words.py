"""Numbers as people read them. What is no number gives None: the page shows it as missing, never as 0."""

from __future__ import annotations

import math
from typing import TypeGuard

_KILO = 1000.0
_MINUTE = 60
_HOUR = 3600
OPEN_FINDINGS = {"unclear": "undecided", "too_few_documents": "too few documents", "not_measured": "not measured"}
"""Findings of a check that had too little evidence, in words; all others that did not pass are failures."""


def known(value: object) -> TypeGuard[float]:
    """Say whether a value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def count(value: object) -> str | None:
    """Write a whole number: 1,234,567."""
    return f"{round(value):,}" if known(value) else None


def decimal(value: object, digits: int = 3) -> str | None:
    """Write a number with fixed decimals."""
    return minus(f"{value:,.{digits}f}") if known(value) else None


def significant(value: object, digits: int = 3) -> str | None:
    """Write a number with so many significant digits and no exponent."""
    if not known(value):
        return None
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return minus(text.rstrip("0").rstrip(".") if "." in text else text)


def percent(value: object, digits: int = 1, *, signed: bool = False) -> str | None:
    """Write a share as percent."""
    if not known(value):
        return None
    if not round(abs(value), digits + 2):
        value = 0.0
        signed = False
    return minus(f"{value:{'+' if signed else ''}.{digits}%}")


def plain(value: object) -> str | None:
    """Write a word as it is."""
    return value if isinstance(value, str) else None


def between(low: str | None, high: str | None) -> str | None:
    """Write an interval."""
    return None if low is None or high is None else f"{low} to {high}"


def size(value: object) -> str | None:
    """Write a number of bytes: 1.2 MB."""
    if not known(value):
        return None
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if abs(amount) < _KILO:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= _KILO
    return f"{amount:.1f} TB"


def tokens(value: object) -> str | None:
    """Write a number of tokens: 600 k, 1.2 M."""
    if not known(value):
        return None
    for factor, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{significant(value / factor)} {unit}"
    return f"{value:.0f}"


def duration(seconds: object) -> str | None:
    """Write a time: 0.4 s, 41 s, 12 min 5 s, 3 h 20 min."""
    if not known(seconds):
        return None
    if seconds < _MINUTE:
        return f"{seconds:.1f} s" if seconds < _MINUTE / 6 else f"{seconds:.0f} s"
    if seconds < _HOUR:
        minutes, rest = divmod(round(seconds), _MINUTE)
        return f"{minutes} min {rest} s"
    hours, rest = divmod(round(seconds), _HOUR)
    return f"{hours} h {rest // _MINUTE} min"


def moment(iso: object) -> str | None:
    """Write an ISO time to the minute, in the zone it was given."""
    if not isinstance(iso, str) or not iso:
        return None
    return f"{iso[:10]} {iso[11:16]}{' UTC' if iso.endswith('+00:00') else iso[19:]}"


def short(digest: object) -> str | None:
    """Cut a hash to what people compare."""
    return digest[:10] if isinstance(digest, str) and digest else None


def minus(text: str) -> str:
    """Set a real minus sign."""
    return text.replace("-", "\N{MINUS SIGN}")
