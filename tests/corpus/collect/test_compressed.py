"""Packed streams: members in a row, every byte before a fault, bombs stopped, memory bounded."""

from __future__ import annotations

import gzip
import io
import random
import tracemalloc
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.collect.compressed import Unpacked, packing
from cpt_pipeline.corpus.collect.reading import StreamFault
from tests.corpus.collect.streams import ShortReads, pairs, read, readings

TEXT = random.Random(7).randbytes(60_000).hex().encode()


def pack_zstd(raw: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(raw)


PACK: dict[str, Callable[[bytes], bytes]] = {".gz": lambda raw: gzip.compress(raw, mtime=0), ".zst": pack_zstd}
BOTH = pytest.mark.parametrize("suffix", [".gz", ".zst"])


def unpack(packed: bytes, suffix: str, *, size: int = 1000, max_ratio: int = 200) -> tuple[bytes, str | None]:
    """Give all bytes before the end or a fault, and the fault's reason."""
    stream = Unpacked(ShortReads(packed, size), suffix, max_ratio=max_ratio)
    found: list[bytes] = []
    try:
        while chunk := stream.read(5000):
            found.append(chunk)
    except StreamFault as fault:
        return b"".join(found), fault.reason
    return b"".join(found), None


def zeros(suffix: str, num_mebibytes: int) -> bytes:
    if suffix == ".zst":
        packer = zstandard.ZstdCompressor().compressobj()
        return b"".join(packer.compress(bytes(1 << 20)) for _ in range(num_mebibytes)) + packer.flush()
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb") as file:
        for _ in range(num_mebibytes):
            file.write(bytes(1 << 20))
    return buffer.getvalue()


@BOTH
def test_members_in_a_row_and_zeros_behind_them(suffix: str) -> None:
    pack = PACK[suffix]
    assert unpack(pack(TEXT) + pack(b"tail"), suffix) == (TEXT + b"tail", None)
    assert unpack(pack(TEXT) + pack(b"") + pack(b"x"), suffix) == (TEXT + b"x", None)
    assert unpack(pack(TEXT) + bytes(5000), suffix) == (TEXT, None)


def test_frames_without_text_are_passed_over() -> None:
    skippable = b"\x53\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"\0ab\0"
    assert unpack(skippable + pack_zstd(TEXT) + skippable, ".zst") == (TEXT, None)
    assert packing(skippable) == ".zst"


@BOTH
def test_a_cut_stream_gives_all_there_is_and_says_truncated(suffix: str) -> None:
    packed = PACK[suffix](TEXT)
    found, reason = unpack(packed[:-2], suffix)
    assert (found, reason) == (TEXT, "truncated")
    found, reason = unpack(packed + packed[:100], suffix)
    assert (found[:120_000], reason) == (TEXT, "truncated")


@BOTH
def test_a_corrupt_stream_gives_what_was_before(suffix: str) -> None:
    packed = bytearray(PACK[suffix](TEXT) + PACK[suffix](TEXT))
    packed[len(packed) * 3 // 4] ^= 0xFF
    found, reason = unpack(bytes(packed), suffix)
    assert reason == "corrupt"
    assert len(found) >= len(TEXT)
    assert found[: len(TEXT)] == TEXT
    assert unpack(PACK[suffix](TEXT) + b"no member", suffix) == (TEXT, "corrupt")


@BOTH
def test_a_bomb_is_stopped_and_costs_little_memory(suffix: str) -> None:
    packed = zeros(suffix, 190)
    assert len(packed) < 200_000
    tracemalloc.start()
    found = readings(f"x.jsonl{suffix}", packed)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert pairs(found) == [("", "compression_bomb")]
    assert peak < 128 << 20


@BOTH
def test_text_that_packs_very_well_is_no_bomb(suffix: str) -> None:
    text = b"The same sentence again and again. " * 400_000
    assert len(PACK[suffix](text)) * 200 < len(text)
    assert unpack(PACK[suffix](text), suffix, size=1 << 16) == (text, None)


@BOTH
def test_lines_before_a_fault_are_kept(suffix: str) -> None:
    lines = b"".join(b'{"text": "%s"}\n' % TEXT[start : start + 100] for start in range(0, 110_000, 40))
    whole = read(f"a.jsonl{suffix}", PACK[suffix](lines))
    cut = read(f"a.jsonl{suffix}", PACK[suffix](lines)[:-5])
    num_kept = len(cut) - 1
    assert len(whole) == 2750
    assert cut == [*whole[:num_kept], (f"#after-{num_kept}", "truncated")]
    assert num_kept > (2749 if suffix == ".gz" else 2000)  # zstd unpacks blocks of 128 KiB, whole or not at all


def test_the_text_before_a_cut_is_kept() -> None:
    assert read("a.txt.gz", gzip.compress(TEXT)[:-5]) == [("", TEXT.decode()), ("#after-1", "truncated")]


@BOTH
def test_names_and_bytes_must_agree(suffix: str) -> None:
    packed = PACK[suffix](b"text")
    assert read(f"A.TXT{suffix}", packed) == [("", "text")]
    assert read(f"a.txt{suffix}", b"plain text") == [("", "corrupt")]
    assert read("a.txt", packed) == [("", "unsupported_format")]
    assert read(f"a.txt{suffix}", PACK[suffix](packed)) == [("", "unsupported_format")]
    assert read(f"a.txt{suffix}{suffix}", PACK[suffix](packed)) == [("", "unsupported_format")]
    assert read(f"a.txt{suffix}", PACK[suffix](b"")) == [("", "empty")]
    assert read(f"a.txt{suffix}", b"") == [("", "empty")]


@BOTH
@given(content=st.binary(max_size=300), cut=st.integers(0, 400), size=st.integers(1, 50))
def test_what_is_cut_anywhere_is_a_beginning(suffix: str, content: bytes, cut: int, size: int) -> None:
    packed = PACK[suffix](content)
    found, reason = unpack(packed[:cut], suffix, size=size)
    assert content.startswith(found)
    if cut >= len(packed):
        assert (found, reason) == (content, None)
    elif cut:
        assert reason in {"truncated", "corrupt"}


@BOTH
@given(st.binary(max_size=200))
def test_random_bytes_behind_the_magic_raise_nothing_else(suffix: str, content: bytes) -> None:
    _, reason = unpack(PACK[suffix](b"")[:4] + content, suffix)
    assert reason in {None, "truncated", "corrupt"}
