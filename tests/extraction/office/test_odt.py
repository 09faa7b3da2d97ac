"""OpenDocument texts: headings, lists with their numbers, tables, scripts; nothing that was deleted or is hidden."""

import pytest

from cpt_pipeline.extraction.office.odt import parse_odt
from cpt_pipeline.extraction.office.params import OfficeParams
from tests.extraction.office.test_zipped import write_zip

NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "table", "style", "draw")
)
STYLES = """<style:style style:name="Up"><style:text-properties style:text-position="super 58%"/></style:style>
<style:style style:name="Higher" style:parent-style-name="Up"/>
<style:style style:name="Down"><style:text-properties style:text-position="-33% 58%"/></style:style>
<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>
<text:list-level-style-number text:level="2" style:num-format="a" style:num-prefix="(" style:num-suffix=")"/>
</text:list-style><text:list-style style:name="B"><text:list-level-style-bullet text:level="1" text:bullet-char="•"/>
<text:list-level-style-image text:level="2"/></text:list-style>"""


def odt(body: str, **more: bytes) -> bytes:
    content = (
        f"<office:document-content {NAMES}><office:automatic-styles>{STYLES}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    return write_zip({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": content.encode(), **more})


def text_of(body: str) -> str:
    (reading,) = parse_odt(odt(body), OfficeParams())
    assert reading.reason is None, reading.detail
    return reading.text


@pytest.mark.feature(172)
def test_the_text_of_a_document_comes_as_a_reader_sees_it() -> None:
    body = (
        "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
        '<text:h text:outline-level="1">Valves</text:h>'
        '<text:p>10<text:span text:style-name="Up">-5</text:span> m,<text:s text:c="2"/>H'
        '<text:span text:style-name="Down">2</text:span>O'
        "<office:annotation><text:p>no</text:p></office:annotation></text:p>"
        '<text:list text:style-name="L"><text:list-item><text:p>open</text:p><text:list><text:list-item><text:p>mitral'
        "</text:p></text:list-item></text:list></text:list-item><text:list-item><text:p>close</text:p></text:list-item>"
        "</text:list><table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>"
        "<table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table>"
    )
    assert text_of(body) == "Valves\n\n10^-5 m, H_2O\n\n1. open\n\n(a) mitral\n\n2. close\n\n| a | b |\n|---|---|"


@pytest.mark.feature(172)
def test_bullets_are_those_of_html() -> None:
    inner = "<text:list><text:list-item><text:p>mitral</text:p></text:list-item></text:list>"
    items = f"<text:list-item><text:p>valves</text:p>{inner}</text:list-item><text:list-item><text:p/></text:list-item>"
    head = "<text:list-header><text:p>Parts</text:p></text:list-header>"
    body = f'<text:list text:style-name="B">{head}{items}</text:list><text:p>end</text:p>'
    assert text_of(body) == "Parts\n\n- valves\n\n- mitral\n\nend"


@pytest.mark.feature(172)
def test_values_of_merged_cells_stand_under_their_headings() -> None:
    def cell(text: str, said: str = "") -> str:
        return f"<table:table-cell {said}><text:p>{text}</text:p></table:table-cell>"

    covered = "<table:covered-table-cell><text:p>hidden</text:p></table:covered-table-cell>"
    rows = (
        cell("region", 'table:number-rows-spanned="2"') + cell("cases", 'table:number-columns-spanned="2"') + covered,
        covered + cell("men") + cell("women") + '<table:table-cell table:number-columns-repeated="16381"/>',
        cell("north") + cell("1", 'table:number-columns-repeated="2"'),
        '<table:table-cell table:number-columns-repeated="2"/>' + cell("4"),
    )
    written = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    empty = '<table:table-row table:number-rows-repeated="1048571"><table:table-cell/></table:table-row>'
    assert text_of(f"<table:table>{written}{empty}</table:table>") == (
        "| region | cases |  |\n|---|---|---|\n|  | men | women |\n| north | 1 | 1 |\n|  |  | 4 |"
    )


@pytest.mark.feature(173)
def test_notes_and_text_boxes_do_not_tear_a_sentence_and_spans_share_a_script() -> None:
    note = (
        '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body>'
        "<text:p>A note.</text:p></text:note-body></text:note>"
    )
    box = "<draw:frame><draw:text-box><text:p>A box.</text:p></draw:text-box></draw:frame>"
    up = '<text:span text:style-name="Higher">{}</text:span>'
    body = f"<text:p>We saw 10{up.format('-')}{up.format('5')}{note}{box} of them.</text:p><text:p>Next.</text:p>"
    assert text_of(body) == "We saw 10^-5 of them.\n\nA note.\n\nA box.\n\nNext."


def test_a_file_that_is_locked_or_none_is_named() -> None:
    manifest = b"<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"
    (locked,) = parse_odt(odt("", **{"META-INF/manifest.xml": manifest}), OfficeParams())
    (broken,) = parse_odt(write_zip({"content.xml": b"<a>"}), OfficeParams())
    (other,) = parse_odt(write_zip({"mimetype": b"image/png", "content.xml": b"<a/>"}), OfficeParams())
    assert [each.reason for each in (locked, broken, other)] == ["encrypted", "not_odt", "not_odt"]


@pytest.mark.feature(173)
def test_a_merged_cell_has_scripts_and_an_item_has_its_note_behind_it() -> None:
    up = '<text:span text:style-name="Higher">-5</text:span>'
    covered = "<table:covered-table-cell><text:p>no</text:p></table:covered-table-cell>"
    cells = "".join(f"<table:table-cell><text:p>{each}</text:p></table:table-cell>" for each in "ab")
    table = (
        '<table:table><table:table-row><table:table-cell table:number-columns-spanned="2">'
        f"<text:p>n / 10{up}</text:p></table:table-cell>{covered}</table:table-row>"
        f"<table:table-row>{cells}</table:table-row></table:table>"
    )
    note = "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>A{}.</text:p></text:note-body>"
    item = f"<text:list-item><text:p>a dot{note.format(up)}</text:note> more</text:p></text:list-item>"
    assert text_of(f'{table}<text:list text:style-name="B">{item}</text:list>') == (
        "| n / 10^-5 |  |\n|---|---|\n| a | b |\n\n- a dot more\n\nA^-5."
    )
