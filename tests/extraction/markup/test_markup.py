"""Markup: paragraphs from block elements, every character outside skipped elements, tables and formulas by rule."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.extraction.markup.markup import ParagraphCollector

MATH = "xmlns:m='http://www.w3.org/1998/Math/MathML'"


def collect(markup: str, *skip: str) -> tuple[str, dict[str, int]]:
    collector = ParagraphCollector(skip)
    parser = ElementTree.XMLParser(target=collector)
    parser.feed(markup)
    text: str = parser.close()  # type: ignore[assignment]
    return text, collector.counts


def text_of(markup: str, *skip: str) -> str:
    return collect(markup, *skip)[0]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<d><title>T</title><para>Human\n  <term>anatomy</term>\n is.</para></d>", "T\n\nHuman anatomy is."),
        ("<d><para>before<list><item>a</item><item>b</item></list>after</para></d>", "before\n\na\n\nb\n\nafter"),
        ("<d>H<sub>2</sub>O<newline/>x</d>", "H_2O x"),
        ("<d> \n </d>", ""),
    ],
)
def test_paragraphs(markup: str, text: str) -> None:
    assert text_of(markup) == text


def test_skipped_elements_lose_their_text_and_nothing_after_them() -> None:
    assert text_of("<d><metadata>id<title>m</title></metadata><title>T</title> tail</d>", "metadata") == "T\n\ntail"


def test_namespaces_do_not_hide_names() -> None:
    assert text_of("<d xmlns='urn:x'>a <emphasis>b</emphasis><metadata>c</metadata></d>", "metadata") == "a b"


def test_depth_costs_nothing() -> None:
    assert text_of("<a>" * 100_000 + "x" + "</a>" * 100_000) == "x"


@pytest.mark.feature(134)
def test_tables_become_rows_of_markdown() -> None:
    markup = """<d><para>See<table><title>Groups</title><tgroup><thead><row><entry>Name</entry><entry>Form</entry></row>
        </thead><tbody><row><entry><para>Hydr</para><para>oxyl</para></entry><entry>O|H</entry></row><row><entry>x</entry>
        </row></tbody></tgroup><caption>Fig.</caption></table>after</para></d>"""
    rows = "| Name | Form |\n|---|---|\n| Hydr oxyl | O\\|H |\n| x |  |"
    assert collect(markup) == (
        f"See\n\nGroups\n\n{rows}\n\nFig.\n\nafter",
        {"tables": 1, "formulas": 0, "images": 0},
    )


def test_a_table_in_a_cell_gives_its_text_to_the_cell() -> None:
    markup = "<table><tr><td>a<table><tr><td>b</td><td>c</td></tr></table></td><td>d</td></tr></table>"
    assert collect(markup) == ("| a b c | d |\n|---|---|", {"tables": 2, "formulas": 0, "images": 0})


@pytest.mark.feature(134)
def test_formulas_and_images_are_counted() -> None:
    markup = (
        f"<d {MATH}>so <m:math><m:msub><m:mi>x</m:mi><m:mn>12</m:mn></m:msub></m:math>. "
        "<media alt='no'><image src='a'/></media><img/></d>"
    )
    assert collect(markup) == ("so $x_{12}$.", {"tables": 0, "formulas": 1, "images": 2})


def test_what_is_skipped_is_not_counted() -> None:
    assert collect("<d>a<meta><img/><table/></meta></d>", "meta") == ("a", {"tables": 0, "formulas": 0, "images": 0})


@pytest.mark.feature(173)
@pytest.mark.parametrize(
    ("markup", "text"),
    [
        # JATS
        (
            "<sec><label>2.1</label><title>Binding of <italic>RecA</italic></title><p><bold>In vivo</bold> we saw "
            "<xref rid='f'>Figure 1</xref> at 10<sup>−9</sup> M (<named-content>E. coli</named-content>).</p></sec>",
            "2.1 Binding of RecA\n\nIn vivo we saw Figure 1 at 10^−9 M (E. coli).",
        ),
        (
            "<ref><label>7</label><element-citation><name><surname>Doe</surname><given-names>J</given-names></name>"
            "<year>2001</year><source>Nature</source></element-citation></ref>",
            "7 Doe J 2001 Nature",
        ),
        ("<disp-formula>a = b<label>(3)</label></disp-formula>", "a = b\n\n(3)"),
        # TEI
        (
            "<div><head>Of <hi>Troy</hi></head><p><title>The Iliad</title> tells of <persName>Hector</persName>, "
            "<unheardOf>son</unheardOf> of Priam,<lb/>x<hi rend='superscript'>2</hi>.</p><lg><l>Sing,</l><l>o Muse</l>"
            "</lg></div>",
            "Of Troy\n\nThe Iliad tells of Hector, son of Priam, x^2.\n\nSing,\n\no Muse",
        ),
        # XHTML
        (
            "<body><p><big>T</big>he <font color='x'>valve</font> closes at <time>9:00</time>, <acronym>ECG</acronym> "
            "shows.</p><p>Next.</p></body>",
            "The valve closes at 9:00, ECG shows.\n\nNext.",
        ),
        (
            "<p>彼は<ruby>学<rt>まな</rt></ruby>ぶ<ruby><rb>汉</rb><rp>(</rp><rt>hàn</rt><rp>)</rp>字<rt>zì</rt></ruby></p>",
            "彼は学ぶ汉字",
        ),
        (
            "<p>10<sup>-5</sup> m, Ca<sup>2+</sup>, 1<sup>st</sup>, A<sup>®</sup></p>",
            "10^-5 m, Ca^{2+}, 1st, A®",
        ),
        (
            "<d>x<pre>\ndef f(x):\n    return <b>x</b>\n\n\n    # end\n</pre>y</d>",
            "x\n\ndef f(x):\n    return x\n\n\n    # end\n\ny",
        ),
        # words of nobody
        ("<d><entry1>A</entry1><entry2>B</entry2></d>", "A\n\nB"),
        ("<d>a <word>b</word> c</d>", "a b c"),
    ],
)
def test_one_paragraph_for_each_block_and_what_its_pieces_mean(markup: str, text: str) -> None:
    assert text_of(markup) == text


@pytest.mark.feature(173)
@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<ol><li>a</li><li><p>b</p><p>c</p></li><li/></ol>", "1. a\n\n2. b\n\nc"),
        ("<ol start='3' type='i'><li>a</li><li value='9'>b</li></ol>", "iii. a\n\nix. b"),
        ("<ol reversed='' start='2'><li>a</li><li>b<ol type='A'><li>c</li></ol></li></ol>", "2. a\n\n1. b\n\nA. c"),
        ("<d><ul><li>a</li><li><p>b</p><p>c</p></li><li/></ul>d</d>", "- a\n\n- b\n\nc\n\nd"),
        ("<ul><li>a<ol><li>b</li></ol></li><li><ul><li>c</li></ul></li></ul>", "- a\n\n1. b\n\n- c"),
        ("<list list-type='bullet'><list-item><p>a</p></list-item></list>", "- a"),
        ("<list list-type='simple'><list-item><p>a</p></list-item></list>", "a"),
        ("<list list-type='bullet'><list-item><label>•</label><p>a</p></list-item></list>", "- a"),
        ("<list rend='bulleted'><item>a</item></list>", "- a"),
        ("<itemizedlist><listitem><para>a</para></listitem></itemizedlist>", "- a"),
        ("<itemizedlist mark='none'><listitem><para>a</para></listitem></itemizedlist>", "a"),
        (
            "<list list-type='alpha-lower'><list-item><p>a</p></list-item><list-item><p>b</p></list-item></list>",
            "a. a\n\nb. b",
        ),
        ("<list list-type='order'><list-item><label>(1)</label><p>a</p></list-item></list>", "(1) a"),
        ("<orderedlist><listitem><para>a</para></listitem></orderedlist>", "1. a"),
        ("<list rend='numbered'><item>a</item></list>", "1. a"),
    ],
)
def test_items_of_lists_have_their_numbers_and_bullets(markup: str, text: str) -> None:
    assert text_of(markup) == text


def test_of_a_formula_in_several_notations_one_is_kept() -> None:
    tex = r"<tex-math>\documentclass{minimal}\begin{document}$$x_{12}$$\end{document}</tex-math>"
    math = "<m:math><m:mi>y</m:mi></m:math>"
    found, counts = collect(
        f"<p {MATH}>so <inline-formula><alternatives>{tex}{math}</alternatives></inline-formula>, "
        f"<inline-formula><alternatives>{math}{tex}</alternatives></inline-formula> and <tex-math>z</tex-math>.</p>"
    )
    assert (found, counts["formulas"]) == ("so $$x_{12}$$, $y$ and $z$.", 3)


def test_what_a_journal_tells_of_an_article_is_no_text_but_its_title_and_abstract() -> None:
    markup = (
        "<article><front><journal-meta><journal-id>J</journal-id></journal-meta><article-meta><article-id>1</article-id>"
        "<title-group><article-title>On <i>it</i></article-title></title-group><pub-date><year>2001</year></pub-date>"
        "<abstract><p>We saw.</p></abstract></article-meta></front><body><p>So.</p></body></article>"
    )
    assert text_of(markup, "journal-meta") == "On it\n\nWe saw.\n\nSo."


@pytest.mark.feature(173)
@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("2<sup>2<sup>n</sup></sup> x<sub>i<sub>k</sub></sub>", "2^{2^n} x_{i_k}"),
        (
            "10<sup><a href='x'>-5</a></sup> r<sup><font>2</font></sup> x<sup><i>n</i><!-- no -->+1</sup>",
            "10^-5 r^2 x^{n+1}",
        ),
        ("10<sup>-</sup><sup>5</sup> x<sub>i</sub><sup>2</sup>", "10^-5 x_i^2"),
        ("3 cm<sup><a href='/square'>2</a></sup> 10<sup><a href='/million'>6</a></sup>", "3 cm^2 10^6"),
        # marks of notes and references
        (
            "So.<sup><a href='#fn1'>1</a></sup> x<a href='#n'><sup>2</sup></a> it<sup><a href='/x'>3</a></sup>",
            "So.1 x2 it3",
        ),
        ("seen<sup><xref ref-type='bibr' rid='b'>4</xref>,<xref rid='c'>5</xref></sup>", "seen4,5"),
        (
            "seen<xref ref-type='bibr'><sup>12</sup></xref> so<sup>[3]</sup> to<sup class='footnote-ref'>6</sup>",
            "seen12 so[3] to6",
        ),
        ("<hi rend='italic superscript'>2</hi>", "^2"),
    ],
)
def test_scripts_are_told_from_marks_of_notes(markup: str, text: str) -> None:
    assert text_of(f"<p>{markup}</p>") == text


@pytest.mark.feature(173)
@pytest.mark.parametrize(
    "note",
    [
        "<fn><label>1</label><p>See <i>it</i>.</p></fn>",
        "<footnote><para>1 See it.</para></footnote>",
        "<note>1 See it.</note>",
        "<aside xmlns:epub='http://www.idpf.org/2007/ops' epub:type='footnote'>1 See it.</aside>",
        "<span role='doc-footnote'>1 See it.</span>",
    ],
)
@pytest.mark.parametrize("place", ["<p>We saw{} that</p>", "<td>We saw{} that</td>", "<title>We saw{} that</title>"])
def test_a_note_is_a_paragraph_behind_that_which_it_stands_in(note: str, place: str) -> None:
    assert text_of(f"<d>{place.format(note)}<p>Next.</p></d>") == "We saw that\n\n1 See it.\n\nNext."


def test_a_note_in_a_cell_stays_in_it_and_one_in_a_list_counts_nothing() -> None:
    cells = "<table><tr><td>a<fn><p>b</p></fn> c</td><td>d</td></tr></table>"
    assert text_of(cells) == "| a c b | d |\n|---|---|"
    items = "<ol><li>a<note>n<ol><li>m</li></ol></note> b</li><li>c</li></ol>"
    assert text_of(items) == "1. a b\n\nn\n\n1. m\n\n2. c"
    assert text_of("<p>a<note>b<note>c</note> d</note> e</p>") == "a e\n\nb d\n\nc"


@pytest.mark.feature(173)
@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (
            "<choice><sic>teh</sic><corr>the</corr></choice> <choice><expan>Doctor</expan><abbr>Dr</abbr></choice>",
            "the Doctor",
        ),
        ("<choice><orig>vpon <choice><sic>x</sic><corr>y</corr></choice></orig><reg>upon</reg></choice>", "upon"),
        ("<choice><unclear>one</unclear><unclear>two</unclear></choice> <sic>alone</sic>", "one alone"),
        ("<subst><del>old</del><add>new</add></subst> <del>gone</del>", "new"),
        ("<app><lem>a</lem><rdg>b</rdg></app> <app><rdg>c</rdg><rdgGrp><rdg>d</rdg></rdgGrp></app>", "a c"),
        ("10<hi rend='sup'><choice><sic>4</sic><corr>5</corr></choice></hi>", "10^5"),
    ],
)
def test_one_reading_of_tei_is_text(markup: str, text: str) -> None:
    assert text_of(f"<TEI><text><p>{markup}</p></text></TEI>") == text


def test_what_is_deleted_on_a_page_and_an_appendix_of_a_journal_stay() -> None:
    assert text_of("<p>a <del>b</del></p>") == "a b"
    assert text_of("<app-group><app><title>A</title><p>x</p></app></app-group>") == "A\n\nx"


OTHERS = ("<sup>", "<pre>", "<ol>", "<li>", "<label>", "<title>", "<q1>", "<ruby>", "<fn>", "<a>", "<hi>", "<app>")


@given(
    st.lists(
        st.sampled_from(
            ["<p>", "<b>", "<table>", "<tr>", "<td>", "<math>", "<mrow>", "<mtext>", "x", "y z", " ", *OTHERS]
        ),
        max_size=30,
    )
)
def test_no_letter_is_lost(parts: list[str]) -> None:
    opened = [part[1:-1] for part in parts if part.startswith("<")]
    markup = "<d>" + "".join(parts) + "".join(f"</{name}>" for name in reversed(opened)) + "</d>"
    expected = "".join(part for part in parts if not part.startswith("<"))
    found = text_of(markup)
    assert [found.replace("text", "").count(letter) for letter in "xyz"] == [expected.count(letter) for letter in "xyz"]


@pytest.mark.feature(173)
def test_a_merged_cell_has_scripts_and_an_item_has_its_note_behind_it() -> None:
    table = (
        "<table><tr><td colspan='2'>n / 10<sup>-5</sup></td><td>x</td></tr><tr><td>a</td><td>b</td>"
        "<td>c</td></tr></table>"
    )
    items = "<ul><li>a dot<footnote><p>A<sub>2</sub>.</p></footnote> more</li></ul>"
    assert text_of(f"<body>{table}{items}</body>") == (
        "| n / 10^-5 |  | x |\n|---|---|---|\n| a | b | c |\n\n- a dot more\n\nA_2."
    )


@pytest.mark.feature(172)
def test_a_table_in_a_note_in_a_cell_is_text_of_the_cell() -> None:
    columns = "<colspec colname='p'/><colspec colname='q'/><colspec colname='r'/>"
    table = "<informaltable><tgroup><row><entry>in</entry></row></tgroup></informaltable>"
    note = f"<footnote>{table}<screen>two\nlines</screen></footnote>"
    rows = (
        f"<row><entry>a{note}</entry><entry>b</entry><entry>c</entry></row>"
        "<row><entry>d</entry><entry namest='q' nameend='r'>e</entry></row><row><entry colname='r'>f</entry></row>"
    )
    text = text_of(f"<body><table><tgroup cols='3'>{columns}{rows}</tgroup></table></body>")
    assert text == "| a in two lines | b | c |\n|---|---|---|\n| d | e |  |\n|  |  | f |"
