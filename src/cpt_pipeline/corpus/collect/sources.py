"""Every kind of source: what keeps it from being read, and the rows of each of its parts (`parts`).

Reading a part gives rows, in order: a document, or a record that is none with the reason why.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from cpt_pipeline.core.patterns import split_pattern
from cpt_pipeline.core.redaction import redact, redact_text
from cpt_pipeline.corpus.collect import dialogue_units, python_environment, remote
from cpt_pipeline.corpus.collect.crawl import crawl as web
from cpt_pipeline.corpus.collect.crawl.crawl import WebParams
from cpt_pipeline.corpus.collect.crawl.store import INDEX, PAGES
from cpt_pipeline.corpus.collect.files.archive_files import read_archive, tell_code
from cpt_pipeline.corpus.collect.files.file_list import OUTSIDE, list_files, open_file
from cpt_pipeline.corpus.collect.files.parts import Part
from cpt_pipeline.corpus.collect.files.works import Place, cut_works
from cpt_pipeline.corpus.collect.params import FilesParams, ObjectStoreParams, Source
from cpt_pipeline.corpus.collect.python_environment import PythonEnvironmentParams
from cpt_pipeline.corpus.collect.remote import HubDatasetParams
from cpt_pipeline.corpus.collect.source_params import DIALOGUE, SourceParams
from cpt_pipeline.corpus.engine.sieve import Row
from cpt_pipeline.extraction.code import licenses
from cpt_pipeline.extraction.html.page import read_page
from cpt_pipeline.extraction.kinds import ARCHIVES, CODE, CRAWLS, SUPPORTED, WEB_PAGES, kind_of, name_unsupported
from cpt_pipeline.extraction.office.docx import read_docx
from cpt_pipeline.extraction.office.epub import read_epub
from cpt_pipeline.extraction.office.office import OFFICE, Parser, read_office
from cpt_pipeline.extraction.pdf.pdf import PdfParams, read_pdf
from cpt_pipeline.extraction.readers import READERS, read_stream
from cpt_pipeline.extraction.reading import (
    Reader,
    Reading,
    ReadingParams,
    StreamFault,
    read_whole,
    refuse_blank,
    too_large,
)
from cpt_pipeline.extraction.records import COLUMNS_THERE, read_records
from cpt_pipeline.extraction.sandbox import Sandbox
from cpt_pipeline.extraction.warc import read_warc
from cpt_pipeline.formats.documents import digest_text, document

_COLUMNS = ("url", "language", "category", "published")
_OF_EVERY_PART = (*_COLUMNS, "license", "title", "grade", "part_of", dialogue_units.ABOUT)
"""What the parts of a text share; what was counted in it stands with the first alone."""
_NUM_REASONS = 8


def find_problems(source: Source) -> list[str]:
    """Say everything that keeps the source from being read, before anything is."""
    if isinstance(source, PythonEnvironmentParams):
        return python_environment.find_problems(source)
    if isinstance(source, WebParams):
        return web.find_problems(source)
    found = [problem] if (problem := licenses.find_problem(source.license)) else []
    if isinstance(source, FilesParams):
        found += _file_problems(source)
    if isinstance(source, HubDatasetParams) and source.is_folder:
        found += _folder_problems(Path(source.dataset).expanduser())
    return found


def read_part(source: Source, part: Part, sandbox: Sandbox) -> Iterator[Row]:
    """Yield the rows of a part; `COLUMNS_THERE` says what its record has of the columns that conf names."""
    if isinstance(source, PythonEnvironmentParams):
        yield from python_environment.read_records(source)
        return
    left = source.max_characters
    found = dialogue_units.as_documents(_read(source, part, sandbox), source)
    for name, reading, place in cut_works(found, source.max_document_characters, _OF_EVERY_PART):
        there = reading.fields.get(COLUMNS_THERE)
        row = _row(name, reading, place, source) | ({COLUMNS_THERE: there} if there else {})
        if left is not None:
            left -= len(row.get("text", ""))
            if left < 0:
                return
        yield row


def _read(source: SourceParams, part: Part, sandbox: Sandbox) -> Iterator[tuple[str, Reading]]:
    """Give the readings of a part, each with the name of its file."""
    readers = _readers(source, sandbox)
    if isinstance(source, (FilesParams, ObjectStoreParams)):
        for name, place, state, reason, detail, license_name in part["files"]:
            is_local = isinstance(source, FilesParams)
            opened = partial(open_file, place) if is_local else partial(remote.open_remote, place, state)
            if reason:
                yield name, Reading("", reason=reason, detail=detail)
            elif kind_of(name) in ARCHIVES:
                yield from read_archive(name, opened, source, source.archive, partial(_read_stream, source, readers))
            else:
                for _, reading in _read_file(name, opened, source, readers):
                    yield name, tell_code(name, reading, license_name)
    elif isinstance(source, WebParams):
        yield from _read_file(PAGES, partial(open, source.store / PAGES, "rb"), source, readers)
        yield from ((url, Reading("", reason=reason, detail=detail)) for url, reason, detail in _refused(source.store))
    elif isinstance(source, HubDatasetParams):
        for number, record in enumerate(remote.read_hub_dataset(source), start=1):
            yield from ((source.split, refuse_blank(each)) for each in read_records(f"#{number}", record, source, {}))


def _read_file(
    name: str, opened: Callable[[], AbstractContextManager[Any]], source: SourceParams, readers: Mapping[str, Reader]
) -> Iterator[tuple[str, Reading]]:
    try:
        with opened() as stream:
            for reading in _read_stream(source, readers, name, stream):
                yield name, reading
    except OSError as error:
        yield name, Reading("", reason="unreadable", detail=error.strerror or str(error)[:200])


def _read_stream(source: SourceParams, readers: Mapping[str, Reader], name: str, stream: BinaryIO) -> Iterator[Reading]:
    if kind_of(name) in CRAWLS and name.lower().endswith(".gz"):
        return _read_members(stream, source, readers)
    return read_stream(name, stream, source, readers)


def _read_members(stream: BinaryIO, source: SourceParams, readers: Mapping[str, Reader]) -> Iterator[Reading]:
    """Read a packed archive by its own reader, which unpacks member by member and goes on after a broken one."""
    number = 0
    try:
        for reading in readers[".warc"](stream, source):
            number += 1
            yield refuse_blank(reading)
    except StreamFault as fault:
        yield Reading(f"#after-{number}" if number else "", reason=fault.reason, detail=fault.detail)
    else:
        if not number:
            yield Reading("", reason="empty")


def _readers(source: SourceParams, sandbox: Sandbox) -> Mapping[str, Reader]:
    page = _of_bytes(lambda raw, params: iter([read_page("", raw, params, sandbox)]))
    readers = {**READERS, ".html": page, ".htm": page, ".xhtml": page}
    pdf = source.pdf if isinstance(source, (FilesParams, ObjectStoreParams)) else PdfParams()
    readers[".warc"] = readers[".wet"] = lambda stream, params: read_warc(stream, params, pdf, sandbox)
    if isinstance(source, (FilesParams, ObjectStoreParams)):
        readers[".pdf"] = _of_bytes(lambda raw, _: read_pdf(raw, pdf, sandbox))
        readers[".epub"] = _of_bytes(lambda raw, _: read_epub(raw, source.epub, sandbox))
        readers[".docx"] = _of_bytes(lambda raw, _: read_docx(raw, source.docx, sandbox))
        for kind, parse in OFFICE.items():
            readers[kind] = _of_bytes(partial(_read_office, parse, source, sandbox))
    return readers


def _read_office(
    parse: Parser, source: FilesParams | ObjectStoreParams, sandbox: Sandbox, raw: bytes, _: ReadingParams
) -> Iterator[Reading]:
    return read_office(parse, raw, source.office, sandbox)


def _of_bytes(reader: Callable[[bytes, ReadingParams], Iterator[Reading]]) -> Reader:
    """Make a reader of streams of one that needs the whole file."""

    def read(stream: BinaryIO, params: ReadingParams) -> Iterator[Reading]:
        raw, fault = read_whole(stream, params.max_record_bytes)
        if fault is not None:
            raise fault
        yield from iter([too_large("")]) if raw is None else reader(raw, params)

    return read


def _file_problems(source: FilesParams) -> list[str]:
    files = list_files(source.path, source.follow_links_to)
    readable = [each for each in files if each.reason is None and kind_of(each.name) in SUPPORTED]
    if not files:
        return [f"{source.path}: {_nothing_at(source.path)}"]
    if not readable:
        reasons = Counter(each.reason for each in files if each.reason is not None)
        unknown = name_unsupported(each.name for each in files if each.reason is None)
        told = [f"{number} {reason}" for reason, number in reasons.most_common(_NUM_REASONS)]
        why = "; ".join([unknown, *told] if unknown else told)
        known = ", ".join(sorted(SUPPORTED - {CODE}))
        return [f"{source.path}: none of its {len(files)} files can be read ({why}). Read are source code, {known}"]
    if not any(each.size for each in readable):
        return [f"{source.path}: all of its files are empty"]
    return []


def _folder_problems(folder: Path) -> Iterator[str]:
    """Yield the links that the reader of data sets would follow out of a folder."""
    outside = [each.name for each in list_files(folder) if each.reason == OUTSIDE]
    if outside:
        names = ", ".join(outside[:_NUM_REASONS])
        yield f"{folder}: {len(outside)} links lead out of it ({names}). Put the files there, or read it as kind: files"


def name_unread(source: Source) -> str | None:
    """Return which files of a source no reader is for, with what to do, before anything is read; None for none."""
    if not isinstance(source, FilesParams):
        return None
    files = [each for each in list_files(source.path, source.follow_links_to) if each.reason is None]
    unknown = name_unsupported(each.name for each in files)
    return f"source {source.name}: among its {len(files)} files no reader is for {unknown}" if unknown else None


def _nothing_at(path: Path) -> str:
    """Return why a path gives no file."""
    if path.is_dir():
        return "the folder holds no file, nor does any folder below it"
    folder, pattern = split_pattern(path)
    if not pattern:
        return "no such file or folder"
    return f"no file matches {pattern} in {folder}" if folder.is_dir() else f"no such folder as {folder}"


def _row(name: str, reading: Reading, place: Place, source: SourceParams) -> Row:
    record_id = f"{source.name}/{name}{reading.position}"
    origin = {"id": record_id, "source": source.name, "channel": source.channel}
    if reading.reason is not None:
        return {**origin, "reason": reading.reason, "detail": reading.detail}
    fields = {key: value for key, value in reading.fields.items() if value is not None and key != COLUMNS_THERE}
    stated = fields.pop("license", None) or source.license
    if (license_problem := licenses.find_problem(stated)) is not None:
        return {**origin, "reason": "license_unclear", "detail": redact_text(license_problem)}
    columns = {column: fields.pop(column, None) or getattr(source, column) for column in _COLUMNS}
    if dialogue_units.ABOUT in fields:
        columns["category"] = DIALOGUE
    if columns["category"] is None and kind_of(name) in WEB_PAGES | CRAWLS:
        columns["category"] = "web"
    return document(
        id=record_id,
        text=reading.text,
        channel=source.channel,
        source=source.name,
        license=licenses.spdx(stated) or stated,
        part_of=_work(name, place, fields, source),
        part=place.part,
        separator=place.separator,
        last_part=place.last_part,
        metadata=json.dumps({"file": name, **fields}, ensure_ascii=False, sort_keys=True),
        **columns,
    )


def _work(name: str, place: Place, fields: dict[str, Any], source: SourceParams) -> str | None:
    """Return the id of the work: what the record names, else its customer, else its conversation, else its place."""
    about = fields.get(dialogue_units.ABOUT, {})
    if named := fields.pop("part_of", None) or about.get("link") or about.get("conversation"):
        shown = str(named)
        return f"{source.name}/@{shown if redact_text(shown) == shown else digest_text(shown)[:16]}"
    return None if place.work is None else f"{source.name}/{name}{place.work}"


def _refused(store: Path) -> Iterator[tuple[str, str, str | None]]:
    """Give the addresses of a crawl that are no page, each once, by its last line."""
    last: dict[str, dict[str, Any]] = {}
    with (store / INDEX).open(encoding="utf-8") as lines:
        next(lines, None)
        for line in lines:
            outcome = json.loads(line)
            last[outcome["url"]] = outcome
    for url, outcome in last.items():
        if outcome.get("reason"):
            yield redact_text(url), outcome["reason"], redact(outcome.get("detail"))
