"""The files of an archive as files of a source: each by its own reader, archives in archives too, as deep as conf says.

An archive is gone through twice: for its names and licences (a repository packed as .tar.gz is source code like any
other), and for its text. A fault of the archive is one more reading, at the archive's own name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

from cpt_pipeline.corpus.collect.files.archives import ArchiveParams, judge_members, members
from cpt_pipeline.corpus.collect.files.repositories import Verdict
from cpt_pipeline.corpus.collect.source_params import SourceParams
from cpt_pipeline.extraction.code.languages import language_of
from cpt_pipeline.extraction.compressed import SUFFIXES
from cpt_pipeline.extraction.kinds import ARCHIVES, CODE, kind_and_packing, kind_of
from cpt_pipeline.extraction.readers import unpacked
from cpt_pipeline.extraction.reading import Reading, StreamFault, seekable

Named = tuple[str, Reading]
Read = Callable[[str, BinaryIO], Iterator[Reading]]
"""Reads a member by its name."""


def read_archive(
    name: str,
    opened: Callable[[], AbstractContextManager[Any]],
    source: SourceParams,
    caps: ArchiveParams,
    read: Read,
) -> Iterator[Named]:
    """Yield the readings of every member with its name below that of the archive, and why the rest is not read."""
    try:
        with opened() as stream:
            yield from _read(name, stream, source, caps, read)
    except OSError as error:
        yield name, Reading("", reason="unreadable", detail=error.strerror or str(error)[:200])


def tell_code(name: str, reading: Reading, license_name: str | None) -> Reading:
    """Return a reading with what its file and repository say: that it is code, in which language, its licence."""
    if reading.reason is not None:
        return reading
    about: dict[str, Any] = {"license": license_name} if license_name else {}
    if kind_of(name) == CODE:
        packed = next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), "")
        about |= {"category": CODE, "programming_language": language_of(name[: len(name) - len(packed)])}
    return replace(reading, fields={**about, **reading.fields}) if about else reading


def _read(name: str, stream: BinaryIO, source: SourceParams, caps: ArchiveParams, read: Read) -> Iterator[Named]:
    kind, _ = kind_and_packing(name)
    number = 0
    try:
        with _sought(name, stream, source, caps) as archive:
            verdicts = judge_members(kind, archive, caps, source.category)
            archive.seek(0)
            for member, content in members(kind, archive, caps):
                inner = f"{name}/{member.name}"
                verdict = verdicts.get(member.name, Verdict())
                number += 1
                if reason := member.reason or verdict.reason:
                    yield inner, Reading("", reason=reason, detail=member.detail or verdict.detail)
                elif kind_of(inner) in ARCHIVES:
                    yield from _nested(inner, content, source, caps, read)
                else:
                    yield from ((inner, tell_code(inner, each, verdict.license)) for each in read(inner, content))
    except StreamFault as fault:
        yield name, Reading(f"#after-{number}" if number else "", reason=fault.reason, detail=fault.detail)
    else:
        if not number:
            yield name, Reading("", reason="empty", detail="an archive without files")


def _nested(name: str, stream: BinaryIO, source: SourceParams, caps: ArchiveParams, read: Read) -> Iterator[Named]:
    if caps.max_depth == 0:
        yield name, Reading("", reason="unsupported_format", detail="an archive deeper than archive.max_depth")
        return
    inner = caps.model_copy(update={"max_depth": caps.max_depth - 1})
    yield from _read(name, stream, source, inner, read)


@contextmanager
def _sought(name: str, stream: BinaryIO, source: SourceParams, caps: ArchiveParams) -> Iterator[BinaryIO]:
    """Unpack an archive that is packed as a whole (.tar.gz), to a temporary file."""
    _, packed = kind_and_packing(name)
    plain = unpacked(stream, packed, source) if packed else stream
    with seekable(plain, min(source.max_unpacked_bytes, caps.max_unpacked_bytes)) as archive:
        yield archive
