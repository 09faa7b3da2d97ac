"""Any encoding as UTF-8: text is kept at any chunk border, and bad bytes stay visible where they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.extraction.encoding.recode import Utf8Stream, detect_lines
from tests.corpus.collect.streams import ShortReads


def recode(raw: bytes, encoding: str | None, size: int = 3) -> tuple[bytes, str]:
    stream = Utf8Stream(ShortReads(raw, size), encoding)
    found = b""
    while chunk := stream.read(5):
        found += chunk
    return found, stream.encoding


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gb18030"])
@given(text=st.text(st.characters(codec="utf-8"), max_size=40), size=st.integers(1, 9))
def test_text_comes_through(encoding: str, text: str, size: int) -> None:
    text = text.lstrip("\ufeff\0")  # a mark of UTF-16 before NUL is that of UTF-32
    assert recode(text.encode(encoding), encoding, size)[0] == text.encode()


def test_every_bad_byte_becomes_one_that_utf8_never_holds() -> None:
    assert recode(b"a\xff\xffb\n", "gb18030")[0] == b"a\xff\xffb\n"
    assert recode("a\n汉".encode("gb18030")[:-1], "gb18030")[0] == b"a\n\xff"
    assert recode(b"\xff\xfea\0\0\xdcb\0", "utf-16")[0] == b"a\xff\xffb"


def test_text_beyond_the_sample_is_read_in_the_same_encoding() -> None:
    raw = ("汉字，文本。\n" * 120_000).encode("gb18030")
    stream = Utf8Stream(ShortReads(raw, 1 << 16), "gb18030")
    parts = []
    while chunk := stream.read(1 << 20):
        parts.append(chunk)
    assert len(raw) > 1 << 20
    assert b"".join(parts).decode() == "汉字，文本。\n" * 120_000


def test_a_label_stands_for_its_family() -> None:
    assert recode("镕\n".encode("gbk"), "gb2312")[0] == "镕\n".encode()


def test_most_bytes_beyond_ascii_decide() -> None:
    broken = b"\xb0\xae\xff\n"
    assert detect_lines("ascii\n汉字，文本\n".encode() + broken * 3) == "utf-8"
    chinese = "我们在这里写一些中文的句子，用来判断编码。\n".encode("gb18030")
    assert detect_lines(chinese * 50 + "é\n".encode() + chinese * 50).startswith("gb")


def test_real_books_are_found_to_be_gb18030_line_by_line(shared: Path) -> None:
    paths = sorted((shared / "data/domain_zh_tcm_gb18030").glob("*.txt"))
    assert len(paths) == 26
    for path in paths:
        assert Utf8Stream(ShortReads(path.read_bytes(), 1 << 20), None).encoding == "gb18030"
