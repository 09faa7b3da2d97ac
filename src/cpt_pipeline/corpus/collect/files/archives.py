"""Archives (.zip, .tar, also packed): every member is read by its own name, in memory, and never written to disk.

Members are files of the source: `books.zip/one/a.txt`. What is no plain file (links, devices), leads outside by its
name, is locked or packed in an unknown way costs itself. Caps hold for the archive as a whole: members, unpacked bytes,
their ratio to the packed ones, and archives inside archives. A member of a zip is read where its directory says; a tar
is gone through in order.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

from pydantic import Field

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.collect.files.file_list import printable
from cpt_pipeline.corpus.collect.files.member_names import find_encoding, tar_name, zip_names
from cpt_pipeline.corpus.collect.files.repositories import MAX_LICENSE_BYTES, Verdict, judge_files, states_license
from cpt_pipeline.extraction.kinds import ZIP
from cpt_pipeline.extraction.litter import member_litter
from cpt_pipeline.extraction.reading import ByteStream, StreamFault

OUTSIDE, NO_FILE, BOMB = "path_outside", "special_file", "compression_bomb"
REASONS = frozenset((OUTSIDE, NO_FILE))

_FREE_BYTES = 16 << 20
_MAX_DIRECTORY_BYTES_PER_MEMBER = 512
_MAX_HEADER_BYTES = 1 << 20
"""How long the extended header of a member of a tar may be: names and comments, but no text."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
"""Not LZMA, whose members may ask for gigabytes of memory by a header."""


class ArchiveParams(Params):
    """Caps of one archive."""

    max_members: int = Field(100_000, ge=1)
    """Members beyond are not read, and the archive is called an `compression_bomb`."""
    max_unpacked_bytes: int = Field(16 << 30, ge=1)
    """Of all members together; beyond, the rest is not read."""
    max_ratio: int = Field(200, ge=1)
    """Unpacked bytes of the members that were read to those of the archive, beyond 16 MiB."""
    max_depth: int = Field(2, ge=0)
    """How many archives may stand inside one another in an archive; 0 reads none."""


@dataclass(frozen=True)
class Member:
    """One member of an archive: its name, and the reason why it is not read."""

    name: str
    reason: str | None = None
    detail: str | None = None


def members(kind: str, stream: BinaryIO, params: ArchiveParams) -> Iterator[tuple[Member, BinaryIO]]:
    """Yield every file of an archive in its order, with a stream that holds until the next one is asked for.

    Folders are passed over. Raises `StreamFault` where the archive cannot be read on: `corrupt`, `compression_bomb`.
    """
    budget = _Budget(stream, params)
    given: set[str] = set()
    found = _zip_members(stream, params) if kind == ZIP else _tar_members(stream, params.max_members)
    for number, (named, opened) in enumerate(found, start=1):
        if number > params.max_members:
            raise StreamFault(BOMB, f"more than max_members {params.max_members} members")
        budget.take(0)
        member = replace(named, name=_unused(named.name, given))
        given.add(member.name)
        yield member, cast(BinaryIO, io.BufferedReader(_Counted(opened, budget)))


def _unused(name: str, given: Container[str]) -> str:
    """Return a name, or `notes~2.txt` where `notes.txt` was given before: its suffix says how it is read."""
    folder, slash, base = name.rpartition("/")
    stem, dot, suffix = base.partition(".")
    numbered, number = name, 1
    while numbered in given:
        number += 1
        numbered = f"{folder}{slash}{stem}~{number}{dot}{suffix}"
    return numbered


class _Budget:
    """Bytes that the members of an archive may still unpack to."""

    def __init__(self, stream: BinaryIO, params: ArchiveParams) -> None:
        here = stream.tell()
        size = stream.seek(0, io.SEEK_END)
        stream.seek(here)
        by_ratio = _FREE_BYTES + params.max_ratio * size
        self._left = min(params.max_unpacked_bytes, by_ratio)
        self._told = f"more than max_ratio {params.max_ratio} times its {size} bytes"
        if params.max_unpacked_bytes < by_ratio:
            self._told = f"more than max_unpacked_bytes {params.max_unpacked_bytes}"

    def take(self, num_bytes: int) -> None:
        self._left -= num_bytes
        if self._left < 0:
            raise StreamFault(BOMB, self._told)


class _Counted(io.RawIOBase):
    """The bytes of a member, counted; faults of the library are `StreamFault`."""

    def __init__(self, stream: ByteStream, budget: _Budget) -> None:
        self._stream, self._budget = stream, budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            taken = self._stream.read(len(buffer))
        except (zipfile.BadZipFile, zlib.error, EOFError, tarfile.TarError, OSError, RuntimeError) as error:
            raise StreamFault("corrupt", str(error)[:200]) from None
        self._budget.take(len(taken))
        buffer[: len(taken)] = taken
        return len(taken)


