import pytest

from cpt_pipeline.extraction.html.encoding import decode_page

CHINESE = "模型通过继续预训练吸收领域知识。" * 5


@pytest.mark.parametrize(
    ("raw", "given", "text", "encoding"),
    [
        (f'<meta charset="gbk">{CHINESE}'.encode("gbk"), None, CHINESE, "gbk"),
        (f'<meta charset="big5">{CHINESE}'.encode("gbk"), None, CHINESE, None),
        (f'<meta charset="iso-8859-1">{CHINESE}'.encode("gbk"), None, CHINESE, None),
        ("<meta charset='ISO-8859-1'>Prüfung für Ärzte".encode("cp1252"), None, "Prüfung für Ärzte", None),
        ("<meta charset='windows-1251'>Привет, мир".encode("cp1251"), None, "Привет, мир", "cp1251"),
        (f'<meta charset="gbk">{CHINESE}'.encode(), None, CHINESE, "utf-8"),
        (CHINESE.encode("gb18030"), "gb18030", CHINESE, "gb18030"),
        (CHINESE.encode(), "no-such-encoding", CHINESE, "utf-8"),
        (CHINESE.encode("utf-16"), None, CHINESE, "utf-16"),
    ],
)
def test_a_declared_encoding_is_believed_unless_the_bytes_speak_against_it(
    raw: bytes, given: str | None, text: str, encoding: str | None
) -> None:
    decoded = decode_page(raw, given)
    assert text in decoded.text
    assert encoding is None or decoded.encoding == encoding
    assert decoded.num_bad_bytes == 0


def test_one_bad_byte_in_a_page_that_says_utf_8_does_not_change_its_encoding() -> None:
    decoded = decode_page(f'<meta charset="UTF-8">{CHINESE}'.encode() + b"\xe4 more", None)
    assert (decoded.encoding, decoded.num_bad_bytes) == ("utf-8", 1)
    assert CHINESE in decoded.text
