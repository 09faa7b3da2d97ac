"""Readings of dialogues become documents: one for each turn, conversation, or row of linked conversations.

Conversations whose turns lie in several records, and those of one customer, are put together in a temporary SQLite
database that sorts on disk, so records may come in any order and memory follows one document. A document is named
after its first record. Ids of conversations and customers leave as digests: pseudonyms, which hide a name from a
reader but not from one who guesses it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import reduce
from hashlib import blake2b
from itertools import groupby
from typing import Any

from cpt_pipeline.corpus.collect.source_params import SourceParams
from cpt_pipeline.extraction.dialogues.dialogues import as_text, spoken
from cpt_pipeline.extraction.dialogues.params import Dialogue, DialoguesParams, Turn
from cpt_pipeline.extraction.reading import Reading, too_large
from cpt_pipeline.extraction.records import COLUMNS_THERE

ABOUT, COUNTS = "dialogue", "dialogue_counts"
"""Keys of a document's metadata: what holds for all parts of a text that is cut, and what is counted once."""

_SUMMED = ("bad_bytes", "bad_dates", "bad_columns")
_TABLE = """
create table records (
    number integer primary key, conversation text, link text, time real, size integer, body text
)"""
_ORDER = """
with conversations as (
    select conversation, min(number) as first, min(time) as start,
        coalesce('link ' || min(link), 'conversation ' || conversation) as document
    from records group by conversation
),
documents as (select document, min(first) as first_of_all from conversations group by document)
select document, conversation, number, size
from records join conversations using (conversation) join documents using (document)
order by first_of_all, start, first, time, number"""

Named = tuple[str, Reading]
"""A reading, with the name of its file."""


def as_documents(found: Iterable[Named], source: SourceParams) -> Iterator[Named]:
    """Give the readings of a source with dialogues by its unit; those that are no dialogue stay as they are."""
    params = source.dialogues
    if params is None:
        yield from found
    elif params.unit == "linked":
        yield from _joined(found, source, params)
    elif params.is_joined:
        for _, readings in groupby(found, key=lambda named: named[0]):
            yield from _joined(readings, source, params)
    else:
        for name, reading in found:
            if reading.dialogue is None:
                yield name, reading
            elif params.unit == "turn":
                yield from ((name, each) for each in _turns(reading, reading.dialogue, source))
            else:
                fields = dict(reading.fields)
                conversation = _Conversation(name, reading.position, fields, reading.dialogue, work=reading.work)
                yield _document([conversation], source, params)


@dataclass
class _Conversation:
    """The turns of one conversation so far, and what is known of its records."""

    name: str
    position: str
    fields: dict[str, Any]
    dialogue: Dialogue
    records: int = 1
    end: float = 0.0
    work: str | None = None
    """Position of the record around its first one."""


def _turns(reading: Reading, dialogue: Dialogue, source: SourceParams) -> Iterator[Reading]:
    """Give each turn of a record alone; the first that is spoken stands for the record in the counts."""
    listed = source.dialogues is not None and source.dialogues.turns is not None
    first = next(spoken(dialogue.turns))
    for turn in dialogue.turns:
        position = f"{reading.position}/{turn.number}" if listed and reading.position else reading.position
        position = position or f"#{turn.number}"
        if turn.reason is not None:
            yield Reading(position, reason=turn.reason)
            continue
        counts = {"records": int(turn is first), "conversations": int(turn is first and listed), "turns": 1}
        about = _about("turn", (turn,), dialogue, source)
        fields = reading.fields if turn is first else {k: v for k, v in reading.fields.items() if k not in _SUMMED}
        work = reading.work if reading.work is not None or not listed else reading.position
        yield Reading(position, turn.text, fields={**fields, ABOUT: about, COUNTS: counts}, work=work)


def _document(conversations: list[_Conversation], source: SourceParams, params: DialoguesParams) -> Named:
    """Make one reading of conversations, a blank line between two."""
    first = conversations[0]
    fields = reduce(_merged, (each.fields for each in conversations))
    turns = tuple(turn for each in conversations for turn in each.dialogue.turns)
    told = list(spoken(turns))
    counts = {
        "records": sum(each.records for each in conversations),
        "conversations": len(conversations),
        "turns": len(told),
        "left_out": len(turns) - len(told),
    }
    about = _about(params.unit, told, first.dialogue, source)
    text = "\n\n".join(as_text(each.dialogue.turns) for each in conversations)
    fields = {**fields, ABOUT: about, COUNTS: counts}
    return first.name, Reading(first.position, text, fields=fields, work=first.work)


def _about(unit: str, turns: Iterable[Turn], dialogue: Dialogue, source: SourceParams) -> dict[str, Any]:
    """Say what every part of the text needs: the speakers, and digests of the ids that the record gives."""
    about: dict[str, Any] = {"unit": unit, "speakers": list(dict.fromkeys(turn.role for turn in turns))}
    if dialogue.conversation is not None and unit != "linked":
        about["conversation"] = _pseudonym(dialogue.conversation, source)
    if dialogue.link is not None:
        about["link"] = _pseudonym(dialogue.link, source)
    return about