class _Bounded:
    """An archive for a library that believes its lengths: nothing longer than `max_bytes` is read at once."""

    def __init__(self, stream: BinaryIO, max_bytes: int) -> None:
        self._stream, self._max_bytes = stream, max_bytes
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, size: int = -1) -> bytes:
        if size > self._max_bytes:
            raise StreamFault(BOMB, f"a header of {size} bytes")
        return self._stream.read(self._max_bytes if size < 0 else size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


def judge_members(kind: str, stream: BinaryIO, params: ArchiveParams, category: str | None) -> Mapping[str, Verdict]:
    """Return what the names in an archive say of one another, as of the files of a folder; `stream` is gone through."""
    names: list[str] = []
    begins: dict[str, bytes] = {}
    with suppress(StreamFault):  # whoever reads the members meets it again, and names it
        for member, opened in members(kind, stream, params):
            if member.reason is None:
                names.append(member.name)
            if member.reason is None and states_license(member.name):
                begins[member.name] = opened.read(MAX_LICENSE_BYTES)
    return judge_files(names, category, lambda name: begins.get(name, b""))


def _judge(name: str) -> Member:
    shown = printable(name)
    parts = name.replace("\\", "/").split("/")
    if name.startswith("/") or ".." in parts or (len(parts[0]) == 2 and parts[0][1] == ":"):
        return Member(shown.lstrip("/").replace("..", "%2e%2e"), OUTSIDE, f"{shown} leads out of the archive")
    shown = "/".join(part for part in shown.split("/") if part not in ("", "."))
    if (litter := member_litter(shown)) is not None:
        return Member(shown, litter[1], f"in {litter[0]}" if litter[0] != shown else None)
    return Member(shown)


def _zip_members(stream: BinaryIO, params: ArchiveParams) -> Iterator[tuple[Member, ByteStream]]:
    bounded = _Bounded(stream, max(params.max_members * _MAX_DIRECTORY_BYTES_PER_MEMBER, 1 << 20))
    try:
        archive = zipfile.ZipFile(cast(BinaryIO, bounded))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, EOFError) as error:
        raise StreamFault("corrupt", f"no zip: {error}"[:200]) from None
    names = zip_names(archive.infolist())
    for info in archive.infolist():
        if info.is_dir():
            continue
        member = _judge(names.get(info.header_offset, info.filename).replace("\\", "/"))
        problem = _zip_problem(info) if member.reason is None else None
        if problem:
            member = Member(member.name, *problem)
        if member.reason is not None:
            yield member, io.BytesIO()
            continue
        try:
            opened = archive.open(info)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError) as error:
            yield Member(member.name, "corrupt", str(error)[:200]), io.BytesIO()
            continue
        with opened:
            yield member, opened


def _zip_problem(info: zipfile.ZipInfo) -> tuple[str, str] | None:
    if info.flag_bits & 1:
        return "encrypted", "needs a password"
    if (info.external_attr >> 16) & 0o170000 not in (0, 0o100000):
        return NO_FILE, "a link or a device"
    if info.compress_type not in _METHODS:
        return "unsupported_format", f"packed by method {info.compress_type} of zip; pack it anew as deflate"
    return None


def _raw_tar_names(bounded: _Bounded, max_members: int) -> list[bytes]:
    """Return the names of a tar that are not ASCII, as far as it can be read; it is rewound."""
    start = bounded.tell()
    names: list[bytes] = []
    with suppress(tarfile.TarError, ValueError, EOFError, OverflowError, StreamFault):
        archive = tarfile.open(fileobj=cast(BinaryIO, bounded), mode="r:", encoding="utf-8")  # noqa: SIM115
        for _ in range(max_members):
            if (info := archive.next()) is None:
                break
            archive.members = []  # type: ignore[attr-defined]
            names += [] if info.name.isascii() else [info.name.encode("utf-8", "surrogateescape")]
    bounded.seek(start)
    return names


def _tar_members(stream: BinaryIO, max_members: int) -> Iterator[tuple[Member, ByteStream]]:
    bounded = _Bounded(stream, _MAX_HEADER_BYTES)
    try:
        encoding = find_encoding(_raw_tar_names(bounded, max_members))
        archive = tarfile.open(fileobj=cast(BinaryIO, bounded), mode="r:", encoding="utf-8")  # noqa: SIM115
        while (info := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined]  # the library keeps all of them otherwise
            if info.isdir():
                continue
            member = _judge(tar_name(info.name, encoding))
            if member.reason is None and (not info.isreg() or info.issparse()):
                member = Member(member.name, NO_FILE, "a link, a device or a file with holes")
            opened = None if member.reason else archive.extractfile(info)
            yield member, cast(ByteStream, opened or io.BytesIO())
    except (tarfile.TarError, ValueError, EOFError, OverflowError) as error:
        raise StreamFault("corrupt", f"no tar, or a broken one: {error}"[:200]) from None
