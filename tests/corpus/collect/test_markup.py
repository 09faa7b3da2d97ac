"""Markup: paragraphs from block elements, every character outside skipped elements, no depth limit."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.collect.markup import ParagraphCollector


def text_of(markup: str, *skip: str) -> str:
    parser = ElementTree.XMLParser(target=ParagraphCollector(skip))
    parser.feed(markup)
    text: str = parser.close()  # type: ignore[assignment]
    return text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<d><title>T</title><para>Human\n  <term>anatomy</term>\n is.</para></d>", "T\n\nHuman anatomy is."),
        ("<d><para>before<list><item>a</item><item>b</item></list>after</para></d>", "before\n\na\n\nb\n\nafter"),
        ("<d>H<sub>2</sub>O<newline/>x</d>", "H2O x"),
        (
            "<d xmlns:m='http://www.w3.org/1998/Math/MathML'>so <m:math><m:mn>1</m:mn><m:mn>2</m:mn></m:math>.</d>",
            "so 1 2 .",
        ),
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


@given(st.lists(st.sampled_from(["<p>", "<b>", "x", "y z", " "]), max_size=30))
def test_no_letter_is_lost(parts: list[str]) -> None:
    opened = [part[1] for part in parts if part.startswith("<")]
    markup = "<d>" + "".join(parts) + "".join(f"</{name}>" for name in reversed(opened)) + "</d>"
    expected = "".join("".join(part for part in parts if not part.startswith("<")).split())
    assert "".join(text_of(markup).split()) == expected
