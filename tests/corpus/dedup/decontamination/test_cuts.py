"""What is cut around a passage: whole sentences and lines, and nothing that no passage is near."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.decontamination.cuts import _SENTENCE, Sentences, cut, merge_spans
from cpt_pipeline.corpus.dedup.decontamination.items import find_letters
from cpt_pipeline.text.folding import fold

ENGLISH = "One two. Three four five! Is it six? Seven.\nEight nine.\n\nTen."
CHINESE = "甲乙丙。丁戊己，庚辛！“壬癸。”子丑\n寅卯辰巳"


def around(text: str, wanted: str, margin: int = 0) -> str:
    """Give what is cut around a phrase of a text."""
    place = text.index(wanted)
    first = find_letters(fold(text[:place]))[0].size
    start, end = Sentences(text).around(first, first + find_letters(fold(wanted))[0].size, margin)
    return text[start:end]


def test_whole_sentences_are_cut() -> None:
    assert around(ENGLISH, "four") == "Three four five! "
    assert around(ENGLISH, "five! Is") == "Three four five! Is it six? "
    assert around(ENGLISH, "Seven") == "Seven.\n"
    assert around(ENGLISH, "Ten") == "Ten."
    assert around(CHINESE, "己，庚") == "丁戊己，庚辛！"
    assert around(CHINESE, "壬") == "“壬癸。”"
    assert around(CHINESE, "卯辰巳") == "寅卯辰巳"


def test_sentences_beside_it_that_lie_within_the_margin_are_cut_too() -> None:
    assert around(ENGLISH, "four", 8) == "Three four five! "
    assert around(ENGLISH, "four", 9) == "One two. Three four five! "
    assert around(ENGLISH, "four", 11) == "One two. Three four five! Is it six? "
    assert around(ENGLISH, "four", 1_000) == ENGLISH


def test_what_is_left_keeps_its_lines_and_paragraphs() -> None:
    start = ENGLISH.index("Is it")
    assert cut(ENGLISH, [(start, start + 11)]) == "One two. Three four five! Seven.\nEight nine.\n\nTen."
    assert cut(ENGLISH, [(start, start + 18)]) == "One two. Three four five!\nEight nine.\n\nTen."
    assert cut(ENGLISH, [(start, len(ENGLISH) - 4)]) == "One two. Three four five!\n\nTen."
    assert cut(ENGLISH, [(0, 9), (start, len(ENGLISH))]) == "Three four five!"
    assert cut(ENGLISH, []) == ENGLISH


def test_spans_that_touch_are_one() -> None:
    assert merge_spans([(5, 9), (0, 2), (2, 4), (6, 7)]) == [(0, 4), (5, 9)]


texts = st.text(st.sampled_from("ab 甲乙。.!？\n”)ﬁ…"), max_size=80)


@given(texts)
def test_sentences_are_the_text(text: str) -> None:
    assert "".join(_SENTENCE.findall(text)) == text


@given(texts, st.integers(0, 40), st.integers(1, 10), st.integers(0, 30))
def test_the_passage_goes_and_what_is_far_from_it_stays(text: str, start: int, length: int, margin: int) -> None:
    letters = find_letters(fold(text))[0]
    if start + length > letters.size:
        return
    first, last = Sentences(text).around(start, start + length, margin)
    kept = find_letters(fold(text[:first]))[0].size, letters.size - find_letters(fold(text[last:]))[0].size
    assert kept[0] <= start and kept[1] >= start + length
    bare = Sentences(text).around(start, start + length, 0)
    assert bare[0] - margin <= first <= bare[0] and bare[1] <= last <= bare[1] + margin


@pytest.mark.parametrize(
    ("sentence", "end"),
    [
        ("one word after the other and never a mark ", ""),
        ("没有任何标点的中文文字", ""),
        ("यह एक वाक्य है", "। "),
        ("یہ ایک جملہ ہے", "۔ "),
        ("هذه جملة قصيرة", "؟ "),
        ("ဤသည်မှာ ဝါကျ တစ်ခု ဖြစ်သည်", "။ "),
        ("นี่คือประโยคที่ไม่มีจุด", ""),
    ],
)
def test_a_long_text_of_any_script_loses_little(sentence: str, end: str) -> None:
    """Without marks that end sentences a text of 16,000 characters was cut whole."""
    text = (sentence + end) * (16_000 // len(sentence + end))
    letters = len(find_letters(fold(text))[0])
    start, stop = Sentences(text).around(letters // 2, letters // 2 + 60, 200)
    assert 60 <= stop - start <= 2 * 400 + 2 * 200 + 60
    assert text[:start] and text[stop:]
