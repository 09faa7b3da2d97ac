"""JSON: one record per line (jsonl, ndjson), or a list of records (json), however deep or broken they are.

A record that does not decode or parse costs itself. A file named .json may be a list, an object with a list in it
(`records` says where), one record, or lines of records, as several corpora ship them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from cpt_pipeline.extraction.encoding.recode import Utf8Stream, decode_utf8
from cpt_pipeline.extraction.json_stream import JsonListError, JsonPathError, read_elements
from cpt_pipeline.extraction.reading import Reading, ReadingParams, read_whole, split, too_large
from cpt_pipeline.extraction.records import first_keys, read_records, records_path


def read_jsonl(stream: BinaryIO, params: ReadingParams) -> Iterator[Reading]:
    """Read jsonl and ndjson. Blank lines are no records; a record is named by its line number.

    A file whose first line is `[` alone is a list under a wrong name, and read as one.
    """
    text = Utf8Stream(stream, params.encoding)
    is_list = text.peek().partition(b"\n")[0].strip() == b"["
    yield from (_read_list if is_list else _read_lines)(text, params)


def read_json(stream: BinaryIO, params: ReadingParams) -> Iterator[Reading]:
    """Read json. A list, also one that `records` finds in an object, is read element by element."""
    text = Utf8Stream(stream, params.encoding)
    sample = text.peek().lstrip()
    if sample.startswith(b"["):
        yield from _read_list(text, params)
    elif _is_lines(sample):
        yield from _read_lines(text, params)
    elif sample.startswith(b"{") and params.records:
        yield from _read_list(text, params)
    else:
        raw, fault = read_whole(text, params.max_record_bytes)
        if fault is not None:
            raise fault
        if raw is None or raw.strip():
            yield from _read_value("", raw, params, {"encoding": text.encoding})


def _read_lines(text: Utf8Stream, params: ReadingParams) -> Iterator[Reading]:
    fields = {"encoding": text.encoding}
    for number, line in enumerate(split(text, b"\n", params.max_record_bytes), start=1):
        if line is None or line.strip():
            yield from _read_value(f"#{number}", line, params, fields)


def _read_list(text: Utf8Stream, params: ReadingParams) -> Iterator[Reading]:
    fields = {"encoding": text.encoding}
    is_top = text.peek().lstrip().startswith(b"[")
    elements = read_elements(text, () if is_top else records_path(params), params.max_record_bytes, first_keys(params))
    number = 0
    try:
        for number, (raw, rest, beside) in enumerate(elements, start=1):
            yield from _read_value(f"#{number}", raw, params, fields, None if is_top else rest, beside)
    except JsonPathError as error:
        yield Reading("", reason="no_records", detail=f"records = {params.records!r}: {error}", fields=fields)
    except JsonListError as error:
        yield Reading(f"#after-{number}" if number else "", reason="not_json", detail=str(error), fields=fields)


def _read_value(
    position: str,
    raw: bytes | None,
    params: ReadingParams,
    fields: Mapping[str, Any],
    path: tuple[str, ...] | None = None,
    outer: Mapping[str, Any] | None = None,
) -> Iterator[Reading]:
    """Parse one value and yield its records."""
    if raw is None:
        yield too_large(position)
        return
    try:
        value = json.loads(raw.decode("utf-8").removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        detail = f"byte {error.start}: {error.reason}"
        yield Reading(
            position, reason="undecodable", detail=detail, fields={**fields, "bad_bytes": decode_utf8(raw)[1]}
        )
    except (ValueError, RecursionError) as error:
        yield Reading(position, reason="not_json", detail=str(error)[:200], fields=fields)
    else:
        yield from read_records(position, value, params, fields, path=path, outer=outer)


def _is_lines(sample: bytes) -> bool:
    """Say whether one of the first two lines is an object by itself and another line follows it."""
    lines = sample.split(b"\n", 3)
    return any(_is_object(line) and any(lines[index + 1 :]) for index, line in enumerate(lines[:2]))


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
