import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.collect.html_inline import (
    keep_sentences,
    shield_lone_characters,
    write_scripts,
)
from cpt_pipeline.corpus.collect.html_marks import LONE, bare_marks


@pytest.mark.parametrize(
    "text", ["水", " 水\n", "&le;", "&#8804;", "&#x4E0D", "€", "—", "n&eacute;", "né", "5°", "a&nbsp;"]
)
def test_a_text_that_the_parser_takes_for_an_icon_gets_a_mark(text: str) -> None:
    assert bare_marks(shield_lone_characters(f"<b>{text}</b>")) == f"<b>{text}{LONE}</b>"
    assert bare_marks(shield_lone_characters(text)) == text + LONE


@pytest.mark.parametrize(
    "text", ["x", "xy", "水火", "é", "ж", "😀", "\ue123", "►", "❯", "&nbsp;", "\u3000", "\u200b", "&amp;"]
)
def test_icons_blanks_and_what_the_parser_keeps_get_none(text: str) -> None:
    assert shield_lone_characters(f"<b>{text}</b>") == f"<b>{text}</b>"


def test_scripts_are_written_and_links_to_notes_are_not() -> None:
    assert write_scripts('10<sup class="x">-5</sup>') == '10<sup class="x">^-5</sup>'
    assert write_scripts("x<sub><i>i</i>,<b>j</b></sub>") == "x<sub>_{i,j}</sub>"
    assert write_scripts("a<sup>&minus;1</sup>") == "a<sup>^\u22121</sup>"
    for kept in ("<sup><a href=x>1</a></sup>", "<a href=x> <sup>1</sup></a>", "<sup>th</sup>", "<sup><img></sup>"):
        assert write_scripts(kept) == kept


@pytest.mark.parametrize(
    "html",
    [
        "on {} the",
        "在{}的",
        "<b>seen</b> {}, <i>and</i> more",
        "(see {}) or",
    ],
)
@pytest.mark.parametrize(
    "tag", ["<time datetime=x>3 May</time>", '<a rel="tag" href=x>3 May</a>', "<span itemprop=url>it</span>"]
)
def test_a_date_or_link_in_a_sentence_is_kept_from_the_rules_for_bylines(html: str, tag: str) -> None:
    assert keep_sentences(html.format(tag)) != html.format(tag)


@pytest.mark.parametrize("html", ["<p>On {}</p>", "<p>{} the", "<li>{}</li>", "<td>a</td><td>{} b", "<p>By {}, <br>x"])
def test_a_byline_is_left_to_them(html: str) -> None:
    for tag in ("<time>3 May</time>", "<a rel=author href=x>Ann</a>"):
        assert keep_sentences(html.format(tag)) == html.format(tag)


@given(st.text(alphabet="<>/ abolip=&;水é\"'0-!", max_size=80))
def test_any_source_keeps_its_characters(source: str) -> None:
    assert bare_marks(shield_lone_characters(source)).replace(LONE, "") == source
