"""What the tests of readers share: a stream of short reads that cannot be sought, and readings as pairs."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any, BinaryIO, cast

from cpt_pipeline.extraction.readers import read_stream
from cpt_pipeline.extraction.reading import Reading, ReadingParams


class ShortReads(io.RawIOBase):
    """Gives at most `size` bytes at once, as sockets do; then raises `error`, if there is one."""

    def __init__(self, content: bytes, size: int = 7, error: OSError | None = None) -> None:
        self._stream = io.BytesIO(content)
        self._size = size
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._stream.read(min(self._size, len(buffer)))
        if not chunk and self._error is not None:
            raise self._error
        buffer[: len(chunk)] = chunk
        return len(chunk)


def readings(name: str, content: bytes, *, size: int | None = None, **options: Any) -> list[Reading]:
    stream = io.BytesIO(content) if size is None else cast(BinaryIO, ShortReads(content, size))
    return list(read_stream(name, stream, ReadingParams.model_validate(options)))


def pairs(found: Iterable[Reading]) -> list[tuple[str, str]]:
    """Give position and text or reason of every reading."""
    return [(reading.position, reading.reason or reading.text) for reading in found]


def read(name: str, content: bytes, **options: Any) -> list[tuple[str, str]]:
    return pairs(readings(name, content, **options))
