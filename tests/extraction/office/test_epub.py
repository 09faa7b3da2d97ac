from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.extraction.office.epub import EpubParams, chapter_text, parse_epub, read_epub
from cpt_pipeline.extraction.office.zipped import ZipParams
from cpt_pipeline.extraction.reading import Reading
from cpt_pipeline.extraction.sandbox import Sandbox
from tests.extraction.office.test_zipped import write_zip

CONTAINER = b"""<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
LOCKED = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"
 xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:EncryptionMethod Algorithm="{method}"/>
<enc:CipherData><enc:CipherReference URI="{name}"/></enc:CipherData></enc:EncryptedData></encryption>"""
LAUGHS = "<!DOCTYPE d [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {new} '{f'&{old};' * 10}'>" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
) + "]>"  # fmt: skip


def page(body: str, before: str = "") -> bytes:
    return f"{before}<html xmlns='http://www.w3.org/1999/xhtml'><head><title>T</title></head><body>{body}</body></html>".encode()


def package(names: list[str], properties: Mapping[str, str] = {}) -> bytes:
    items = "".join(
        f'<item id="i{n}" href="{name}" media-type="application/xhtml+xml" properties="{properties.get(name, "")}"/>'
        for n, name in enumerate(names)
    )
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(len(names)))
    return f"""<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>On  Hearts</dc:title><dc:language>en</dc:language><dc:date>2020-05-17T00:00:00Z</dc:date></metadata>
<manifest>{items}</manifest><spine>{spine}</spine></package>""".encode()


def book(chapters: dict[str, bytes], more: dict[str, bytes] | None = None, **properties: str) -> bytes:
    names = package(list(chapters), {f"{name}.xhtml": value for name, value in properties.items()})
    members = {"META-INF/container.xml": CONTAINER, "OPS/book.opf": names}
    return write_zip({**members, **{f"OPS/{name}": raw for name, raw in chapters.items()}, **(more or {})})


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def read(raw: bytes, sandbox: Sandbox, params: EpubParams | None = None) -> list[Reading]:
    return list(read_epub(raw, params or EpubParams(), sandbox))


def test_chapters_come_in_the_order_of_the_spine_with_what_the_book_says_of_itself(sandbox: Sandbox) -> None:
    readings = read(book({"z.xhtml": page("<h1>One</h1><p>First.</p>"), "a.xhtml": page("<p>第二章</p>")}), sandbox)
    assert [(reading.position, reading.text) for reading in readings] == [("#1", "One\n\nFirst."), ("#2", "第二章")]
    about = {"title": "On Hearts", "language": "en", "published": "2020-05-17"}
    assert readings[0].fields == {**about, "tables": 0, "formulas": 0, "images": 0}


def test_tables_formulas_and_images_are_kept_by_rule_and_counted(sandbox: Sandbox) -> None:
    body = (
        "<p>See <img src='x.png' alt=''/> and <math xmlns='http://www.w3.org/1998/Math/MathML'><mfrac><mn>1</mn>"
        "<mi>x</mi></mfrac></math>.</p><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"
    )
    (reading,) = read(book({"a.xhtml": page(body)}), sandbox)
    assert reading.text == "See and $\\frac{1}{x}$.\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    assert {name: reading.fields[name] for name in ("tables", "formulas", "images")} == {
        "tables": 1,
        "formulas": 1,
        "images": 1,
    }


def test_each_chapter_that_gives_no_text_says_why(sandbox: Sandbox) -> None:
    chapters = {
        "toc.xhtml": page("<nav><a>One</a></nav>"),
        "cover.xhtml": page("<img src='c.jpg'/>"),
        "..%2F..%2Fetc%2Fpasswd": b"x",
        "picture.svg": b"<svg/>",
        "ok.xhtml": page("Text."),
    }
    readings = read(book(chapters, toc="nav"), sandbox)
    assert [reading.reason for reading in readings] == [
        "table_of_contents",
        "empty",
        "missing_part",
        "unsupported_format",
        None,
    ]
    assert readings[1].fields["images"] == 1


def test_names_of_html_characters_are_known() -> None:
    assert chapter_text(page("a&nbsp;b &eacute; &lt; &hearts; &copy;"), 1000)[0] == "a b é < ♥ ©"


