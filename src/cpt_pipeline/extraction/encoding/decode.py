"""Bytes to text: the encoding found or given, every undecodable byte counted and named.

UTF-8 costs one strict decode; anything else is found from a bounded sample (`detection`). A label stands for a family:
`shift_jis` is Shift_JIS for a file that keeps to it and CP932 for one that does not. A file of two encodings is
decoded in one, with the other's bytes counted as bad; binary files are not refused here.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import BinaryIO

from cpt_pipeline.extraction.encoding.detection import (
    HEAD_BYTES,
    SAMPLE_BYTES,
    detect,
    family,
    find_codec,
    find_mark,
    is_suspect,
)

__all__ = ["Decoded", "DecodedStream", "decode", "detect"]

_BLOCK_BYTES = 1 << 20
_NUM_OFFSETS = 10


@dataclass(frozen=True)
class Decoded:
    """Text and what it was read with: `raw.decode(encoding, "replace")` without a byte order mark."""

    text: str
    encoding: str
    """Name of a Python codec."""
    num_bad_bytes: int
    bad_offsets: tuple[int, ...] = ()
    """Where the first ten undecodable parts begin, in bytes from the start of the file."""

    @property
    def detail(self) -> str | None:
        """Name the bad bytes for a report; None when there are none."""
        if not self.num_bad_bytes:
            return None
        where = ", ".join(map(str, self.bad_offsets))
        return f"{self.num_bad_bytes} bytes are not {self.encoding}; undecodable parts begin at byte {where}" + (
            ", ..." if len(self.bad_offsets) == _NUM_OFFSETS else ""
        )


def decode(raw: bytes, encoding: str | None = None) -> Decoded:
    """Decode all of it; bytes the codec cannot read become U+FFFD, are counted and named.

    A byte order mark beats a given encoding. LookupError when Python has no codec of the given name.
    """
    if encoding is None and not is_suspect(raw[:SAMPLE_BYTES]):
        try:
            return Decoded(raw.decode("utf-8"), "utf-8", 0)
        except UnicodeDecodeError:
            pass
    stream = DecodedStream(io.BytesIO(raw), encoding)
    return Decoded("".join(stream), stream.encoding, stream.num_bad_bytes, stream.bad_offsets)


class DecodedStream:
    """The text of a seekable binary stream in pieces of a block each, the same text that `decode` gives.

    The stream is read once to find the encoding (more often for a label that stands for a family) and once more at
    each iteration, after which `num_bad_bytes` and `bad_offsets` hold for the whole of it.
    """

    def __init__(self, stream: BinaryIO, encoding: str | None = None, *, block_bytes: int = _BLOCK_BYTES) -> None:
        self._stream = stream
        self._block_bytes = block_bytes
        head = _read(stream, 0, SAMPLE_BYTES)
        marked = find_mark(head)
        if marked is not None:
            mark, self.encoding, self._codec = marked
            self._start = len(mark)
        else:
            self._start = 0
            self.encoding = self._codec = self._choose(encoding or _find_encoding(stream, head))
        self._bad = _BadBytes()

    @property
    def num_bad_bytes(self) -> int:
        """How many bytes the codec could not read so far."""
        return self._bad.num

    @property
    def bad_offsets(self) -> tuple[int, ...]:
        """Where the first ten undecodable parts begin."""
        return tuple(self._bad.offsets)

    def __iter__(self) -> Iterator[str]:
        self._bad = _BadBytes()
        return _decode_blocks(self._stream, self._start, self._codec, self._bad, self._block_bytes)

    def _choose(self, label: str) -> str:
        """Give the first codec of the label's family that reads every byte, or the one that misses the fewest."""
        members = family(find_codec(label))
        if len(members) == 1:
            return members[0]
        clean = (codec for codec in members if _find_bad(self._stream, codec) is None)
        return next(clean, None) or min(members, key=self._num_bad)

    def _num_bad(self, codec: str) -> int:
        bad = _BadBytes()
        for _ in _decode_blocks(self._stream, 0, codec, bad, self._block_bytes):
            pass
        return bad.num


def _find_encoding(stream: BinaryIO, head: bytes) -> str:
    first = _find_bad(stream, "utf-8")
    if first is None:
        return detect(head) if is_suspect(head) else "utf-8"
    if first < SAMPLE_BYTES // 2:
        return detect(head)
    before = _read(stream, first - HEAD_BYTES, HEAD_BYTES)
    line_start = first - HEAD_BYTES + before.rfind(b"\n") + 1 if b"\n" in before else first
    lines = head[:HEAD_BYTES].rpartition(b"\n")
    return detect(lines[0] + lines[1] + _read(stream, line_start, SAMPLE_BYTES - HEAD_BYTES))


def _find_bad(stream: BinaryIO, codec: str) -> int | None:
    """Give the offset of the first byte the codec cannot read."""
    decoder = codecs.getincrementaldecoder(codec)()
    position = 0
    while True:
        block = _read(stream, position, _BLOCK_BYTES)
        base = position - len(decoder.getstate()[0])
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return base + error.start
        position += len(block)
        if not block:
            return None


def _read(stream: BinaryIO, start: int, num_bytes: int) -> bytes:
    stream.seek(start)
    return stream.read(num_bytes)


class _BadBytes:
    """Counts what the decoder reports; `base` is the file offset of the bytes the decoder has at hand."""

    def __init__(self) -> None:
        self.num = 0
        self.offsets: list[int] = []
        self.base = 0

    def add(self, start: int, end: int) -> None:
        self.num += end - start
        if len(self.offsets) < _NUM_OFFSETS:
            self.offsets.append(self.base + start)


_bad_bytes: ContextVar[_BadBytes] = ContextVar("bad_bytes")


def _replace_and_count(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    _bad_bytes.get().add(error.start, error.end)
    return "\ufffd", error.end


codecs.register_error("cpt_pipeline.replace_and_count", _replace_and_count)


def _decode_blocks(stream: BinaryIO, start: int, codec: str, bad: _BadBytes, block_bytes: int) -> Iterator[str]:
    """Decode from `start` on, block by block; a character may lie across two blocks."""
    decoder = codecs.getincrementaldecoder(codec)("cpt_pipeline.replace_and_count")
    position = start
    while True:
        block = _read(stream, position, block_bytes)
        bad.base = position - len(decoder.getstate()[0])
        position += len(block)
        token = _bad_bytes.set(bad)
        try:
            text = decoder.decode(block, final=not block)
        finally:
            _bad_bytes.reset(token)
        if text:
            yield text
        if not block:
            return
