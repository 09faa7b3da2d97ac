"""Words: single CJK characters, runs of others; folding forgets case and width only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.text.words import find_words, first_words, fold, is_cjk, is_inside_word, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's 3.5 train_test_split!", ["It", "s", "3", "5", "train", "test", "split"]),
        ("用Python3学医。カナ", ["用", "Python3", "学", "医", "カ", "ナ"]),
        ("naïve Ünïcode", ["naïve", "Ünïcode"]),
        ("—… ", []),
        ("हिन्दी में लिखा ग्रन्थ।", ["हिन्दी", "में", "लिखा", "ग्रन्थ"]),
        ("தமிழ் மொழி, தெலుగు", ["தமிழ்", "மொழி", "தெலుగు"]),
        ("ភាសាខ្មែរ", ["ភា", "សា", "ខ្", "មែ", "រ"]),
        ("မြန်မာစာ", ["မြ", "န်", "မာ", "စာ"]),
        ("ที่นี่ดีABC", ["ที่", "นี่", "ดี", "ABC"]),
        ("كِتَابٌ جَدِيدٌ", ["كِتَابٌ", "جَدِيدٌ"]),
        ("Cafe\u0301 nai\u0308ve", ["Cafe\u0301", "nai\u0308ve"]),
        ("बोधि bodhi菩提 \u093f ❤\ufe0f", ["बोधि", "bodhi", "菩", "提"]),
        ("葛\U000e0100城 か\u3099", ["葛", "城", "か", "\u3099"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@given(st.text("ab1 -中かि्กี้ข\u0301\u3099\ufe0fـَت", max_size=20))
def test_words_are_found_where_they_stand_and_end_where_no_word_goes_on(text: str) -> None:
    words, starts, ends = find_words(text)
    spans = [*zip(starts.tolist(), ends.tolist(), strict=True)]
    assert [text[start:end] for start, end in spans] == split_words(text)
    assert words == [word.casefold() for word in split_words(text)]
    assert first_words(text, 2) == split_words(text)[:2]
    inside = {place for start, end in spans for place in range(start + 1, end)}
    assert {place for place in range(len(text) + 1) if is_inside_word(text, place)} == inside


def test_cjk_characters_are_told_from_letters() -> None:
    assert [is_cjk(word) for word in ("医", "ア", "𠀀", "한국", "a", "9")] == [True, True, True, False, False, False]


def test_fold_forgets_case_width_and_white_space() -> None:
    assert fold("ＦＦＴ\u3000of\tX\n\n  Straße ") == "fft of x strasse"


@given(st.text())
def test_fold_is_stable_under_added_white_space_and_case(text: str) -> None:
    assert fold(f"  {text}\n") == fold(text)
    assert fold(text).split(" ") == fold(text).split() or fold(text) == ""