def test_a_chapter_that_is_no_xml_is_read_as_html_and_counted() -> None:
    text, counts = chapter_text("<html><body><p>Tom & Jerry<br>met <b>twice<p>第二段</body>".encode(), 1000)
    assert text == "Tom & Jerry met twice\n\n第二段"
    assert counts["repaired_chapters"] == 1


@pytest.mark.parametrize("max_bytes", [1 << 20, 1 << 30])
@pytest.mark.parametrize("before", [LAUGHS, LAUGHS.replace("ha", "ha" * 5000)])
def test_entities_that_multiply_cost_the_chapter(before: str, max_bytes: int, sandbox: Sandbox) -> None:
    params = EpubParams(max_chapter_bytes=max_bytes)
    readings = read(book({"a.xhtml": page("&i;", before), "b.xhtml": page("fine")}), sandbox, params)
    assert [(reading.reason, reading.text) for reading in readings] == [("too_large", ""), (None, "fine")]


def test_deep_nesting_costs_nothing(sandbox: Sandbox) -> None:
    (reading,) = read(book({"a.xhtml": page("<div>" * 50_000 + "deep" + "</div>" * 50_000)}), sandbox)
    assert reading.text == "deep"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not_epub"),
        (book({"a.xhtml": page("x")})[:-40], "not_epub"),
        (write_zip({"word/document.xml": b"<x/>"}), "not_epub"),
        (write_zip({"META-INF/container.xml": b"<container/>"}), "not_epub"),
        (write_zip({"META-INF/container.xml": CONTAINER, "OPS/book.opf": b"<package"}), "not_epub"),
        (book({}), "not_epub"),
        (book({"a.xhtml": bytes(8 << 20)}), "zip_bomb"),
        (
            book(
                {"a.xhtml": b"x"}, {"META-INF/encryption.xml": LOCKED.format(method="aes", name="OPS/a.xhtml").encode()}
            ),
            "encrypted",
        ),
    ],
)
def test_a_file_that_is_no_readable_book_is_one_reading(raw: bytes, reason: str, sandbox: Sandbox) -> None:
    assert [(reading.position, reading.reason) for reading in read(raw, sandbox)] == [("", reason)]


def test_one_damaged_chapter_costs_one_record(sandbox: Sandbox) -> None:
    raw = bytearray(book({"a.xhtml": page("One " * 200), "b.xhtml": page("Two")}))
    at = raw.index(b"OPS/a.xhtml") + len("OPS/a.xhtml") + 40
    raw[at : at + 4] = b"\xff\xff\xff\xff"
    assert [reading.reason for reading in read(bytes(raw), sandbox)] == ["damaged_part", None]


def test_hidden_fonts_lock_no_book(sandbox: Sandbox) -> None:
    hidden = LOCKED.format(method="http://www.idpf.org/2008/embedding", name="OPS/f.otf").encode()
    (reading,) = read(book({"a.xhtml": page("free")}, {"META-INF/encryption.xml": hidden}), sandbox)
    assert reading.text == "free"


def test_a_book_larger_than_the_cap_is_too_large(sandbox: Sandbox) -> None:
    params = EpubParams(zip=ZipParams(max_unpacked_bytes=3000))
    readings = read(book({"a.xhtml": page("a b c " * 300), "b.xhtml": page("d e f " * 300)}), sandbox, params)
    assert [reading.reason for reading in readings] == ["too_large"]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_bytes_never_raise(data: st.DataObject) -> None:
    raw = bytearray(book({"a.xhtml": page("<p>One</p>"), "b.xhtml": page("<p>Two</p>")}))
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    for reading in parse_epub(bytes(raw), EpubParams()):
        assert (reading.reason is None) == bool(reading.text)


@pytest.mark.feature(173)
def test_code_lists_scripts_and_ruby_of_a_chapter_keep_what_they_mean(sandbox: Sandbox) -> None:
    body = (
        "<pre>def f(x):\n    return x\n</pre><ol start='3'><li>a</li><li>b</li></ol>"
        "<p>10<sup>-5</sup> of H<sub>2</sub>O</p><p><ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby></p>"
    )
    text = "def f(x):\n    return x\n\n3. a\n\n4. b\n\n10^-5 of H_2O\n\n漢字"
    assert [each.text for each in read(book({"a.xhtml": page(body), "b.xhtml": page(body + "<br>")}), sandbox)] == [
        text,
        text,
    ]
