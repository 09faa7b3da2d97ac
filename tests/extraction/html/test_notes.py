"""Footnotes of pages: neither taken for the foot of the page nor left inside a sentence."""

import pytest

from cpt_pipeline.extraction.html.notes import place_notes
from cpt_pipeline.extraction.html.page import extract_page

SENTENCE = "The committee met on Tuesday and agreed on the plan for the next three years of the project."


@pytest.mark.feature(15)
@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>We saw<aside role='doc-footnote'>A note.</aside> it.</p><p>Next.", "We saw it.|A note.|Next."),
        ("<p>We saw<span class=footnote>A <i>note</i>.</span> it.</p>", "We saw it.|A note."),
        ("<p>We saw<small role=doc-footnote>A note.</small> it<p>Next.", "We saw it|A note.|Next."),
        (
            "<p>We saw it.</p><aside class='footnote brackets' role='doc-footnote'><p>A note.</p></aside>",
            "We saw it.|A note.",
        ),
        ("<p>We saw it.</p><div class='footnote' id='footnote-1'>A note.</div>", "We saw it.|A note."),
        (
            "<section class='footnotes' role='doc-endnotes'><ol><li id='fn1'><p>A note.<a href='#fnref1' "
            "role='doc-backlink'>↩</a></p></li></ol></section>",
            "1. A note.",
        ),
        ("<dl><dt>It<dd>We saw<span class=footnote>A note.</span> it.</dl>", "It\nWe saw it.\nA note."),
        ("<p>We saw it.</p><aside class=sidebar><p>A note.</p></aside>", "We saw it."),
    ],
)
def test_a_note_of_a_page_is_a_paragraph_behind_the_one_that_it_stands_in(markup: str, text: str) -> None:
    html = f"<html><body><article><p>{SENTENCE}</p>{markup}<p>{SENTENCE}</p></article></body></html>"
    page = extract_page(html)
    assert page is not None
    assert page.text.replace(SENTENCE, "").strip().split("\n\n") == text.split("|")


@pytest.mark.parametrize(
    "source",
    [
        "<p>a<span class='footnote-ref'>1</span> b</p>",
        "<p>a<aside class=footnote>b c</p>",
        "<div class=footer>footnote</div>",
        "<p class=x>the footnotes</p>",
    ],
)
def test_what_is_no_note_or_has_no_end_stays_as_it_is(source: str) -> None:
    assert place_notes(source) == source


@pytest.mark.feature(173)
def test_a_merged_cell_has_scripts_and_an_item_has_its_note_behind_it() -> None:
    table = (
        "<table><tr><td colspan=2>n / 10<sup>-5</sup><td>x</tr><tr><td>a<td>b<td>c</tr><tr><td>d<td>e<td>f</tr></table>"
    )
    items = "<ul><li>a dot<span class=footnote>A <i>note</i>.</span> more</li><li>next</li></ul>"
    page = extract_page(
        f"<html><body><article><p>{SENTENCE}</p>{table}{items}<p>{SENTENCE}</p></article></body></html>"
    )
    assert page is not None
    assert page.text.replace(SENTENCE, "").strip().split("\n\n") == [
        "| n / 10^-5 |  | x |\n|---|---|---|\n| a | b | c |\n| d | e | f |",
        "- a dot more\nA note.\n- next",
    ]
