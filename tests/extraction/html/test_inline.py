import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.extraction.html.inline import (
    keep_sentences,
    shield_lone_characters,
    write_scripts,
)
from cpt_pipeline.extraction.html.marks import ICON, LONE, bare_marks


@pytest.mark.parametrize(
    "text",
    [
        "水",
        "✓",
        "✗",
        "→",
        "►",
        "♥",
        "&#10003;",
        " 水\n",
        "&le;",
        "&#8804;",
        "&#x4E0D",
        "€",
        "—",
        "n&eacute;",
        "né",
        "5°",
        "a&nbsp;",
    ],
)
def test_a_text_that_the_parser_takes_for_an_icon_gets_a_mark(text: str) -> None:
    assert bare_marks(shield_lone_characters(f"<b>{text}</b>")) == f"<b>{text}{LONE}</b>"
    assert bare_marks(shield_lone_characters(text)) == text + LONE


@pytest.mark.parametrize("text", ["x", "xy", "水火", "é", "ж", "😀", "&nbsp;", "\u3000", "\u200b", "\ufe0f", "&amp;"])
def test_blanks_and_what_the_parser_keeps_get_none(text: str) -> None:
    assert shield_lone_characters(f"<b>{text}</b>") == f"<b>{text}</b>"


@pytest.mark.parametrize("text", ["\ue123", "\uf0c9", "☰", "&#xf0c9;", "&#9776;"])
def test_the_glyph_of_an_icon_becomes_a_mark_of_its_own(text: str) -> None:
    assert bare_marks(shield_lone_characters(f"<b>{text}</b>")) == f"<b>{ICON}</b>"


def test_scripts_are_written_and_links_to_notes_are_not() -> None:
    assert write_scripts('10<sup class="x">-5</sup>') == '10<sup class="x">^-5</sup>'
    assert write_scripts("x<sub><i>i</i>,<b>j</b></sub>") == "x<sub>_{i,j}</sub>"
    assert write_scripts("a<sup>&minus;1</sup>") == "a<sup>^\u22121</sup>"
    for kept in ("<sup><a href=x>1</a></sup>", "<a href=x> <sup>1</sup></a>", "<sup>th</sup>", "<sup><img></sup>"):
        assert write_scripts(kept) == kept


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("2<sup>2<sup>n</sup></sup>", "2<sup>^{2^n}</sup>"),
        ("x<sub>i<sub>j</sub>+<sup>2</sup></sub>", "x<sub>_{i_j+^2}</sub>"),
        ("10<sup><a href='/x'>-5</a></sup>", "10<sup>^-5</sup>"),
        ("10<a href='#x'><sup class=y><font>-5</font></sup></a>", "10<a href='#x'><sup class=y>^-5</sup></a>"),
        ("3 cm<sup><a href='/square'>2</a></sup>", "3 cm<sup>^2</sup>"),
        ("x<sup><!-- <b> --><i>n</i><wbr>+1</sup>", "x<sup>^{n+1}</sup>"),
        ("10<sup>-</sup><sup class=x>5</sup>", "10<sup>^-5</sup>"),
        ("a<sub>x<sup>2</sub>", "a<sub>x<sup>2</sub>"),
        ("<sup>1</sub>", "<sup>1</sub>"),
    ],
)
def test_scripts_nest_and_have_children(source: str, written: str) -> None:
    assert write_scripts(source) == written


@pytest.mark.parametrize(
    "mark", ["<a href='#fn1'>1</a>", "<a href=/n.html>12</a>", "<a href='#a'>a</a>, <a href='#b'>b</a>", "[1]", "*"]
)
def test_marks_of_notes_get_no_sign(mark: str) -> None:
    assert write_scripts(f"seen<sup>{mark}</sup>") == f"seen<sup>{mark}</sup>"
    assert write_scripts("seen<sup class='footnote-ref'>1</sup>") == "seen<sup class='footnote-ref'>1</sup>"


@given(
    st.lists(
        st.sampled_from(["<sup>", "</sup>", "<sub>", "</sub>", "<i>", "<p>", "<!-- x -->", "x", "12", "y+"]),
        max_size=20,
    )
)
def test_scripts_lose_no_text(parts: list[str]) -> None:
    def letters(source: str) -> str:
        return re.sub(r"<[^<>]*>|[\^_{}]", "", source)

    assert letters(write_scripts("".join(parts))) == letters("".join(parts))


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


@pytest.mark.parametrize(
    "html",
    [
        "<p>{} was the day of the peace.</p>",
        "<div><li>{}，中华人民共和国成立。</div>",
        "<p>The treaty was signed on {}.</p>",
        "<td>条約は{}。",
        "<p>As {} says.<br>By",
    ],
)
@pytest.mark.parametrize(
    "tag",
    [
        "<time><time><time><time><time><time>3 May</time></time></time></time></time></time>",
        "<em rel=author>Ann</em>",
        "<span itemprop=author>Ann</span>",
    ],
)
def test_a_date_or_name_at_an_end_of_a_sentence_is_kept_too(html: str, tag: str) -> None:
    kept = keep_sentences(html.format(tag))
    assert "<time" not in kept and " rel=" not in kept and " itemprop=" not in kept


def test_a_class_of_bylines_in_a_sentence_is_taken_away_and_in_a_byline_it_stays() -> None:
    name = "<span class='x author'>Ann</span>"
    assert "data-class" in keep_sentences(f"<p>As {name} says, the mind brings the forms.</p>")
    for byline in (f"<p>By {name} on 3 May</p>", f"<p>{name}, editor</p>", f"<div>{name}<p>The mind brings it.</p>"):
        assert keep_sentences(byline) == byline


@pytest.mark.parametrize("html", ["<p>On {}</p>", "<p>{} the", "<li>{}</li>", "<td>a</td><td>{} b", "<p>By {}, <br>x"])
def test_a_byline_is_left_to_them(html: str) -> None:
    for tag in ("<time>3 May</time>", "<a rel=author href=x>Ann</a>"):
        assert keep_sentences(html.format(tag)) == html.format(tag)


@given(st.text(alphabet="<>/ abolip=&;水é\"'0-!", max_size=80))
def test_any_source_keeps_its_characters(source: str) -> None:
    assert bare_marks(shield_lone_characters(source)).replace(LONE, "") == source
