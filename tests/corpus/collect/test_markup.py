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
        ("<d>H<sub>2</sub>O<newline/>x</d>", "H2O x"),
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


@given(
    st.lists(
        st.sampled_from(["<p>", "<b>", "<table>", "<tr>", "<td>", "<math>", "<mrow>", "<mtext>", "x", "y z", " "]),
        max_size=30,
    )
)
def test_no_letter_is_lost(parts: list[str]) -> None:
    opened = [part[1:-1] for part in parts if part.startswith("<")]
    markup = "<d>" + "".join(parts) + "".join(f"</{name}>" for name in reversed(opened)) + "</d>"
    expected = "".join(part for part in parts if not part.startswith("<"))
    found = text_of(markup)
    assert [found.replace("text", "").count(letter) for letter in "xyz"] == [expected.count(letter) for letter in "xyz"]
