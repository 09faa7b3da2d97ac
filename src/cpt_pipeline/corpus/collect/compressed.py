"""Unpack .gz and .zst as a stream: several members in a row, a bomb stopped early, a fault after the last good byte.

Own loops around zlib and zstandard, because their ready streams lose the bytes before a fault (`gzip`) or take a
cut stream for a whole one (`zstandard.stream_reader`). Memory: one step takes 1 KiB of packed bytes, which is at
most 1 MiB of gzip and 32 MiB of zstd.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator

import zstandard

from cpt_pipeline.corpus.collect.reading import ByteStream, StreamFault

SUFFIXES = (".gz", ".zst")
"""The endings of a name that say how a file is packed."""

_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE_ZSTD = b"\x2a\x4d\x18"
"""The last three of the four bytes that begin a zstd frame without text; the first is 0x50 to 0x5f."""
_FREE_BYTES = 16 << 20
_PACKED_BYTES = 64 << 10
_STEP_BYTES = 1 << 10
_MAX_WINDOW_BYTES = 128 << 20


def packing(sample: bytes) -> str | None:
    """Name the packing (`.gz`, `.zst`) that the first four bytes of a stream show."""
    if sample.startswith(_GZIP_MAGIC):
        return ".gz"
    if sample.startswith(_ZSTD_MAGIC) or (sample[1:4] == _SKIPPABLE_ZSTD and sample[0] >> 4 == 5):
        return ".zst"
    return None


class Unpacked(io.RawIOBase):
    """What a .gz or .zst stream holds, readable once from its begin.

    `read` raises `StreamFault` when it has given every byte before the fault: `truncated`, `corrupt`, or
    `compression_bomb` for more than `max_ratio` bytes per packed byte beyond the first 16 MiB.
    """

    def __init__(self, stream: ByteStream, suffix: str, *, max_ratio: int) -> None:
        self._pieces = _unpack(_Packed(stream), suffix, max_ratio)
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

    def peek(self) -> bytes:
        """Give the next four bytes (fewer at the end) without taking them."""
        while len(self._held) - self._start < 4 and (chunk := self._stream.read(_PACKED_BYTES)):
            self._held, self._start = self._held[self._start :] + chunk, 0
        return self._held[self._start : self._start + 4]

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


def _unpack(packed: _Packed, suffix: str, max_ratio: int) -> Iterator[bytes]:
    num_unpacked = num_members = 0
    while magic := packed.peek():
        if packing(magic) != suffix:
            if num_members and not _anything_but_zeros(packed):
                return
            raise StreamFault("corrupt", f"no {suffix} member begins at packed byte {packed.num_taken}")
        for piece in _unpack_member(packed, suffix):
            num_unpacked += len(piece)
            if num_unpacked > _FREE_BYTES + max_ratio * packed.num_taken:
                raise StreamFault("compression_bomb", f"{num_unpacked} bytes from {packed.num_taken} packed ones")
            yield piece
        num_members += 1


def _unpack_member(packed: _Packed, suffix: str) -> Iterator[bytes]:
    member = _new_member(suffix)
    while not member.eof:
        step = packed.take()
        if not step:
            raise StreamFault("truncated", f"the stream ends inside a member, after {packed.num_taken} packed bytes")
        try:
            piece = member.decompress(step)
        except (zlib.error, zstandard.ZstdError) as error:
            raise StreamFault("corrupt", f"before packed byte {packed.num_taken}: {error}"[:200]) from None
        if piece:
            yield piece
    packed.give_back(len(member.unused_data))


def _new_member(suffix: str) -> zlib._Decompress | zstandard.ZstdDecompressionObj:
    if suffix == ".gz":
        return zlib.decompressobj(wbits=31)
    return zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES).decompressobj()


def _anything_but_zeros(packed: _Packed) -> bool:
    """Read on; tapes and block devices fill the end of a file up with zero bytes, which is no fault."""
    while step := packed.take():
        if step.strip(b"\0"):
            return True
    return False
