"""A record with named fields (a JSON object, a row of a table) becomes a reading: its text and what it says of itself.

The text is one field, a template over several, or that of a dialogue.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from cpt_pipeline.extraction.dialogues.dialogues import as_text, read_dialogue
from cpt_pipeline.extraction.fields import MISSING, Inner, NoText, encodable, look_up, text_of
from cpt_pipeline.extraction.reading import Reading, ReadingParams, too_large

COLUMNS_THERE = "columns_there"
"""Field of a reading: the columns of `columns` whose field its record has, be it empty."""
_PLACEHOLDER = re.compile(r"\{([^{}\n?]+)(\??)\}")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ].*)?)?)?", re.DOTALL)


def read_records(
    position: str,
    value: Any,
    params: ReadingParams,
    fields: Mapping[str, Any],
    *,
    path: tuple[str, ...] | None = None,
    outer: Mapping[str, Any] | None = None,
) -> Iterator[Reading]:
    """Yield the readings of one value: of the records at `path` in it (by default that of `records`), or of itself.

    Those at the path are pieces of one work, `value`. What a record lacks is looked up in the records around it, at
    last in `outer`, what stands beside the list that `value` is of.
    """
    inside = records_path(params) if path is None else path
    for name, record in expand(position, value, inside, outer):
        yield read_record(name, record, params, fields, work=None if name == position else position)


def records_path(params: ReadingParams) -> tuple[str, ...]:
    """Return the parts of `records`."""
    return tuple(params.records.split(".")) if params.records else ()


def read_record(
    position: str, record: Any, params: ReadingParams, fields: Mapping[str, Any], *, work: str | None = None
) -> Reading:
    """Make a reading of one record; `fields` is what is known of the whole file, `work` what it is a piece of."""
    dialogue = None
    try:
        if params.dialogues is not None:
            dialogue = read_dialogue(record, params.dialogues)
            text = as_text(dialogue.turns)
        else:
            text = _from_template(record, params.template) if params.template else text_of(record, params.text_field)
    except NoText as error:
        reason, detail = error.args
        return Reading(position, reason=reason, detail=detail, fields=fields)
    if len(text) > params.max_record_bytes:
        return too_large(position)
    own = _columns(record, params.columns) if params.columns else {}
    return Reading(position, text, fields={**fields, **own}, dialogue=dialogue, work=work)


def expand(
    position: str, value: Any, path: tuple[str, ...], outer: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, Any]]:
    """Yield the records at `path`, going through lists: the parts of "#3" are "#3/1", "#3/2", ...

    Where the path leads nowhere, `value` itself is the only record. Each is an `Inner` of the records around it, which
    lie in `outer`.
    """
    found = list(_walk(value, path, outer))
    if not path or not found:
        yield position, _within(value, outer)
        return
    for number, record in enumerate(found, start=1):
        yield f"{position}/{number}" if position else f"#{number}", record


def first_keys(params: ReadingParams) -> set[str]:
    """Name the fields of a record that a reading may need: every path's whole name and its first part."""
    paths = [path for path, _ in _text_paths(params)] + list(params.columns.values()) + list(records_path(params)[:1])
    return {*paths, *(path.partition(".")[0] for path in paths)}


def find_missing(params: ReadingParams, columns: Collection[str]) -> str | None:
    """Return the first field that the text needs and a table with these columns does not have.

    None too for a table with records in its cells: each of them says what it lacks.
    """
    if not set(records_path(params)[:1]).isdisjoint(columns):
        return None
    needed = (path for path, optional in _text_paths(params) if not optional)
    return next((path for path in needed if path not in columns and path.partition(".")[0] not in columns), None)


def _text_paths(params: ReadingParams) -> list[tuple[str, str]]:
    """Give the paths that make the text, each with "?" where a record may lack it."""
    if params.dialogues is not None:
        return params.dialogues.paths()
    return _PLACEHOLDER.findall(params.template) if params.template else [(params.text_field, "")]


def _walk(value: Any, path: tuple[str, ...], outer: Mapping[str, Any] | None) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _walk(each, path, outer)
    elif not path:
        yield _within(value, outer)
    elif isinstance(value, dict) and path[0] in value:
        yield from _walk(value[path[0]], path[1:], _within(value, outer))


def _within(value: Any, outer: Mapping[str, Any] | None) -> Any:
    return Inner(value, outer) if outer and isinstance(value, dict) else value


def _from_template(record: Any, template: str) -> str:
    lines = []
    for line in template.split("\n"):
        values = {path: _scalar(record, path, bool(optional)) for path, optional in _PLACEHOLDER.findall(line)}
        if not values or any(values.values()):
            lines.append(_PLACEHOLDER.sub(lambda match, known=values: known[match[1]], line))  # type: ignore[misc]
    return encodable("\n".join(lines))


def _scalar(record: Any, path: str, optional: bool) -> str:
    value = look_up(record, path)
    if value is None or (value is MISSING and optional):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return text_of(record, path)


def _columns(record: Any, columns: Mapping[Any, str]) -> dict[str, Any]:
    """Return the columns that are there; what is no date, or no text, is left out and counted."""
    found: dict[str, Any] = {}
    bad: Counter[str] = Counter()
    there = []
    for column, path in columns.items():
        value = look_up(record, path)
        there += [column] if value is not MISSING else []
        if value is MISSING or value is None or value == "":
            continue
        text = iso_date(value) if column == "published" else _plain(value)
        if text is None:
            bad["bad_dates" if column == "published" else "bad_columns"] += 1
        else:
            found[column] = text
    return {**found, **bad, COLUMNS_THERE: there}


def _plain(value: Any) -> str | None:
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    try:
        return encodable(text) if isinstance(text, str) else None
    except NoText:
        return None


def iso_date(value: Any) -> str | None:
    """Give `2024`, `2024-05` or `2024-05-01` of an ISO date or time (or of such an object); None for anything else."""
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    try:
        year, month, day = (int(part or 1) for part in match.groups())
        datetime.date(year, month, day)
    except ValueError:
        return None
    return "-".join(part for part in match.groups() if part)
