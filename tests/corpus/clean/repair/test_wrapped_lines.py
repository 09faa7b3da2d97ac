"""Wrapped lines: prose that was broken at a width is whole again; verse, lists and short lines stay."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.repair.wrapped_lines import rejoin_wrapped_lines

DATA = Path(os.environ.get("CPT_SHARED", "/nowhere")) / "data"
ENGLISH = (
    "The heart is a muscular organ that pumps blood through the vessels of the circulatory system. It lies between the "
    "lungs, in the middle compartment of the chest, and it is usually felt to be on the left because the left part is "
    "stronger. The heart of a healthy adult beats about seventy times per minute at rest, which is roughly one hundred "
    "thousand beats per day, and each of them moves some seventy millilitres of blood into the aorta and onwards."
)
CHINESE = (
    "人参味甘微寒主补五脏安精神定魂魄止惊悸除邪气明目开心益智久服轻身延年一名人衔一名鬼盖生山谷之中，二月四月八月上旬采根，"
    "竹刀刮，曝干，无令见风，根如人形者有神。上党及辽东者佳，其形长而黄，状如防风，多润实而甘，俗用不入服，乃重百济者，"
    "形细而坚白，气味薄于上党者；次用高丽者，高丽地近辽东，形大而虚软，不及百济，并不及上党者。"
)


def wrap_chinese(text: str, width: int = 30) -> str:
    return "\n".join(text[start : start + width] for start in range(0, len(text), width))


@pytest.mark.feature(23)
def test_english_paragraphs_are_rejoined_and_stay_apart() -> None:
    pages = "\n\n".join(textwrap.fill(ENGLISH, 60) for _ in range(3))
    assert rejoin_wrapped_lines(pages) == "\n\n".join([ENGLISH] * 3)


@pytest.mark.feature(23)
def test_chinese_is_rejoined_without_spaces() -> None:
    pages = "\n\n".join(["人参", wrap_chinese(CHINESE), "甘草", wrap_chinese(CHINESE, 31)])
    assert rejoin_wrapped_lines(pages) == f"人参\n\n{CHINESE}\n\n甘草\n\n{CHINESE}"


def test_a_word_split_by_a_hyphen_is_whole_unless_the_text_spells_it_so() -> None:
    body = textwrap.fill(ENGLISH, 60)
    split = body + "\nand all of the others were seen to be entirely well-known exam-\nples of a "
    split += "very long and self-evident rule that everybody thought self-\nevident"
    joined = rejoin_wrapped_lines(split)
    assert "well-known examples of a very" in joined
    assert joined.endswith("thought self-evident")


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(
            ["Shall I compare thee to a summer's day in the month of May?", "Thou art more lovely and more temperate"]
            * 9
        ),
        "\n".join(f"{number}. item number {number} of the list which has some words" for number in range(30)),
        "\n".join(["四君子汤中和义，参术茯苓甘草比。"] * 30),
        "\n".join(f"| cell {number:03} of the first column | cell of the second column |" for number in range(30)),
        "\n".join(
            f"{2 * number}x1={number}  | {number}x2={number}  | and {number} of them in all ways  | 4x{number}"
            for number in range(30)
        ),
        "one line\nand another\nand a third",
    ],
)
def test_lines_that_end_where_they_should_stay(text: str) -> None:
    assert rejoin_wrapped_lines(text) == text


@given(st.lists(st.text("ab 中。，.\n-", max_size=60), max_size=20).map("\n".join))
def test_nothing_but_line_ends_blanks_and_hyphens_is_changed(text: str) -> None:
    def solid(each: str) -> str:
        return "".join(character for character in each if character not in " \n-")

    assert solid(rejoin_wrapped_lines(text)) == solid(text)


@pytest.mark.skipif(not DATA.exists(), reason="needs CPT_SHARED")
def test_a_real_book_gets_its_sentences_back_and_shakespeare_keeps_his_verses() -> None:
    raw = (DATA / "domain_zh_tcm_gb18030/006-本草图经.txt").read_bytes().decode("gb18030", "replace")
    joined = rejoin_wrapped_lines(raw)
    assert "世传其书者" not in raw
    assert "名医相继，传其书者" in joined
    assert joined.count("\n") < 0.6 * raw.count("\n")
    verses = (DATA / "general_en/shakesphere.txt").read_text()
    assert rejoin_wrapped_lines(verses) == verses
