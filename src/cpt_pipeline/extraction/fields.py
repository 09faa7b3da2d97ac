"""Values of a record's fields by their paths: the text that is there, or the reason why there is none.

A path `a.b` is a key of that name, or `b` inside `a`. A value of type `bytes` stands for text that does not decode.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MISSING = object()
"""What `look_up` gives where there is nothing."""


class Inner(dict[str, Any]):
    """A record inside another one: a field that it lacks, or has as null, is looked up there, and so on outwards."""

    def __init__(self, record: Mapping[str, Any], outer: Mapping[str, Any]) -> None:
        super().__init__(record)
        self.outer = outer


class NoText(Exception):
    """A record has no text, or none that can be used; carries reason and detail."""


def look_up(record: Any, path: str) -> Any:
    """Return the value at a path, or `MISSING`."""
    found = _look_inside(record, path)
    if (found is MISSING or found is None) and isinstance(record, Inner):
        outside = look_up(record.outer, path)
        return found if outside is MISSING else outside
    return found


def _look_inside(record: Any, path: str) -> Any:
    if not isinstance(record, dict):
        return MISSING
    if path in record:
        return record[path]
    first, _, rest = path.partition(".")
    return _look_inside(record.get(first), rest) if rest else MISSING


def text_of(record: Any, path: str) -> str:
    """Give the text at a path; `NoText` where there is none."""
    if not isinstance(record, dict):
        raise NoText("no_text_field", f"the record is of type {type(record).__name__}, without fields")
    value = look_up(record, path)
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, bytes):
        raise NoText("undecodable", f"{path!r} is not UTF-8")
    what = "is missing" if value is MISSING else f"is of type {type(value).__name__}, not text"
    raise NoText("no_text_field", f"{path!r} {what}")


def encodable(text: str) -> str:
    """Refuse half a surrogate pair, which JSON can spell and UTF-8 cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NoText("undecodable", f"character {error.start}: {error.reason}") from None
    return text
