"""Decoding: the encoding found or given, no byte lost in silence, the same text whole and in blocks."""

from __future__ import annotations

import codecs
import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.extraction.encoding.decode import Decoded, DecodedStream, decode, detect

SHARED = os.environ.get("CPT_SHARED")
needs_shared = pytest.mark.skipif(not SHARED, reason="CPT_SHARED does not name the folder of real corpora")

RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю."
PHRASES = [
    (RUSSIAN, ("cp1251", "koi8-r", "iso8859-5", "cp866")),
    ("Чуєш їх, доцю, га? Кумедна ж ти, прощайся без ґольфів!", ("cp1251", "koi8-u")),
    ("今日は良い天気ですね。明日は雨が降るそうです。", ("shift_jis", "euc_jp", "iso2022_jp", "utf-16-le")),
    ("오늘은 날씨가 참 좋습니다. 내일은 비가 온다고 합니다.", ("euc_kr", "johab", "utf-16-be")),
    ("今天天气很好，我们去公园散步吧。", ("gb18030", "utf-16-le", "utf-16-be", "utf-32-le")),
    ("今天天氣很好，我們去公園散步吧。", ("big5", "utf-16-le")),
    ("Ο καιρός σήμερα είναι πολύ καλός.", ("cp1253", "iso8859-7")),
    ("מזג האוויר היום יפה מאוד, בוא נצא לטיול.", ("cp1255",)),
    ("الطقس اليوم جميل جدا، هيا نخرج للمشي.", ("cp1256", "iso8859-6")),
    ("Das Wetter ist heute schön, für später ist Regen möglich.", ("cp1252", "mac-roman", "cp850")),
    ("Le garçon a déjà mangé la crème brûlée à côté de la fenêtre.", ("cp1252",)),
    ("Pogoda jest dziś piękna, więc pójdziemy się przejść.", ("cp1250", "iso8859-2")),
    ("Příliš žluťoučký kůň úpěl ďábelské ódy.", ("cp1250", "iso8859-2")),
    ("Bugün hava çok güzel, yürüyüşe çıkalım mı?", ("cp1254",)),
    ("วันนี้อากาศดีมาก เราไปเดินเล่นกันเถอะ", ("cp874",)),
]


@pytest.mark.parametrize(("text", "encoding"), [(text, each) for text, encodings in PHRASES for each in encodings])
def test_one_sentence_in_a_legacy_encoding_is_read(text: str, encoding: str) -> None:
    decoded = decode(text.encode(encoding))
    assert (decoded.text, decoded.num_bad_bytes) == (text, 0)


@needs_shared
@pytest.mark.feature(23)
def test_files_of_a_known_encoding_read_as_that_encoding_does() -> None:
    folder = Path(SHARED or "") / "data/encodings"
    codec = {"Big5": "big5", "windows-1251-russian": "cp1251", "windows-1252": "cp1252", "GB2312": "gbk"}
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.parent.name != "EUC-TW"]
    wrong = [
        path.relative_to(folder).as_posix()
        for path in paths
        if decode(path.read_bytes()).text != path.read_bytes().decode(codec.get(path.parent.name, path.parent.name))
    ]
    assert len(paths) == 119
    assert wrong == []


@needs_shared
@pytest.mark.feature(23)
def test_all_books_in_gb18030_come_in_and_only_two_bytes_of_one_are_bad() -> None:
    folder = Path(SHARED or "") / "data/domain_zh_tcm_gb18030"
    books = {path.name: (path.read_bytes(), decode(path.read_bytes())) for path in sorted(folder.glob("*.txt"))}
    assert [book.encoding for _, book in books.values()] == ["gb18030"] * 26
    assert {name: book.bad_offsets for name, (_, book) in books.items() if book.num_bad_bytes} == {
        "203-婴童类萃.txt": (27395, 66497)
    }
    raw, book = books["203-婴童类萃.txt"]
    assert book.text.replace("\ufffd", "") == raw.decode("gb18030", "ignore")
    assert len(book.text) == 86841
    assert book.detail == "2 bytes are not gb18030; undecodable parts begin at byte 27395, 66497"


