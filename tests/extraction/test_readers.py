"""One way to read a stream: every format, every fault a reading, whatever the bytes."""

from __future__ import annotations

from typing import BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.extraction.json_files import read_json, read_jsonl
from cpt_pipeline.extraction.readers import READERS, read_stream, reader_for
from cpt_pipeline.extraction.reading import Reading, ReadingParams
from tests.corpus.collect.streams import ShortReads, pairs, read, readings


def test_suffixes_name_readers() -> None:
    assert reader_for("a/b.v2/x.JSONL") is read_jsonl
    assert reader_for("x.json.gz") is read_json
    assert reader_for("x.jsonl.zst") is read_jsonl
    assert [reader_for(name) for name in ("x", "x.gz", "x.docx", "x.txt.gz.gz", ".txt")] == [None] * 5


def test_other_formats_join_by_a_mapping() -> None:
    def read_shout(stream: BinaryIO, params: ReadingParams) -> list[Reading]:
        return [Reading("", stream.read().decode().upper())]

    readers = {**READERS, ".shout": lambda stream, params: iter(read_shout(stream, params))}
    found = read_stream("a.shout", cast(BinaryIO, ShortReads(b"hello there")), ReadingParams(), readers)
    assert pairs(found) == [("", "HELLO THERE")]
    assert read("a.shout", b"hello") == [("", "unsupported_format")]


def test_a_disk_that_fails_keeps_what_was_read() -> None:
    stream = cast(BinaryIO, ShortReads(b'{"text": "a"}\n{"te', error=OSError(5, "Input/output error")))
    *kept, fault = read_stream("a.jsonl", stream, ReadingParams())
    assert pairs(kept) == [("#1", "a")]
    assert (fault.position, fault.reason, fault.detail) == ("#after-1", "unreadable", "Input/output error")


@pytest.mark.parametrize("suffix", READERS)
@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
@settings(max_examples=40)
@given(content=st.binary(max_size=80), size=st.integers(1, 40), separator=st.sampled_from([None, "|"]))
def test_random_bytes_give_text_or_a_reason(
    suffix: str, packing: str, content: bytes, size: int, separator: str | None
) -> None:
    magic = {".gz": b"\x1f\x8b\x08\0", ".zst": b"\x28\xb5\x2f\xfd", "": b""}[packing]
    found = readings(f"a{suffix}{packing}", magic + content, size=size, separator=separator)
    assert found
    assert all((reading.reason is None) != (not reading.text) for reading in found)
    assert len({reading.position for reading in found}) == len(found)
    for reading in found:
        reading.text.encode("utf-8")


PIECES = [
    b"<d>",
    b"</d>",
    b'{"text": "x"}',
    b"\n",
    b"[",
    b"]",
    b",",
    b'"',
    b"text",
    b"\xff",
    b"\0",
    "汉".encode(),
    b"\r",
]


@pytest.mark.parametrize("suffix", READERS)
@settings(max_examples=50)
@given(parts=st.lists(st.sampled_from(PIECES), max_size=20), size=st.integers(1, 9))
def test_chunk_borders_change_nothing(suffix: str, parts: list[bytes], size: int) -> None:
    content = b"".join(parts)
    assert readings(f"a{suffix}", content, size=size) == readings(f"a{suffix}", content)
