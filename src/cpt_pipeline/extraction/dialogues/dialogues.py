"""A record becomes a dialogue: its turns with their roles, or the reason why it has none.

Broken is a record whose turns cannot be told; a turn that is only empty, or of a role that is left out, costs itself.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from cpt_pipeline.extraction.dialogues.params import OTHER_ROLES, Dialogue, DialoguesParams, Turn
from cpt_pipeline.extraction.fields import MISSING, NoText, encodable, look_up, text_of

_NUMBER = re.compile(r"(?!\d{8}$)\d+(\.\d+)?")
_UNITS = ((1e14, 1e6), (1e11, 1e3))
"""From which number on a time is in so many parts of a second: 1e11 seconds are the year 5138."""

ROLE_LEFT_OUT, EMPTY = "role_left_out", "empty"


def read_dialogue(record: Any, params: DialoguesParams) -> Dialogue:
    """Read the turns of a record, or the record as a turn; `NoText` where it is broken or nothing is said."""
    if params.turns is None:
        turns: tuple[Turn, ...] = (_turn(record, 1, params),)
    else:
        turns = tuple(_turn(each, number, params) for number, each in enumerate(_list(record, params.turns), 1))
    if all(turn.reason for turn in turns):
        reasons = {turn.reason for turn in turns}
        raise NoText(EMPTY if EMPTY in reasons else ROLE_LEFT_OUT, None)
    return Dialogue(
        turns,
        conversation=_id(record, params.conversation, needed=True),
        link=_id(record, params.link_by, needed=False),
        time=_time(record, params.order_by),
    )


def spoken(turns: Iterable[Turn]) -> Iterator[Turn]:
    """Give the turns that are not left out."""
    return (turn for turn in turns if turn.reason is None)


def as_text(turns: Iterable[Turn]) -> str:
    """Write the turns as lines `role: text`."""
    return "\n".join(f"{turn.role}: {turn.text}" for turn in spoken(turns))


def _list(record: Any, path: str) -> list[Any]:
    found = look_up(record, path)
    if isinstance(found, list) and found:
        return found
    what = "is missing" if found is MISSING else "is empty" if found == [] else f"is of type {type(found).__name__}"
    raise NoText("no_turns", f"{path!r} {what}")


def _turn(given: Any, number: int, params: DialoguesParams) -> Turn:
    where = "" if params.turns is None else f"turn {number}: "
    try:
        role = _role(given, params)
        if role is None:
            return Turn(number, "", "", ROLE_LEFT_OUT)
        text = _said(given, params.text).strip()
    except NoText as error:
        reason, detail = error.args
        raise NoText("undecodable" if reason == "undecodable" else "broken_turn", f"{where}{detail}") from None
    return Turn(number, role, text, None if text else EMPTY)


def _role(given: Any, params: DialoguesParams) -> str | None:
    """Give the name of who speaks, None for one that is left out."""
    value = look_up(given, params.role)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    found = " ".join((value if isinstance(value, str) else text_of(given, params.role)).split())
    named = params.roles.get(found, params.roles.get(OTHER_ROLES, found))
    if named == "":
        raise NoText("no_text_field", f"{params.role!r} is empty")
    return None if named is None else encodable(named)


def _said(given: Any, path: str) -> str:
    """Give what is said: a text, nothing, or a list of parts that are all text (as OpenAI's)."""
    value = look_up(given, path)
    if value is None or (value is MISSING and "tool_calls" in given):
        return ""
    if isinstance(value, list):
        return "\n".join(text_of(part, "text") for part in value)
    return text_of(given, path)


def _id(record: Any, path: str | None, *, needed: bool) -> str | None:
    if path is None:
        return None
    value = look_up(record, path)
    found = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not found and needed:
        raise NoText("no_conversation_id", f"{path!r} is missing, empty, or neither text nor a whole number")
    return encodable(found) or None


def _time(record: Any, path: str | None) -> float | None:
    """Give seconds; a time without a zone counts as UTC."""
    if path is None:
        return None
    value = look_up(record, path)
    try:
        return _seconds(value)
    except (ValueError, TypeError, OverflowError):
        raise NoText("no_time", f"{path!r} is neither a number nor an ISO date or time") from None


def _seconds(value: Any) -> float:
    """Read an ISO date or time, 20240501, or seconds (milli- and microseconds are told by their size)."""
    if isinstance(value, str):
        bare = value.strip().replace("/", "-")
        value = float(bare) if _NUMBER.fullmatch(bare) else datetime.datetime.fromisoformat(bare)
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    if isinstance(value, datetime.datetime):
        return (value if value.tzinfo else value.replace(tzinfo=datetime.UTC)).timestamp()
    if isinstance(value, bool) or not math.isfinite(value):
        raise ValueError
    return float(value) / next((parts for least, parts in _UNITS if abs(value) >= least), 1)
