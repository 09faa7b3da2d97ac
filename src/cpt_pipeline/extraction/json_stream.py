"""Split a JSON list into the bytes of its elements without building it: memory follows one element, not the file.

Only brackets and strings are looked at; each element is parsed by whoever takes it, so a broken one costs itself,
and depth costs nothing here. The stream must be UTF-8.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from cpt_pipeline.extraction.reading import CHUNK_BYTES, ByteStream

_STRUCTURE = re.compile(rb'["\[\]{},:]')
_IN_STRING = re.compile(rb'["\\]')


class JsonPathError(ValueError):
    """The list that was asked for is not in the text."""


class JsonListError(ValueError):
    """The list has no end, or something stands where no element can be."""


def read_elements(
    stream: ByteStream, path: tuple[str, ...], max_bytes: int, wanted: Collection[str] = ()
) -> Iterator[tuple[bytes | None, tuple[str, ...], dict[str, Any]]]:
    """Yield the elements of the first list on `path` from the top (a list at the top needs no path).

    Each comes with the rest of the path, and with the fields of `wanted` that stand before the list in the objects
    around it, the nearest first. None stands for an element longer than `max_bytes`, which is not held. Raises
    `JsonPathError` and `JsonListError`.
    """
    pieces, at_top = _Pieces(stream, max_bytes), True
    beside: dict[str, Any] = {}
    while (opening := pieces.take_opening()) != b"[":
        if opening != b"{" or not path:
            raise JsonPathError(f"no list {f'at {path[0]!r}' if path else 'at the top'}")
        beside |= _seek_key(pieces, path[0], wanted)
        path, at_top = path[1:], False
    while True:
        element, end = pieces.take()
        last = end == b"]"
        if end not in (b",", b"]"):
            raise JsonListError("the list is not closed" if not end else f"{end.decode()!r} between two elements")
        if not last or element is None or element.strip():
            yield element, path, beside
        if last:
            break
    if at_top and pieces.take_opening():
        raise JsonListError("more text behind the list")


def _seek_key(pieces: _Pieces, key: str, wanted: Collection[str]) -> dict[str, Any]:
    """Go to the value of `key` in an object that has just been opened; return the fields of `wanted` before it."""
    end = b","
    before: dict[str, Any] = {}
    while end == b",":
        name, end = pieces.take()
        if end != b":":
            break
        found = _parsed(name)
        if found == key:
            return before
        value, end = pieces.take()
        if found in wanted and (parsed := _parsed(value)) is not None:
            before[found] = parsed
    raise JsonPathError(f"no {key!r} in the object")


def _parsed(raw: bytes | None) -> Any:
    try:
        return None if raw is None else json.loads(raw)
    except (ValueError, RecursionError):
        return None


class _Pieces:
    """Text between the delimiters (`,` `:` and closing brackets) of the level it stands on."""

    def __init__(self, stream: ByteStream, max_bytes: int) -> None:
        self._stream = stream
        self._max_bytes = max_bytes
        self._held = b""
        self._start = 0

    def take_opening(self) -> bytes:
        """Take the next byte that is no white space; b"" at the end."""
        while True:
            rest = self._held[self._start :].lstrip()
            if rest:
                self._start = len(self._held) - len(rest) + 1
                return rest[:1]
            if not self._refill(0):
                return b""

    def take(self) -> tuple[bytes | None, bytes]:
        """Take a piece (None if it is too long) and the delimiter behind it; b"" is the end of the stream."""
        parts: list[bytes] = []
        num_held, depth, in_string = 0, 0, False
        at = self._start
        while True:
            match = (_IN_STRING if in_string else _STRUCTURE).search(self._held, at)
            if match is None:
                num_held = self._hold(parts, num_held, len(self._held))
                skipped = max(at - len(self._held), 0)  # the byte behind a backslash that ends a chunk
                if not self._refill(0):
                    return self._joined(parts, num_held), b""
                at = skipped
                continue
            char, at = match.group(), match.end()
            if in_string:
                in_string = char != b'"'
                at += in_string
            elif char == b'"':
                in_string = True
            elif char in b"[{":
                depth += 1
            elif not depth:
                num_held = self._hold(parts, num_held, match.start())
                self._start = at
                return self._joined(parts, num_held), char
            elif char in b"]}":
                depth -= 1

    def _hold(self, parts: list[bytes], num_held: int, end: int) -> int:
        if num_held <= self._max_bytes:
            parts.append(self._held[self._start : end])
        return num_held + end - self._start

    def _joined(self, parts: list[bytes], num_held: int) -> bytes | None:
        return b"".join(parts) if num_held <= self._max_bytes else None

    def _refill(self, start: int) -> bool:
        self._held, self._start = self._stream.read(CHUNK_BYTES), start
        return bool(self._held)
