"""Unpack .gz, .bz2, .xz and .zst as a stream: several members in a row, bombs stopped, faults after the last good byte.

Own loops around the libraries, because their ready streams lose the bytes before a fault (`gzip`) or take a cut stream
for a whole one (`zstandard.stream_reader`). Memory: one step takes 1 KiB of packed bytes, which is at most 1 MiB of
gzip, bz2 and xz and 32 MiB of zstd, and beside it the window of zst and xz, which `max_window_bytes` caps.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Iterator
from typing import Protocol

import zstandard

from cpt_pipeline.extraction.reading import ByteStream, StreamFault

SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
"""The endings of a name that say how a file is packed."""

_MAGIC = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7zX", ".zst": b"\x28\xb5\x2f\xfd"}
_BZ2_DIGITS = b"123456789"
"""The fourth byte of bz2: its block size. Text may begin with the three bytes before it, seldom with all four."""
_SKIPPABLE_ZSTD = b"\x2a\x4d\x18"
"""The last three of the four bytes that begin a zstd frame without text; the first is 0x50 to 0x5f."""
_FREE_BYTES = 16 << 20
_PACKED_BYTES = 64 << 10
_STEP_BYTES = 1 << 10
_PIECE_BYTES = 1 << 20
_ZSTD_HEADER_BYTES = 18
_NO_LIMIT = 1 << 31
"""What zstd itself decodes at most; larger windows are refused by their header."""


def packing(sample: bytes) -> str | None:
    """Return the packing (`.gz`, `.bz2`, `.xz`, `.zst`) that the first four bytes of a stream show."""
    if sample[1:4] == _SKIPPABLE_ZSTD and sample[0] >> 4 == 5:
        return ".zst"
    found = next((suffix for suffix, magic in _MAGIC.items() if sample.startswith(magic)), None)
    return None if found == ".bz2" and sample[3:4] not in _BZ2_DIGITS else found


class Unpacked(io.RawIOBase):
    """What a packed stream holds, readable once from its begin.

    `read` raises `StreamFault` when it has given every byte before the fault: `truncated`, `corrupt`,
    `window_too_large`, or `compression_bomb` for more than `max_ratio` bytes per packed byte beyond the first 16 MiB.
    """

    def __init__(self, stream: ByteStream, suffix: str, *, max_ratio: int, max_window_bytes: int = _NO_LIMIT) -> None:
        self._pieces = _unpack(_Packed(stream), suffix, max_ratio, max_window_bytes)
        self._waiting = memoryview(b"")
        self._fault: StreamFault | None = None

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` as far as the bytes before the end or a fault go."""
        filled = 0
        while filled < len(buffer) and (self._waiting or self._take()):
            num_bytes = min(len(buffer) - filled, len(self._waiting))
            buffer[filled : filled + num_bytes] = self._waiting[:num_bytes]
            self._waiting = self._waiting[num_bytes:]
            filled += num_bytes
        if not filled and self._fault is not None and len(buffer):
            raise self._fault
        return filled

    def _take(self) -> bool:
        if self._fault is None:
            try:
                self._waiting = memoryview(next(self._pieces, b""))
            except StreamFault as fault:
                self._fault = fault
        return bool(self._waiting)


class _Packed:
    """The packed bytes, a step at a time, counted."""

    def __init__(self, stream: ByteStream) -> None:
        self.num_taken = 0
        self._stream = stream
        self._held = b""
        self._start = 0

    def peek(self, size: int = 4) -> bytes:
        """Return the next bytes (fewer at the end) without taking them."""
        while len(self._held) - self._start < size and (chunk := self._stream.read(_PACKED_BYTES)):
            self._held, self._start = self._held[self._start :] + chunk, 0
        return self._held[self._start : self._start + size]

    def take(self) -> bytes:
        """Take a step; b"" at the end."""
        self.peek()
        step = self._held[self._start : self._start + _STEP_BYTES]
        self._start += len(step)
        self.num_taken += len(step)
        return step

    def give_back(self, num_bytes: int) -> None:
        """Put the last bytes of the step before back."""
        self._start -= num_bytes
        self.num_taken -= num_bytes


