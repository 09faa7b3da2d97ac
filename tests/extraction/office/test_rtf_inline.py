"""RTF: scripts, notes, symbols and characters beyond the first plane."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.extraction.office.rtf import rtf_paragraphs

FONTS = r"{\fonttbl{\f0\fcharset0 Times;}{\f3\froman\fcharset2\fprq2{\*\panose 05}Symbol;}{\f4\fcharset2 Wingdings;}}"


def text_of(body: str) -> str:
    paragraphs, _ = rtf_paragraphs(
        rf"{{\rtf1\ansi\ansicpg1252\deff0{FONTS}{{\info{{\title \super no}}}}\pard {body}\par}}"
    )
    return "\n\n".join(paragraphs)


@pytest.mark.feature(173)
@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"10{\super -5} m, H{\sub 2}O", "10^-5 m, H_2O"),
        (r"10\super -5\nosupersub  m, H\sub 2\plain O", "10^-5 m, H_2O"),
        (r"10{\super -}{\super\b 5} x{\sub i}{\super 2}", "10^-5 x_i^2"),
        (r"1{\super st} note{\super [3]}", "1st note[3]"),
        (r"x\super 2\super0 y", "x^2y"),
        (r"a \u-10179?\u-8704? b \u55357\'3f\u56832\'3f c", "a 😀 b 😀 c"),
        (r"{\f3 a\'a3\f0 b}{\f3\u-3913\'b7} \f4\u-3844? {\*\x \super}z\f3 \u-3999?b", "α≤b• ✓ zαβ"),
    ],
)
def test_scripts_symbols_and_characters_are_written(body: str, text: str) -> None:
    assert text_of(body) == text


@pytest.mark.feature(173)
@pytest.mark.parametrize(
    "note",
    [
        r"{\footnote \pard\plain {\super\chftn} A note.}",
        r"{\super\chftn}{\footnote\ftnalt \pard A{ }note.}",
        r"{\super \chftn{\*\footnote \chftn\pard\plain A note.}}",
    ],
)
def test_a_note_is_a_paragraph_behind_that_which_it_stands_in(note: str) -> None:
    assert text_of(rf"We saw 10{{\super 2}}{note} of them.\par Next.") == "We saw 10^2 of them.\n\nA note.\n\nNext."


def test_a_note_of_two_paragraphs_keeps_both() -> None:
    assert text_of(r"a{\footnote b\par c{\sub 1}} d{\footnote e}\par f") == "a d\n\nb\n\nc_1\n\ne\n\nf"


@given(
    st.lists(
        st.sampled_from(
            ["{", "}", r"\super ", r"\sub ", r"\nosupersub ", r"\footnote ", "x", "yy ", r"\par ", r"\f3 "]
        ),
        max_size=25,
    )
)
def test_no_letter_is_lost(parts: list[str]) -> None:
    depth = 0
    kept = []
    for part in parts:
        depth += (part == "{") - (part == "}")
        if depth < 0:
            depth = 0
        else:
            kept.append(part)
    body = "".join(kept) + "}" * depth
    found = text_of(body)
    for letter, symbol in (("x", "ξ"), ("y", "ψ")):
        assert found.count(letter) + found.count(symbol) == body.replace("super", "").count(letter)
