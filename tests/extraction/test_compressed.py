"""Packed streams: members in a row, every byte before a fault, bombs stopped, memory bounded."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tracemalloc
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.extraction.compressed import Unpacked, packing
from cpt_pipeline.extraction.reading import StreamFault
from tests.corpus.collect.streams import ShortReads, pairs, read, readings

TEXT = random.Random(7).randbytes(60_000).hex().encode()


def pack_zstd(raw: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(raw)


PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": lambda raw: gzip.compress(raw, mtime=0),
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": pack_zstd,
}
ALL = pytest.mark.parametrize("suffix", list(PACK))


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
        return b"".join(packer.compress(b"0" * (1 << 20)) for _ in range(num_mebibytes)) + packer.flush()
    if suffix in (".bz2", ".xz"):
        return PACK[suffix](b"0" * (num_mebibytes << 20))
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb") as file:
        for _ in range(num_mebibytes):
            file.write(b"0" * (1 << 20))
    return buffer.getvalue()


@ALL
def test_members_in_a_row_and_zeros_behind_them(suffix: str) -> None:
    pack = PACK[suffix]
    assert unpack(pack(TEXT) + pack(b"tail"), suffix) == (TEXT + b"tail", None)
    assert unpack(pack(TEXT) + pack(b"") + pack(b"x"), suffix) == (TEXT + b"x", None)
    assert unpack(pack(TEXT) + bytes(5000), suffix) == (TEXT, None)


def test_frames_without_text_are_passed_over() -> None:
    skippable = b"\x53\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"\0ab\0"
    assert unpack(skippable + pack_zstd(TEXT) + skippable, ".zst") == (TEXT, None)
    assert packing(skippable) == ".zst"


@ALL
def test_a_cut_stream_gives_all_there_is_and_says_truncated(suffix: str) -> None:
    packed = PACK[suffix](TEXT)
    found, reason = unpack(packed[:-2], suffix)
    assert (found, reason) == (TEXT, "truncated")
    found, reason = unpack(packed + packed[:100], suffix)
    assert (found[:120_000], reason) == (TEXT, "truncated")


@ALL
def test_a_corrupt_stream_gives_what_was_before(suffix: str) -> None:
    packed = bytearray(PACK[suffix](TEXT) + PACK[suffix](TEXT))
    packed[len(packed) * 3 // 4] ^= 0xFF
    found, reason = unpack(bytes(packed), suffix)
    assert reason == "corrupt"
    assert len(found) >= len(TEXT)
    assert found[: len(TEXT)] == TEXT
    assert unpack(PACK[suffix](TEXT) + b"no member", suffix) == (TEXT, "corrupt")


@ALL
def test_a_bomb_is_stopped_and_costs_little_memory(suffix: str) -> None:
    packed = zeros(suffix, 190 if suffix in (".gz", ".zst") else 24)
    assert len(packed) < 200_000
    tracemalloc.start()
    found = readings(f"x.jsonl{suffix}", packed)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert pairs(found) == [("", "compression_bomb")]
    assert peak < 128 << 20


@ALL
def test_text_that_packs_very_well_is_no_bomb(suffix: str) -> None:
    text = b"The same sentence again and again. " * 100_000
    packed = PACK[suffix](text)
    assert len(packed) * 200 < len(text)
    assert unpack(packed, suffix, size=1 << 16) == (text, None)


@ALL
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


@ALL
def test_names_and_bytes_must_agree(suffix: str) -> None:
    packed = PACK[suffix](b"text")
    assert read(f"A.TXT{suffix}", packed) == [("", "text")]
    assert read(f"a.txt{suffix}", b"plain text") == [("", "corrupt")]
    assert read("a.txt", packed) == [("", "unsupported_format")]
    assert read(f"a.txt{suffix}", PACK[suffix](packed)) == [("", "unsupported_format")]
    assert read(f"a.txt{suffix}{suffix}", PACK[suffix](packed)) == [("", "unsupported_format")]
    assert read(f"a.txt{suffix}", PACK[suffix](b"")) == [("", "empty")]
    assert read(f"a.txt{suffix}", b"") == [("", "empty")]


@ALL
@given(content=st.binary(max_size=300), cut=st.integers(0, 400), size=st.integers(1, 50))
def test_what_is_cut_anywhere_is_a_beginning(suffix: str, content: bytes, cut: int, size: int) -> None:
    packed = PACK[suffix](content)
    found, reason = unpack(packed[:cut], suffix, size=size)
    assert content.startswith(found)
    if cut >= len(packed):
        assert (found, reason) == (content, None)
    elif cut:
        assert reason in {"truncated", "corrupt"}


@ALL
@given(st.binary(max_size=200))
def test_random_bytes_behind_the_magic_raise_nothing_else(suffix: str, content: bytes) -> None:
    _, reason = unpack(PACK[suffix](b"")[:4] + content, suffix)
    assert reason in {None, "truncated", "corrupt", "window_too_large"}


def test_a_long_window_is_read_and_one_over_the_limit_is_named_with_its_key() -> None:
    given = zstandard.ZstdCompressionParameters.from_level(3, window_log=27, write_content_size=0)
    packed = zstandard.ZstdCompressor(compression_params=given).compressobj()
    frame = packed.compress(TEXT) + packed.flush()
    longest = bytearray(frame)
    longest[5] = (31 - 10) << 3  # the byte of the frame's header that says how long the window is
    assert unpack(bytes(longest), ".zst") == (TEXT, None)
    assert read("a.txt.zst", bytes(longest)) == [("", TEXT.decode())]
    assert read("a.txt.zst", frame, max_window_megabytes=128) == [("", TEXT.decode())]
    (refused,) = readings("a.txt.zst", bytes(longest), max_window_megabytes=128)
    assert refused.reason == "window_too_large"
    assert refused.detail == "its window is 2048 MiB, more than max_window_megabytes 128 of the source (at most 2048)"
    (refused,) = readings("a.txt.xz", lzma.compress(TEXT, preset=9), max_window_megabytes=8)
    assert refused.reason == "window_too_large"


@ALL
def test_zero_bytes_between_members_and_behind_them_are_padding(suffix: str) -> None:
    one, two = PACK[suffix](b"one "), PACK[suffix](b"two")
    padded = one + bytes(4) + two + bytes(3000) + one + bytes(8)
    assert unpack(padded, suffix, size=900) == (b"one twoone ", None)
    assert unpack(one + bytes(8) + b"else", suffix)[1] == "corrupt"