class _Member(Protocol):
    """What the decoders of one member share."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _unpack(packed: _Packed, suffix: str, max_ratio: int, max_window_bytes: int) -> Iterator[bytes]:
    num_unpacked = num_members = 0
    while magic := packed.peek():
        if packing(magic) != suffix:
            if num_members and _skip_zeros(packed):
                continue
            raise StreamFault("corrupt", f"no {suffix} member begins at packed byte {packed.num_taken}")
        for piece in _unpack_member(packed, suffix, max_window_bytes):
            num_unpacked += len(piece)
            if num_unpacked > _FREE_BYTES + max_ratio * packed.num_taken:
                raise StreamFault("compression_bomb", f"{num_unpacked} bytes from {packed.num_taken} packed ones")
            yield piece
        num_members += 1


def _unpack_member(packed: _Packed, suffix: str, max_window_bytes: int) -> Iterator[bytes]:
    member = _new_member(packed, suffix, max_window_bytes)
    while not member.eof:
        step = packed.take()
        if not step:
            raise StreamFault("truncated", f"the stream ends inside a member, after {packed.num_taken} packed bytes")
        try:
            yield from filter(None, _decompress(member, step))
        except (zlib.error, zstandard.ZstdError, lzma.LZMAError, OSError, EOFError, MemoryError) as error:
            raise _fault(error, packed.num_taken, max_window_bytes) from None
    packed.give_back(len(member.unused_data))


def _decompress(member: _Member, step: bytes) -> Iterator[bytes]:
    """Yield what a step gives; of bz2 and xz, whose 1 KiB may be 40 MiB of zeros, a piece at a time."""
    if not isinstance(member, (bz2.BZ2Decompressor, lzma.LZMADecompressor)):
        yield member.decompress(step)
        return
    yield member.decompress(step, _PIECE_BYTES)
    while not member.eof and not member.needs_input:
        yield member.decompress(b"", _PIECE_BYTES)


def _fault(error: Exception, num_taken: int, max_window_bytes: int) -> StreamFault:
    if isinstance(error, lzma.LZMAError) and "Memory usage limit" in str(error):
        return _window_too_large("its dictionary is", max_window_bytes)
    if isinstance(error, MemoryError):
        return StreamFault("window_too_large", "this machine has not the memory that its window asks for")
    return StreamFault("corrupt", f"before packed byte {num_taken}: {error}"[:200])


def _new_member(packed: _Packed, suffix: str, max_window_bytes: int) -> _Member:
    if suffix == ".gz":
        return zlib.decompressobj(wbits=31)
    if suffix == ".bz2":
        return bz2.BZ2Decompressor()
    if suffix == ".xz":
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=max_window_bytes)
    try:
        window = zstandard.get_frame_parameters(packed.peek(_ZSTD_HEADER_BYTES)).window_size
    except zstandard.ZstdError:  # a broken header is told by the decoder, a cut one by its end
        window = 0
    if window > max_window_bytes:
        raise _window_too_large(f"its window is {window >> 20} MiB,", max_window_bytes)
    return zstandard.ZstdDecompressor(max_window_size=max_window_bytes).decompressobj()


def _window_too_large(what: str, max_window_bytes: int) -> StreamFault:
    allowed = f"more than max_window_megabytes {max_window_bytes >> 20} of the source (at most 2048)"
    return StreamFault("window_too_large", f"{what} {allowed}")


def _skip_zeros(packed: _Packed) -> bool:
    """Skip the zero bytes that stand here, if any do: padding between streams of xz, and the rest of a tape's block."""
    skipped = False
    while step := packed.take():
        rest = len(step.lstrip(b"\0"))
        skipped = skipped or rest < len(step)
        if rest:
            packed.give_back(rest)
            break
    return skipped