@settings(deadline=None, max_examples=60)
@given(raw=st.binary(max_size=300))
def test_any_bytes_become_what_python_makes_of_them_and_replacements_are_counted(raw: bytes) -> None:
    decoded = decode(raw)
    assert decoded.text == raw.decode(decoded.encoding, "replace").removeprefix("\ufeff")
    try:
        raw.decode(decoded.encoding)
    except UnicodeDecodeError as error:
        assert decoded.num_bad_bytes > 0
        assert decoded.bad_offsets[0] == error.start
    else:
        assert (decoded.num_bad_bytes, decoded.bad_offsets, decoded.detail) == (0, (), None)


@settings(deadline=None, max_examples=60)
@given(
    text=st.text(st.sampled_from("ab \n中文本草〜カﾅ가éжя"), max_size=40),
    noise=st.binary(max_size=4),
    encoding=st.sampled_from([None, "utf-8", "gb18030", "shift_jis", "euc_kr", "utf-16-le", "cp1251", "iso2022_jp"]),
    block_bytes=st.integers(1, 9),
)
def test_blocks_of_any_size_give_the_text_of_the_whole(
    text: str, noise: bytes, encoding: str | None, block_bytes: int
) -> None:
    raw = text.encode(encoding or "gb18030", "ignore") + noise + text.encode(encoding or "gb18030", "ignore")
    stream = DecodedStream(io.BytesIO(raw), encoding, block_bytes=block_bytes)
    pieces = "".join(stream)
    assert Decoded(pieces, stream.encoding, stream.num_bad_bytes, stream.bad_offsets) == decode(raw, encoding)


def test_a_stream_can_be_read_again_without_counting_twice() -> None:
    stream = DecodedStream(io.BytesIO(b"abc\xff" + "中文".encode() * 50), block_bytes=16)
    assert "".join(stream) == "".join(stream) == "abc\ufffd" + "中文" * 50
    assert (stream.encoding, stream.num_bad_bytes, stream.bad_offsets) == ("utf-8", 1, (3,))


@pytest.mark.feature(23)
def test_one_bad_byte_deep_in_a_utf8_file_is_counted_where_it_stands() -> None:
    before, after = ("床前明月光，疑是地上霜。\n" * 40_000).encode(), ("举头望明月，低头思故乡。\n" * 10).encode()
    decoded = decode(before + b"\xe4\xb8" + after)
    assert (decoded.encoding, decoded.num_bad_bytes, decoded.bad_offsets) == ("utf-8", 2, (len(before),))
    assert decoded.text == before.decode() + "\ufffd" + after.decode()


def test_legacy_text_after_a_long_ascii_head_is_found() -> None:
    raw = b"plain header line\n" * 10_000 + (RUSSIAN + "\n").encode("koi8-r") * 20
    assert decode(raw).encoding == "koi8-r"
    assert decode(raw).text.endswith(RUSSIAN + "\n")


def test_only_the_first_ten_bad_parts_are_named_and_all_are_counted() -> None:
    decoded = decode(b"a\xff" * 30, "utf-8")
    assert (decoded.num_bad_bytes, decoded.bad_offsets) == (30, tuple(range(1, 20, 2)))
    assert (decoded.detail or "").endswith("17, 19, ...")


def test_a_replacement_character_that_the_file_holds_is_not_a_bad_byte() -> None:
    assert decode("a\ufffdb".encode()) == Decoded("a\ufffdb", "utf-8", 0)


@pytest.mark.parametrize(
    ("mark", "encoding", "rest"),
    [
        (codecs.BOM_UTF8, "utf-8-sig", "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16", "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16", "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32", "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32", "utf-32-be"),
        (b"\x84\x31\x95\x33", "gb18030", "gb18030"),
    ],
)
def test_a_byte_order_mark_is_stripped_and_beats_a_given_encoding(mark: bytes, encoding: str, rest: str) -> None:
    raw = mark + "本草 text".encode(rest)
    assert decode(raw) == decode(raw, "cp1252") == Decoded("本草 text", encoding, 0)
    assert detect(raw) == encoding


