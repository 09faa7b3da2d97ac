import io
from collections.abc import Iterator

import docx as python_docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpt_pipeline.extraction.office.docx import DocxParams, parse_docx, read_docx
from cpt_pipeline.extraction.office.zipped import ZipParams
from cpt_pipeline.extraction.reading import Reading
from cpt_pipeline.extraction.sandbox import Sandbox
from tests.extraction.office.test_epub import LAUGHS
from tests.extraction.office.test_zipped import write_zip

NAMES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)
RELATIONS = b"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship
Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
Target="word/document.xml"/>
</Relationships>"""


def document(body: str, *, before: str = "", notes: str = "") -> bytes:
    main = f"{before}<w:document {NAMES}><w:body>{body}</w:body></w:document>".encode()
    more = {"word/footnotes.xml": f"<w:footnotes {NAMES}>{notes}</w:footnotes>".encode()} if notes else {}
    return write_zip({"_rels/.rels": RELATIONS, "word/document.xml": main, **more})


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*runs: str) -> str:
    return f"<w:p>{''.join(runs)}</w:p>"


def formula(inner: str) -> str:
    return paragraph(f"<m:oMath>{inner}</m:oMath>")


def mr(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def read(raw: bytes, sandbox: Sandbox, params: DocxParams | None = None) -> Reading:
    (reading,) = read_docx(raw, params or DocxParams(), sandbox)
    return reading


def test_a_file_of_a_word_processor_gives_headings_paragraphs_tables_and_title(sandbox: Sandbox) -> None:
    made = python_docx.Document()
    made.core_properties.title = "On Hearts"
    made.add_heading("The heart", 1)
    made.add_paragraph("It pumps ").add_run("blood").bold = True
    made.add_paragraph("心主血脉。")
    table = made.add_table(2, 2)
    for cell, text in zip((cell for row in table.rows for cell in row.cells), ("a", "b", "1", "x|y"), strict=True):
        cell.text = text
    held = io.BytesIO()
    made.save(held)
    reading = read(held.getvalue(), sandbox)
    assert reading.text == "The heart\n\nIt pumps blood\n\n心主血脉。\n\n| a | b |\n|---|---|\n| 1 | x\\|y |"
    assert reading.fields == {"tables": 1, "formulas": 0, "images": 0, "notes": 0, "title": "On Hearts"}


def test_values_of_merged_cells_stand_under_their_headings(sandbox: Sandbox) -> None:
    made = python_docx.Document()
    table = made.add_table(4, 3)
    for row, texts in enumerate((("region", "cases", ""), ("", "men", "women"), ("north", "1", "2"), ("", "3", "4"))):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    for first, last in (((0, 0), (1, 0)), ((0, 1), (0, 2)), ((2, 0), (3, 0))):
        table.cell(*first).merge(table.cell(*last))
    held = io.BytesIO()
    made.save(held)
    expected = "| region | cases |  |\n|---|---|---|\n|  | men | women |\n| north | 1 | 2 |\n|  | 3 | 4 |"
    assert read(held.getvalue(), sandbox).text == expected


def test_a_row_that_begins_later_and_a_table_in_a_cell_or_a_box_keep_their_places(sandbox: Sandbox) -> None:
    def table(*rows: str) -> str:
        return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"

    def cell(inner: str, columns: int = 1) -> str:
        return f'<w:tc><w:tcPr><w:gridSpan w:val="{columns}"/></w:tcPr>{inner}</w:tc>'

    a, b, c = (cell(paragraph(run(text))) for text in "abc")
    late = f'<w:trPr><w:gridBefore w:val="2"/></w:trPr>{cell(paragraph(run("z")))}'
    nested = cell(table(cell(paragraph(run("in")), 5) + cell(paragraph(run("side")))) + paragraph(), 2)
    box = f"<w:p><w:r><w:pict><w:txbxContent>{table(a, b)}</w:txbxContent></w:pict></w:r>{run('after')}</w:p>"
    assert read(document(table(a + b + c, late, nested + c) + box), sandbox).text == (
        "| a | b | c |\n|---|---|---|\n|  |  | z |\n| in side |  | c |\n\nafter\n\n| a |\n|---|\n| b |"
    )


def test_deleted_hidden_and_doubled_text_is_left_out(sandbox: Sandbox) -> None:
    body = paragraph(
        run("kept "),
        f"<w:del>{run('deleted')}</w:del>",
        run("hidden", "<w:vanish/>"),
        run("shown", '<w:vanish w:val="0"/>'),
        "<w:r><w:instrText>PAGE</w:instrText></w:r>",
        f"<mc:AlternateContent><mc:Choice>{run(' new')}</mc:Choice><mc:Fallback>{run('old')}</mc:Fallback>"
        "</mc:AlternateContent>",
        f"<w:ins>{run(' added')}</w:ins>",
    )
    assert read(document(body), sandbox).text == "kept shown new added"


def test_tabs_breaks_and_hyphens_are_characters(sandbox: Sandbox) -> None:
    body = paragraph("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r>")
    assert read(document(body), sandbox).text == "a b c-d"


def test_a_sign_in_a_script_is_of_the_script_and_styles_make_scripts_too(sandbox: Sandbox) -> None:
    raised = '<w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'
    styles = (
        f"<w:styles {NAMES}><w:style w:styleId='Up'><w:rPr><w:vertAlign w:val='superscript'/></w:rPr></w:style>"
        "<w:style w:styleId='Higher'><w:basedOn w:val='Up'/></w:style>"
        "<w:style w:styleId='Gone'><w:rPr><w:vanish/></w:rPr></w:style></w:styles>"
    )
    body = paragraph(
        run("10"),
        f"<w:r>{raised}<w:noBreakHyphen/><w:t>5</w:t></w:r>",
        run(" m"),
        run("2", '<w:rStyle w:val="Higher"/>'),
        run("no", '<w:rStyle w:val="Gone"/>'),
        run(" "),
        run("s", '<w:rStyle w:val="Up"/><w:vertAlign w:val="baseline"/>'),
        "<w:r><w:ptab/></w:r>",
        run("s", '<w:rStyle w:val="None"/>'),
    )
    main = f"<w:document {NAMES}><w:body>{body}</w:body></w:document>".encode()
    raw = write_zip({"_rels/.rels": RELATIONS, "word/document.xml": main, "word/styles.xml": styles.encode()})
    assert read(raw, sandbox).text == "10^-5 m^2 s s"


@pytest.mark.feature(173)
def test_symbols_of_fonts_are_characters_or_counted(sandbox: Sandbox) -> None:
    def sym(font: str, code: str) -> str:
        return f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>'

    body = paragraph(
        sym("Symbol", "F0B7"),
        run(" "),
        sym("Symbol", "F061"),
        sym("Symbol", "A3"),
        run("2 "),
        sym("Wingdings", "F0FC"),
        sym("MS Gothic", "2612"),
        sym("Wingdings", "F021"),
        sym("Own", "F0B7"),
        sym("Symbol", "x"),
        run(" \uf062", '<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>'),
        run(" \uf062"),
    )
    reading = read(document(body), sandbox)
    assert reading.text == "• α≤2 ✓☒ β \uf062"
    assert reading.fields["unknown_symbols"] == 3


@pytest.mark.feature(173)
def test_notes_and_text_boxes_do_not_tear_a_sentence(sandbox: Sandbox) -> None:
    box = "<w:r><w:drawing><w:txbxContent>{}{}</w:txbxContent></w:drawing></w:r>".format(
        paragraph(run("A box.")), paragraph(run("On."))
    )
    raised = '<w:vertAlign w:val="superscript"/>'
    reference = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    body = paragraph(run("We saw 10"), run("2", raised), reference, box, run(" of them.")) + paragraph(run("Next."))
    cell = f"<w:tbl><w:tr><w:tc>{paragraph(run('a'), reference, run(' c'))}</w:tc></w:tr></w:tbl>"
    note = f'<w:footnote w:id="2">{paragraph(run("A note."))}</w:footnote>'
    reading = read(document(body + cell, notes=note), sandbox)
    assert reading.text == "We saw 10^2 of them.\n\nA note.\n\nA box.\n\nOn.\n\nNext.\n\n| a c A note. |\n|---|"


def test_notes_follow_their_paragraph_and_pictures_are_counted(sandbox: Sandbox) -> None:
    body = paragraph(run("Text."), '<w:r><w:footnoteReference w:id="2"/></w:r>', "<w:drawing/>") + paragraph(
        run("Next.")
    )
    notes = (
        f'<w:footnote w:id="0">{paragraph()}</w:footnote><w:footnote w:id="2">{paragraph(run("A note."))}</w:footnote>'
    )
    reading = read(document(body, notes=notes), sandbox)
    assert reading.text == "Text.\n\nA note.\n\nNext."
    assert (reading.fields["notes"], reading.fields["images"]) == (1, 1)


@pytest.mark.parametrize(
    ("inner", "latex"),
    [
        (f"<m:f><m:num>{mr('1')}</m:num><m:den>{mr('x')}</m:den></m:f>", r"$\frac{1}{x}$"),
        (f"<m:sSup><m:e>{mr('x')}</m:e><m:sup>{mr('2')}</m:sup></m:sSup>", "$x^{2}$"),
        (f"<m:rad><m:radPr/><m:deg>{mr('3')}</m:deg><m:e>{mr('x')}</m:e></m:rad>", r"$\sqrt[3]{x}$"),
        (f"<m:rad><m:deg/><m:e>{mr('x')}</m:e></m:rad>", r"$\sqrt{x}$"),
        (
            f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{mr("i=1")}</m:sub><m:sup>{mr("n")}</m:sup>'
            f"<m:e>{mr('i')}</m:e></m:nary>",
            r"$\sum_{i = 1}^{n}i$",
        ),
        (
            f'<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr><m:e>{mr("a")}</m:e></m:d>',
            "$[a]$",
        ),
        (
            f"<m:m><m:mr><m:e>{mr('1')}</m:e><m:e>{mr('0')}</m:e></m:mr><m:mr><m:e>{mr('0')}</m:e><m:e>{mr('1')}</m:e>"
            "</m:mr></m:m>",
            r"$\begin{matrix} 1 & 0 \\ 0 & 1 \end{matrix}$",
        ),
        (f'<m:acc><m:accPr><m:chr m:val="\u20d7"/></m:accPr><m:e>{mr("v")}</m:e></m:acc>', r"$\vec{v}$"),
    ],
)
def test_a_formula_becomes_latex_and_is_counted(inner: str, latex: str, sandbox: Sandbox) -> None:
    reading = read(document(formula(inner)), sandbox)
    assert (reading.text, reading.fields["formulas"]) == (latex, 1)


def test_a_formula_nested_beyond_reason_is_read_as_its_text(sandbox: Sandbox) -> None:
    inner = "<m:sSup><m:e>" * 20_000 + mr("x") + "</m:e></m:sSup>" * 20_000
    reading = read(document(formula(inner)), sandbox, DocxParams(zip=ZipParams(max_ratio=10_000)))
    assert (reading.reason, reading.fields["formulas"], "x" in reading.text) == (None, 1, True)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not_docx"),
        (document(paragraph(run("x")))[:-30], "not_docx"),
        (write_zip({"_rels/.rels": RELATIONS}), "not_docx"),
        (
            write_zip({"_rels/.rels": RELATIONS.replace(b"word/", b"../word/"), "../word/document.xml": b"<x/>"}),
            "not_docx",
        ),
        (document("<w:p>"), "not_docx"),
        (document("&i;", before=LAUGHS.replace("ha", "ha" * 5000)), "not_docx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "not_docx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (document(f"<!--{'x' * (8 << 20)}-->"), "zip_bomb"),
        (document(paragraph()), "empty"),
    ],
)
def test_a_file_without_text_to_read_is_one_reading_with_a_reason(raw: bytes, reason: str, sandbox: Sandbox) -> None:
    assert (read(raw, sandbox).text, read(raw, sandbox).reason) == ("", reason)


def test_a_text_beyond_the_cap_is_too_large(sandbox: Sandbox) -> None:
    raw = document(paragraph(run("a" * 2000)))
    assert read(raw, sandbox, DocxParams(max_chars=1999)).reason == "too_large"
    assert read(raw, sandbox, DocxParams(max_chars=2000)).reason is None


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_bytes_never_raise(data: st.DataObject) -> None:
    raw = bytearray(document(paragraph(run("One")) + formula(mr("x"))))
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    reading = parse_docx(bytes(raw), DocxParams())
    assert (reading.reason is None) == bool(reading.text)


@given(st.lists(st.text(alphabet="ab中 文\u3000é", min_size=1).filter(str.strip), min_size=1, max_size=6))
def test_every_word_of_every_paragraph_is_kept_in_order(texts: list[str]) -> None:
    reading = parse_docx(document("".join(paragraph(run(text)) for text in texts)), DocxParams())
    assert reading.text == "\n\n".join(" ".join(text.split()) for text in texts)


NUMBERING = f"""<w:numbering {NAMES}>
<w:abstractNum w:abstractNumId="0">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="1">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:suff w:val="nothing"/>
<w:lvlText w:val="第%1章　"/><w:pStyle w:val="H1"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="2">
<w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="·"/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>
<w:num w:numId="3"><w:abstractNumId w:val="2"/></w:num>
<w:num w:numId="4"><w:abstractNumId w:val="0"/>
<w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride></w:num>
</w:numbering>"""
STYLES = f"""<w:styles {NAMES}><w:style w:styleId="H1"><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>
<w:style w:styleId="Own"><w:basedOn w:val="H1"/></w:style></w:styles>"""


def with_numbers(body: str) -> bytes:
    main = f"<w:document {NAMES}><w:body>{body}</w:body></w:document>".encode()
    parts = {"word/numbering.xml": NUMBERING.encode(), "word/styles.xml": STYLES.encode()}
    return write_zip({"_rels/.rels": RELATIONS, "word/document.xml": main, **parts})


def item(text: str, number: int, level: int = 0, style: str = "") -> str:
    named = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>' if number else ""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{named}</w:pPr>{run(text)}</w:p>'


@pytest.mark.feature(173)
def test_lists_have_the_numbers_that_word_writes(sandbox: Sandbox) -> None:
    body = (
        item("valves", 0, style="H1"),
        item("open", 1),
        item("mitral", 1, 1),
        item("aortic", 1, 1),
        item("close", 1),
        item("tricuspid", 1, 1),
        item("a dot", 3),
        item("vessels", 0, style="Own"),
        item("again", 4),
        item("on", 4),
        item("plain", 0),
    )
    assert read(with_numbers("".join(body)), sandbox).text.split("\n\n") == [
        "第一章　valves",
        "1. open",
        "1.a) mitral",
        "1.b) aortic",
        "2. close",
        "2.a) tricuspid",
        "- a dot",
        "第二章　vessels",
        "7. again",
        "8. on",
        "plain",
    ]


@pytest.mark.feature(173)
def test_bullets_are_those_of_html_and_an_empty_item_leaves_none(sandbox: Sandbox) -> None:
    made = python_docx.Document()
    made.add_paragraph("Valves", style="List Bullet")
    made.add_paragraph("mitral", style="List Bullet 2")
    made.add_paragraph("first", style="List Number")
    made.add_paragraph("", style="List Bullet")
    made.add_paragraph("They close.")
    held = io.BytesIO()
    made.save(held)
    assert read(held.getvalue(), sandbox).text == "- Valves\n\n- mitral\n\n1. first\n\nThey close."


def test_scripts_and_ruby_of_word_keep_what_they_mean(sandbox: Sandbox) -> None:
    raised, lowered = '<w:vertAlign w:val="superscript"/>', '<w:vertAlign w:val="subscript"/>'
    reading, base = (
        f"<w:{name}><w:r><w:t>{text}</w:t></w:r></w:{name}>" for name, text in (("rt", "まな"), ("rubyBase", "学"))
    )
    ruby = f"<w:r><w:ruby>{reading}{base}</w:ruby></w:r>"
    text = paragraph(
        run("10"), run("-", raised), run("5", raised), run(" m, H"), run("2", lowered), run("O")
    ) + paragraph(run("彼は"), ruby, run("ぶ"))
    assert read(document(text), sandbox).text == "10^-5 m, H_2O\n\n彼は学ぶ"


@pytest.mark.feature(173)
def test_a_merged_cell_has_scripts_and_symbols_and_an_item_has_its_note_behind_it(sandbox: Sandbox) -> None:
    def cell(inner: str, columns: int = 1) -> str:
        return f'<w:tc><w:tcPr><w:gridSpan w:val="{columns}"/></w:tcPr>{paragraph(inner)}</w:tc>'

    raised = '<w:vertAlign w:val="superscript"/>'
    alpha = '<w:r><w:sym w:font="Symbol" w:char="F061"/></w:r>'
    rows = (
        cell(run("n / 10") + run("-", raised) + run("5", raised), 2) + cell(alpha),
        *(cell(run(each)) for each in "abc"),
    )
    table = f"<w:tbl><w:tr>{rows[0]}</w:tr><w:tr>{''.join(rows[1:])}</w:tr></w:tbl>"
    noted = item("a dot", 3).replace("</w:p>", '<w:r><w:footnoteReference w:id="2"/></w:r>' + run(" more") + "</w:p>")
    main = f"<w:document {NAMES}><w:body>{table}{noted}{item('', 3)}{item('end', 0)}</w:body></w:document>"
    note = f'<w:footnotes {NAMES}><w:footnote w:id="2">{paragraph(run("A note."))}</w:footnote></w:footnotes>'
    parts = {"document": main, "numbering": NUMBERING, "styles": STYLES, "footnotes": note}
    raw = write_zip({"_rels/.rels": RELATIONS, **{f"word/{name}.xml": part.encode() for name, part in parts.items()}})
    assert read(raw, sandbox).text == (
        "| n / 10^-5 |  | α |\n|---|---|---|\n| a | b | c |\n\n- a dot more\n\nA note.\n\nend"
    )
