"""RTF: items have their bullets and numbers, values of tables stand under their headings, text stays in its order."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cpt_pipeline.extraction.office.office import parse_rtf
from cpt_pipeline.extraction.office.params import OfficeParams

HEAD = r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fnil\fcharset0 Times;}{\f3\ftech\fcharset2 Symbol;}}"


def paragraphs(body: str) -> list[str]:
    (reading,) = parse_rtf(f"{HEAD}{body}}}".encode("latin-1"), OfficeParams())
    assert reading.reason is None
    return reading.text.split("\n\n")


def row(*cells: tuple[int, str]) -> str:
    edges = "".join(f"\\cellx{edge}" for edge, _ in cells)
    texts = "".join(f"{text}\\cell " for _, text in cells)
    return f"\\trowd{edges}\\pard\\intbl {texts}\\row\n"


@pytest.mark.feature(172)
@pytest.mark.parametrize(
    ("before", "text"),
    [
        (r"{\listtext\pard\plain\f3 \'b7\tab}", "- point"),
        (r"{\pntext\f3\'B7\tab}", "- point"),
        (r"{\listtext\pard\plain \u8226\'3f\tab}", "- point"),
        (r"{\listtext\pard\plain\f0 o\tab}", "- point"),
        (r"{\listtext\pard\plain\f3 v\tab}", "- point"),
        (r"{\listtext\pard\plain 1.\tab}", "1. point"),
        (r"{\listtext\pard\plain \u19968?\u12289?\tab}", "一、 point"),
        (r"{\pntext\f0 (b)\tab}", "(b) point"),
        (r"{\*\pn\pnlvlblt{\pntxtb\'B7}}", "point"),
    ],
)
def test_items_have_their_bullets_and_numbers(before: str, text: str) -> None:
    assert paragraphs(rf"\pard before\par {before}point\par after\par") == ["before", text, "after"]


@pytest.mark.feature(172)
def test_values_of_merged_cells_stand_under_their_headings() -> None:
    table = (
        r"\trowd\clvmgf\cellx2000\cellx6000\cellx7000\intbl region\cell cases\cell note\cell\row"
        r"\trowd\clvmrg\cellx2000\cellx4010\cellx6000\cellx7000\intbl\cell men\par only\cell wo|men\cell a\cell\row"
        r"\trowd\clmgf\cellx2000\clmrg\cellx4000\cellx6000\intbl north\cell\cell 2\cell{\trowd\cellx2000\row}"
        r"\intbl south\cell 3\cell 4\cell\row"
    )
    assert paragraphs(rf"\pard before\par {table}\pard after \\cell\par") == [
        "before",
        "| region | cases |  | note |\n|---|---|---|---|\n|  | men only | wo\\|men | a |\n| north |  | 2 |  |\n"
        "| south | 3 | 4 |  |",
        r"after \cell",
    ]


def test_a_row_without_cells_ends_a_paragraph() -> None:
    assert paragraphs(r"a\row b") == ["a", "b"]


def test_tables_with_text_between_them_are_two_and_counted() -> None:
    body = row((1, "a"), (900, "b")) + r"\pard between\par " + row((900, "c"))
    (reading,) = parse_rtf(f"{HEAD}{body}}}".encode("latin-1"), OfficeParams())
    assert reading.text == "| a | b |\n|---|---|\n\nbetween\n\n| c |\n|---|"
    assert reading.fields == {"tables": 2}


@given(st.lists(st.sampled_from(("cell", "row", "trowd", "cellx700", "par")), max_size=40))
@example(["trowd", *["cellx700"] * 3, *["cell"] * 3, "row"])
def test_no_word_is_lost_however_the_borders_stand(words: list[str]) -> None:
    body = "".join(rf"  w{number}\{word}" for number, word in enumerate(words))
    text = "\n".join(paragraphs(f"{body}  end"))
    assert [each for each in text.replace("|", " ").replace("-", " ").split() if each.isalnum()] == [
        *(f"w{number}" for number in range(len(words))),
        "end",
    ]


@pytest.mark.feature(173)
def test_a_merged_cell_has_scripts_and_an_item_has_its_note_behind_it() -> None:
    table = (
        r"\trowd\cellx4000\cellx5000\intbl n / 10\super -5\cell\plain {\f3 a}\cell\row"
        r"\trowd\cellx2000\cellx4000\cellx5000\intbl a\u-10179?\u-8704?\cell b{\footnote B\par more.} b\cell c\cell\row"
    )
    item = r"\pard{\listtext\pard\plain\f3 \'b7\tab}10{\super 2}{\super\chftn}{\footnote\pard A{\sub 2}.} more\par "
    assert paragraphs(table + item + r"\f3{\listtext\'b7\tab}\f0 end\par") == [
        "| n / 10^-5 |  | α |\n|---|---|---|\n| a😀 | b b B more. | c |",
        "- 10^2 more",
        "A_2.",
        "- end",
    ]


def test_a_note_of_two_paragraphs_in_a_row_that_is_like_the_one_above_it_stays_in_its_cell() -> None:
    table = row((900, "a"), (1800, "b")) + r"\intbl c{\footnote x\par y} c\cell d\cell\row"
    assert paragraphs(table) == ["| a | b |\n|---|---|\n| c c x y | d |"]


@pytest.mark.feature(173)
@pytest.mark.parametrize("end", ["par", "cell", "row"])
def test_a_script_that_goes_on_begins_anew_in_the_next_piece(end: str) -> None:
    text = " ".join(paragraphs(rf"x\super 2\{end} y{{}}3\nosupersub z"))
    assert "x^2" in text and "^2" in text.partition("x")[2]


@given(
    st.lists(
        st.sampled_from(
            (r"\cell ", r"\row ", r"\trowd\cellx700 ", r"\par ", r"\super ", r"\nosupersub ", r"{\footnote n\par n}")
        ),
        max_size=30,
    )
)
def test_no_word_is_lost_where_notes_and_scripts_stand_among_borders(words: list[str]) -> None:
    body = "".join(f"w{number}q {word}" for number, word in enumerate(words))
    text = "\n".join(paragraphs(f"{body} end"))
    assert sorted(re.findall(r"w\d+q", text)) == sorted(f"w{number}q" for number in range(len(words)))
    assert text.count("n") - 1 == 2 * words.count(r"{\footnote n\par n}")
