"""Binary content under the name of a text is named; texts of every encoding, with what texts hold, pass."""

from __future__ import annotations

import gzip
import pickle
import random
import sqlite3
import struct
import zlib
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.extraction.encoding.binary_content import find_binary
from cpt_pipeline.extraction.kinds import OF_TEXT
from tests.corpus.collect.files.test_archives import pack_tar, pack_zip
from tests.corpus.collect.streams import readings
from tests.corpus.collect.test_sources import found, write

ZH = "他们在二零二四年的春天去了北京，那里的天气很好。\r\n第二天下雨了，所以大家都留在家里看书。\n"
TW = "他們在春天去了臺北，那裡的天氣很好。\r\n第二天下雨了，大家都留在家裡看書。\n"
JA = "これは日本語の文章です。\n天気がいいので、散歩に行きましょう。\n"
KO = "안녕하세요, 오늘은 날씨가 아주 좋습니다.\n"
RU = "Сегодня хорошая погода, и мы идём гулять.\n"
HI = "हिन्दी में पाठ लिखना अच्छा लगता है।\n"
FR = "Été naïf à Noël, où l'on goûte la crème brûlée.\n"

ENCODED = [
    (ZH, "gb2312"), (ZH, "gbk"), (ZH, "gb18030"), (ZH, "hz"), (TW, "big5"), (JA, "shift_jis"), (JA, "euc_jp"),
    (JA, "iso2022_jp"), (KO, "euc_kr"), (KO, "iso2022_kr"), (KO, "johab"), (RU, "cp1251"), (RU, "koi8-r"),
    (RU, "cp866"), (RU, "iso8859-5"), ("Καλημέρα, κόσμε.\n", "cp1253"), ("שלום עולם\n", "cp1255"),
    ("مرحبا بالعالم\n", "cp1256"), ("สวัสดีชาวโลก\n", "cp874"), (FR, "cp1252"), (FR, "mac-roman"), (FR, "cp850"),
    ("Zażółć gęślą jaźń\n", "iso8859-2"), (FR, "utf-8"), (ZH, "utf-8-sig"), (ZH, "utf-16"), (ZH, "utf-16-le"),
    (FR, "utf-16-be"), (HI, "utf-16-le"), (RU, "utf-16-le"), (JA, "utf-16-be"), (ZH, "utf-32"), (FR, "utf-32-le"),
    (ZH, "utf-32-be"),
]  # fmt: skip


def sqlite(folder: Path) -> bytes:
    with closing(sqlite3.connect(folder / "x.db")) as connection:
        connection.execute("create table notes (text)")
        connection.commit()
    return (folder / "x.db").read_bytes()


@pytest.mark.parametrize(("text", "encoding"), ENCODED)
@pytest.mark.parametrize("times", [1, 50])
def test_no_encoding_of_a_text_is_called_binary(text: str, encoding: str, times: int) -> None:
    assert find_binary((text * times).encode(encoding)) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"one\x0ctwo",
        b"\x1b[31mred\x1b[0m plain\n" * 9,
        b"a text with \0 one zero byte",
        b"N\bNA\bAM\bME\bE\n",
        b"saved by CP/M\r\n" + b"\x1a" * 100,
        b"text in a last block\n" + b"\0" * 400,
        b"00714 4500\x1e00100\x1f\x1e\x1d",
        b"x^2 + y^2 = z^2",
        b"MZ is a name, ID3 a tag, RIFF a form",
        b"PK and PAR1 are no files",
        b"",
        b" \n",
    ],
)
def test_what_texts_hold_is_no_sign_of_binary_content(raw: bytes) -> None:
    assert find_binary(raw) is None


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "that of .png: a picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "that of .jpg: a picture"),
        (b"GIF89a\1\0\1\0\x80\0\0\0\0\0", "that of .gif: a picture"),
        (b"%PDF-1.7\n1 0 obj", "that of .pdf: rename it"),
        (b"{\\rtf1\\ansi hello}", "that of .rtf: rename it"),
        (pack_zip({"[Content_Types].xml": b"<t/>", "word/document.xml": b"<d/>"}), "that of .docx: rename it"),
        (pack_zip({"[Content_Types].xml": b"<t/>", "xl/workbook.xml": b"<d/>"}), "that of .xlsx: rename it"),
        (pack_zip({"mimetype": b"application/epub+zip"}, 0), "that of .epub: rename it"),
        (pack_zip({"mimetype": b"application/vnd.oasis.opendocument.text"}, 0), "that of .odt: rename it"),
        (pack_zip({"a.txt": b"text"}), "that of .zip: rename it"),
        (pack_tar({"a.txt": b"text " * 9000}), "that of .tar: rename it"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "that of .doc: save it as .docx"),
        (pickle.dumps({"weights": [1, 2, 3]}), "that of .pkl: export"),
        (zlib.compress(b"a short text"), "zlib"),
        (b"\x7fELF\2\1\1" + bytes(60), "a program"),
        (struct.pack("<100d", *(1 / number for number in range(1, 101))), "control characters"),
        (random.Random(7).randbytes(3000), "control characters"),
        (b"\xff\xfe" + random.Random(8).randbytes(3000), "control characters"),
        (b"\0" * 50, "nothing but zero bytes"),
    ],
)
def test_binary_content_is_told_with_what_to_do(raw: bytes, told: str) -> None:
    shown = find_binary(raw)
    assert shown is not None
    assert told in shown.detail


@pytest.mark.parametrize("kind", sorted(OF_TEXT))
def test_every_kind_of_text_refuses_binary_content(tmp_path: Path, kind: str) -> None:
    name = "a.py" if kind == "code" else f"a{kind}"
    for raw in (sqlite(tmp_path), zlib.compress(b"text " * 300), pack_zip({"a.txt": b"text"})):
        write(tmp_path / "all" / name, raw)
        write(tmp_path / "all" / f"{name}.gz", gzip.compress(raw))
        assert found(tmp_path / "all") == [(name, "binary_file"), (f"{name}.gz", "binary_file")]


def test_a_source_keeps_its_texts_beside_binary_files(tmp_path: Path) -> None:
    write(tmp_path / "one.txt", "a text")
    write(tmp_path / "two.md", pack_zip({"[Content_Types].xml": b"", "word/document.xml": b""}))
    write(tmp_path / "page.html", b"\x89PNG\r\n\x1a\n" + bytes(80))
    write(tmp_path / "wide.txt", ZH.encode("utf-16-le"))
    write(tmp_path / "texts.zip", pack_zip({"in.txt": b"\0\1\2\3" * 50}))
    assert found(tmp_path) == [
        ("one.txt", "a text"),
        ("page.html", "binary_file"),
        ("texts.zip/in.txt", "binary_file"),
        ("two.md", "binary_file"),
        ("wide.txt", ZH),
    ]


def test_a_packed_text_that_is_cut_is_kept_up_to_the_cut() -> None:
    packed = gzip.compress(random.Random(3).randbytes(3000).hex().encode())
    *kept, fault = readings("a.txt.gz", packed[: len(packed) // 2])
    assert [len(each.text) > 1000 for each in kept] == [True]
    assert (fault.position, fault.reason) == ("#after-1", "truncated")


@given(text=st.text(st.characters(categories=("L", "M", "N", "P", "Zs"), max_codepoint=0xFFFF), max_size=300))
@settings(max_examples=100)
def test_text_of_any_letters_is_text(text: str) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert find_binary(text.encode(encoding)) is None
