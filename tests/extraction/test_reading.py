"""What readers share: streams split without holding them, and options that are wrong before anything is read."""

from __future__ import annotations

import io
import tracemalloc
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cpt_pipeline.extraction.reading import ReadingParams, Rejoined, StreamFault, read_whole, split
from tests.corpus.collect.streams import ShortReads


@given(
    st.lists(st.sampled_from([b"ab", b"a", b"b", b"|", b"||", b"|>", b"a|>b"])),
    st.integers(1, 7),
    st.sampled_from([b"||", b"|", b"|>a"]),
)
def test_split_agrees_with_bytes_split_at_any_chunk_border(parts: list[bytes], chunk: int, separator: bytes) -> None:
    raw = b"".join(parts)
    expected = raw.split(separator)
    pieces = list(split(ShortReads(raw, chunk), separator, 1_000))
    short = list(split(ShortReads(raw, chunk), separator, 3))
    assert pieces == (expected if expected[-1] else expected[:-1])
    assert short == [piece if len(piece) <= 3 else None for piece in pieces]


def test_what_is_too_long_is_not_held() -> None:
    class Endless:
        """Two GiB of one line, then a short one."""

        num_left = 2048

        def read(self, _size: int, /) -> bytes:
            self.num_left -= 1
            return b"x" * (1 << 20) if self.num_left > 0 else b"\nend" if self.num_left == 0 else b""

    tracemalloc.start()
    assert list(split(Endless(), b"\n", 1 << 20)) == [None, b"end"]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 << 20


def test_whole_stream_up_to_its_limit() -> None:
    assert read_whole(ShortReads(b"x" * 20), 20) == (b"x" * 20, None)
    assert read_whole(ShortReads(b"x" * 21), 20) == (None, None)


def test_a_fault_comes_beside_the_bytes_before_it() -> None:
    class Faulty:
        def __init__(self) -> None:
            self.chunks = [b"ab", b"cd"]

        def read(self, _size: int, /) -> bytes:
            if not self.chunks:
                raise StreamFault("truncated", "here")
            return self.chunks.pop(0)

    raw, fault = read_whole(Faulty(), 100)
    assert (raw, fault and fault.reason) == (b"abcd", "truncated")


def test_bytes_taken_from_a_stream_are_given_again() -> None:
    rejoined = cast(BinaryIO, Rejoined(b"abc", io.BytesIO(b"def")))
    assert [rejoined.read(2), rejoined.read(), rejoined.read()] == [b"ab", b"cdef", b""]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"encoding": "utf-9"}, "unknown encoding"),
        ({"encoding": "base64"}, "not a text encoding"),
        ({"template": "no field"}, "names no field"),
        ({"columns": {"colour": "c"}}, "columns.colour"),
        ({"max_bad_byte_share": 2}, "less than or equal to 1"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ReadingParams.model_validate(options)


def test_encodings_get_the_name_that_python_gives_them() -> None:
    assert ReadingParams(encoding="GB2312").encoding == "gb2312"
