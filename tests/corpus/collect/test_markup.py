"""Markup: paragraphs from block elements, every character outside skipped elements, tables and formulas by rule."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.collect.markup import ParagraphCollector

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


OTHERS = ("<sup>", "<pre>", "<ol>", "<li>", "<label>", "<title>", "<q1>", "<ruby>")


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
