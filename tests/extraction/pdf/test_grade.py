from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.extraction.pdf.grade import (
    GradeParams,
    Measures,
    fragment_share,
    garbage_share,
    grade,
    is_simplified,
    is_traditional,
    looks_like_word,
    running_share,
    word_counts,
)

GOOD = Measures(1000, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
ORDER = ("clean", "stage1_only", "synthesis", "sft_source", "rejected")


@pytest.mark.parametrize(
    ("change", "given_grade", "reasons"),
    [
        ({}, "clean", ()),
        ({"word_share": 0.9}, "stage1_only", ("word_share 0.9 < 0.93",)),
        ({"word_share": 0.8}, "synthesis", ("word_share 0.8 < 0.88",)),
        ({"running_share": 0.4}, "sft_source", ("running_share 0.4 < 0.65",)),
        ({"word_share": 0.5}, "rejected", ("word_share 0.5 < 0.7",)),
        ({"garbage_share": 0.02}, "synthesis", ("garbage_share 0.02 > 0.01",)),
        ({"recognised_share": 1.0}, "stage1_only", ("recognised_share 1 > 0.1",)),
        ({"num_chars": 10}, "rejected", ("num_chars 10 < 30",)),
        (
            {"word_share": 0.9, "fragment_share": 0.15},
            "stage1_only",
            ("word_share 0.9 < 0.93", "fragment_share 0.15 > 0.1"),
        ),
    ],
)
def test_the_grade_follows_the_measures_and_names_what_kept_it_down(
    change: dict[str, float], given_grade: str, reasons: tuple[str, ...]
) -> None:
    assert grade(replace(GOOD, **change), GradeParams()) == (given_grade, reasons)  # type: ignore[arg-type]


@given(st.floats(0, 1), st.floats(0, 1))
def test_fewer_right_words_never_give_a_better_grade(first: float, second: float) -> None:
    low, high = sorted((first, second))
    grades = [ORDER.index(grade(replace(GOOD, word_share=share), GradeParams())[0]) for share in (low, high)]
    assert grades[0] >= grades[1]


@pytest.mark.parametrize(
    "word", ["heart", "The", "USA", "don't", "well-known", "PyTorch", "rhythm", "naïve", "I", "über"]
)
def test_a_word_looks_like_one(word: str) -> None:
    assert looks_like_word(word)


@pytest.mark.parametrize(
    "token", ["tbe1r", "hcbnrt", "xqzwkv", "aaaa", "rnEtHod", "l", "w|th", "1Tr", "heartofthematterandmoreof"]
)
def test_garbage_does_not_look_like_a_word(token: str) -> None:
    assert not looks_like_word(token)


def test_frequent_characters_are_those_of_the_script_that_the_text_is_in() -> None:
    assert all(map(is_simplified, "心肝脾肺肾国学のカ"))
    assert all(map(is_traditional, "心肝脾肺腎國學のカ"))
    assert not any(is_simplified(each) or is_traditional(each) for each in "龘㐀䶮")
    assert word_counts("国学与邕迂") == (5, 4)
    assert word_counts("國學與邕国") == (5, 4)


def test_words_and_characters_are_counted_together_and_numbers_and_links_are_not() -> None:
    assert word_counts("心脏 heart 12.5 https://a.b/c?d 3rd see my_file_name") == (4, 4)
    assert word_counts("1Tr2 hcbnrt good") == (3, 1)
    assert word_counts("肝heart脏") == (3, 3)


def test_replacement_private_and_control_characters_are_garbage() -> None:
    assert garbage_share("ab\ufffd\ue000\x07 中 \n") == 3 / 6
    assert garbage_share(" \n") == 0.0


def test_lines_with_fewer_than_three_letters_are_fragments() -> None:
    assert fragment_share(["9 9 = 24 2", "l", "the end", "肝主疏泄"]) == 0.5


def test_running_text_is_paragraphs_with_a_sentence() -> None:
    assert running_share(["A. 2 B. 3 C. 4", "This paragraph is long enough and it ends as a sentence does."]) == 61 / 75