@pytest.mark.parametrize(
    ("raw", "label", "encoding", "text"),
    [
        ("图书〇馆".encode("gb18030"), "gb2312", "gbk", "图书〇馆"),
        (b"\xd5\xc5\xa1\xa4\xc8\xfd\xa1\xaa", "gb2312", "gbk", "张·三—"),
        ("㐀—".encode("gb18030"), "gb2312", "gb18030", "㐀—"),
        (b"10\x81\x6020", "shift_jis", "shift_jis", "10〜20"),
        (b"10\x81\x6020\x87\x40", "shift_jis", "cp932", "10～20①"),
        (b"\x93quoted\x94 caf\xe9", "iso-8859-1", "cp1252", "“quoted” café"),
        ("뷁".encode("cp949"), "euc-kr", "cp949", "뷁"),
    ],
)
def test_a_label_stands_for_its_family(raw: bytes, label: str, encoding: str, text: str) -> None:
    assert decode(raw, label) == Decoded(text, encoding, 0)


def test_a_given_encoding_is_kept_and_its_bad_bytes_are_counted() -> None:
    assert decode("é".encode(), "cp1251") == Decoded("Г©", "cp1251", 0)
    assert decode("été".encode("cp1252"), "utf-8") == Decoded("\ufffdt\ufffd", "utf-8", 2, (0, 2))


@pytest.mark.parametrize("label", ["no-such-encoding", "hex", "rot13", "idna", "unicode_escape"])
def test_a_name_that_is_no_encoding_is_refused(label: str) -> None:
    with pytest.raises(LookupError):
        decode(b"text", label)


def test_a_declaration_settles_a_close_call() -> None:
    assert decode(b'<?xml version="1.0" encoding="ISO-8859-15"?><p>10 \xa4</p>').text.endswith("10 €</p>")
    assert decode(b'<?xml version="1.0" encoding="windows-1252"?><p>10 \xa4</p>').text.endswith("10 ¤</p>")


def test_a_declaration_that_makes_the_text_unreadable_is_not_believed() -> None:
    raw = b'<meta charset="iso-8859-1">' + RUSSIAN.encode("cp1251")
    assert decode(raw).encoding == "cp1251"


@pytest.mark.parametrize(
    "label", ["idna", "punycode", "undefined", "hex", "utf-7", "utf-16", "unicode_escape", "cp037"]
)
def test_a_hostile_declaration_does_no_harm(label: str) -> None:
    raw = f'<?xml encoding="{label}"?>'.encode() + RUSSIAN.encode("cp1251")
    assert decode(raw).text.endswith(RUSSIAN)


def test_a_drawn_frame_does_not_hide_the_text_behind_it() -> None:
    frame = ("▒" * 600 + "\n").encode("johab")
    text = "오늘은 날씨가 참 좋습니다. 내일은 비가 온다고 합니다.\n"
    assert decode(frame + text.encode("johab") * 5).text == "▒" * 600 + "\n" + text * 5


@pytest.mark.parametrize("cut", range(1, 4))
def test_a_sample_may_end_within_a_character(cut: int) -> None:
    assert detect("今天天气很好，我们去公园散步吧。".encode()[:-cut]) == "utf-8"
    assert detect("今天天气很好，我们去公园散步吧。".encode("gb18030")[:-cut]) == "gb18030"


def test_no_bytes_are_no_text() -> None:
    assert decode(b"") == Decoded("", "utf-8", 0)
    assert list(DecodedStream(io.BytesIO(b""))) == []


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "cp1251", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("num_zeros", [16, 255, 512, 4096])
def test_zero_bytes_that_fill_a_block_do_not_decide(encoding: str, num_zeros: int) -> None:
    text = (
        "Четыре строки, обычные слова.\n" * 12
        if encoding == "cp1251"
        else "一行普通的话，四行。\nFour plain lines.\n" * 9
    )
    assert detect(text.encode(encoding) + b"\0" * num_zeros) == encoding
