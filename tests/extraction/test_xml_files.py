"""XML files: declared encodings, and every file that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus.collect.streams import pairs, read, readings

BOMB = '<!DOCTYPE d [<!ENTITY a "xxxxxxxxxx">' + "".join(
    f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True)
) + "]><d>&i;</d>"  # fmt: skip


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<d><title>Cells</title><metadata>id</metadata><para>A <term>cell</term>.</para></d>", "Cells\n\nA cell."),
        (b"<d><open></d>", "not_xml"),
        (BOMB.encode(), "not_xml"),
        (b"<?xml version='1.0' encoding='latin-1'?><d>na\xefve</d>", "naïve"),
        (b"<d>na\xefve</d>", "not_xml"),
        ('<?xml version="1.0" encoding="GB2312"?><d>汉字镕</d>'.encode("gbk"), "汉字镕"),
        ('<?xml version="1.0" encoding="gb18030"?><d>汉字'.encode("gb18030") + b"\xff</d>", "not_xml"),
        ('<?xml version="1.0" encoding="utf-16"?><d>汉字</d>'.encode("utf-16"), "汉字"),
        (b"<?xml version='1.0' encoding='no-such'?><d>x</d>", "not_xml"),
        (b"<d> </d>", "empty"),
        (b"<d>nul \0</d>", "not_xml"),
        (b"", "empty"),
    ],
)
def test_text_and_what_is_none(content: bytes, expected: str) -> None:
    assert read("a.xml", content) == [("", expected)]
    assert pairs(readings("a.cnxml", content, size=3)) == [("", expected)]


def test_a_given_encoding_beats_the_declared_one() -> None:
    content = '<?xml version="1.0" encoding="utf-8"?><d>漢字</d>'.encode("big5")
    (reading,) = readings("a.xml", content, encoding="big5")
    assert (reading.text, reading.fields["encoding"]) == ("漢字", "big5")


def test_entities_do_not_make_more_text_than_a_file_may_have() -> None:
    content = b'<!DOCTYPE d [<!ENTITY a "' + b"x" * 1000 + b'">]><d>' + b"&a;" * 50 + b"</d>"
    assert read("a.xml", content, max_record_bytes=2000) == [("", "too_large")]
    assert read("a.xml", content, max_record_bytes=60_000) == [("", "x" * 50_000)]
    assert read("a.xml", content, max_record_bytes=500) == [("", "too_large")]


@pytest.mark.feature(8)
@pytest.mark.feature(134)
def test_real_textbook_modules(shared: Path) -> None:
    counts = {"tables": 0, "formulas": 0, "images": 0}
    texts: dict[str, str] = {}
    for path in sorted((shared / "data/domain_en_anatomy").glob("*.cnxml")):
        (reading,) = readings(path.name, path.read_bytes())
        assert reading.reason is None
        texts[path.name] = reading.text
        counts = {name: number + reading.fields[name] for name, number in counts.items()}
    assert len(texts) == 159
    assert counts == {"tables": 78, "formulas": 59, "images": 572}
    text = texts["m45983.cnxml"]
    assert text.startswith("Overview of Anatomy and Physiology\n\nHuman anatomy is the scientific study of the body’s")
    assert "ada35081-9ec4-4eb8-98b2-3ce350d5427f" not in text
    assert r"$\text{N + 3H} \to \text{NH}_{3}$" in texts["m46004.cnxml"]
    assert "| Hydroxyl | —O—H | Hydroxyl groups are polar." in texts["m46008.cnxml"]