def _pseudonym(name: str, source: SourceParams) -> str:
    return blake2b(name.encode("utf-8"), digest_size=8, key=source.name.encode("utf-8")[:64]).hexdigest()


def _merged(fields: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """Keep what the first record says; counters are added up, and every licence holds."""
    counts = {name: fields.get(name, 0) + others.get(name, 0) for name in _SUMMED}
    merged = {**fields, **{name: number for name, number in counts.items() if number}}
    if COLUMNS_THERE in fields or COLUMNS_THERE in others:
        merged[COLUMNS_THERE] = sorted({*fields.get(COLUMNS_THERE, ()), *others.get(COLUMNS_THERE, ())})
    if "license" in fields and "license" in others:
        merged["license"] = _both(fields["license"], others["license"])
    return merged


def _both(license: str, other: str) -> str:
    """Give the SPDX expression of text under two licences; an alternative is put in brackets."""
    stated = [*license.split(" AND "), *other.split(" AND ")]
    parts = dict.fromkeys(f"({part})" if " OR " in part and part[0] != "(" else part for part in stated)
    return " AND ".join(parts) if len(parts) > 1 else license


def _joined(found: Iterable[Named], source: SourceParams, params: DialoguesParams) -> Iterator[Named]:
    """Give what is no dialogue as it comes, then the documents in the order of their first records."""
    with closing(sqlite3.connect("")) as store:  # no name: a file that SQLite removes itself
        store.execute("pragma journal_mode = off")
        store.execute(_TABLE)
        for number, (name, reading) in enumerate(found):
            if reading.dialogue is None:
                yield name, reading
            else:
                store.execute("insert into records values (?, ?, ?, ?, ?, ?)", _stored(number, name, reading, source))
        for _, rows in groupby(store.execute(_ORDER), key=lambda row: row[0]):
            yield from _linked(_conversations(store, rows, source), source, params)


def _stored(number: int, name: str, reading: Reading, source: SourceParams) -> tuple[Any, ...]:
    dialogue = reading.dialogue
    assert dialogue is not None
    turns = [[turn.number, turn.role, turn.text, turn.reason] for turn in dialogue.turns]
    key = f"#{number}" if dialogue.conversation is None else f"={dialogue.conversation}"
    licensed = {"license": reading.fields.get("license") or source.license} if "license" in source.columns else {}
    body = json.dumps([name, reading.position, reading.work, {**reading.fields, **licensed}, turns])
    return number, key, dialogue.link, dialogue.time, len(reading.text), body


def _conversations(
    store: sqlite3.Connection, rows: Iterable[tuple[str, str, int, int]], source: SourceParams
) -> Iterator[Named | _Conversation]:
    """Read conversations back; the records of one that is too long are given one by one, with the reason."""
    for _, records in groupby(rows, key=lambda row: row[1]):
        numbers, size = [], 0
        for _, _, number, characters in records:
            numbers.append(number)
            size += characters
        parts = (_read_back(store, number) for number in numbers)
        if size > source.max_record_bytes:
            yield from ((part.name, too_large(part.position)) for part in parts)
            continue
        yield _whole(list(parts))


def _whole(parts: list[_Conversation]) -> _Conversation:
    """Make one conversation of its records, in their order."""
    first = parts[0]
    turns = tuple(turn for part in parts for turn in part.dialogue.turns)
    link = next((part.dialogue.link for part in parts if part.dialogue.link is not None), None)
    dialogue = replace(first.dialogue, turns=turns, link=link)
    fields = reduce(_merged, (part.fields for part in parts))
    end = max(part.end for part in parts)
    return _Conversation(first.name, first.position, fields, dialogue, len(parts), end, first.work)


def _read_back(store: sqlite3.Connection, number: int) -> _Conversation:
    query = "select body, conversation, link, time from records where number = ?"
    body, key, link, time = store.execute(query, (number,)).fetchone()
    name, position, work, fields, turns = json.loads(body)
    conversation = key.removeprefix("=") if key.startswith("=") else None
    dialogue = Dialogue(tuple(Turn(*turn) for turn in turns), conversation, link, time)
    return _Conversation(name, position, fields, dialogue, end=time or 0.0, work=work)


def _linked(found: Iterable[Named | _Conversation], source: SourceParams, params: DialoguesParams) -> Iterator[Named]:
    """Put conversations together until one would make the document too long, or comes too late."""
    held: list[_Conversation] = []
    size = 0
    for each in found:
        if not isinstance(each, _Conversation):
            yield each
            continue
        added = len(as_text(each.dialogue.turns)) + 2 * bool(held)
        if held and (size + added > params.max_linked_characters or _is_late(held[-1], each, params)):
            yield _document(held, source, params)
            held, size = [], 0
        held.append(each)
        size += added
    if held:
        yield _document(held, source, params)


def _is_late(before: _Conversation, after: _Conversation, params: DialoguesParams) -> bool:
    return params.max_gap_hours is not None and (after.dialogue.time or 0.0) - before.end > 3600 * params.max_gap_hours
