from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.augmentation.shuffle import shuffle_text, split_sentences

ENGLISH = "Rain fell. The river, e.g. the Po, rose by 3.5 m! Did it flood? No."
CHINESE = "雨下了。河水上涨3.5米！“淹了吗？”没有。"


def test_sentences_are_cut_where_they_end() -> None:
    assert split_sentences(ENGLISH) == [
        "Rain fell.",
        "The river, e.g.",
        "the Po, rose by 3.5 m!",
        "Did it flood?",
        "No.",
    ]
    assert split_sentences(CHINESE) == ["雨下了。", "河水上涨3.5米！", "“淹了吗？”", "没有。"]


def test_sentences_change_places_inside_their_paragraph_and_keep_their_spacing() -> None:
    text = "One is here. Two is there.\n\n第一句。第二句。"
    assert shuffle_text(text, "sentence", "x") == "Two is there. One is here.\n\n第二句。第一句。"


def test_lines_that_were_broken_inside_a_sentence_are_one_paragraph() -> None:
    text = "A long sentence that was broken\nat a width. Another one.\nA paragraph of one sentence."
    shuffled = "Another one. A long sentence that was broken\nat a width.\nA paragraph of one sentence."
    assert shuffle_text(text, "sentence", "x") == shuffled


def test_paragraphs_change_places() -> None:
    assert shuffle_text("one\n\ntwo", "paragraph", "x") == "two\n\none"
    assert shuffle_text("one\ntwo", "paragraph", "x") == "two\none"


@pytest.mark.parametrize("text", ["", "One sentence.", "Again. Again.", "第一句。\n第二句。"])
def test_where_nothing_can_change_there_is_nothing(text: str) -> None:
    assert shuffle_text(text, "sentence", "x") is None


@given(st.lists(st.text("ab c", min_size=1, max_size=6).filter(str.strip), min_size=1, max_size=8), st.text())
def test_no_word_is_lost_and_the_seed_decides(sentences: list[str], seed: str) -> None:
    text = " ".join(f"{sentence.strip()}." for sentence in sentences)
    shuffled = shuffle_text(text, "sentence", seed)
    assert shuffled == shuffle_text(text, "sentence", seed)
    if shuffled is None:
        assert len({sentence.strip() for sentence in sentences}) == 1
    else:
        assert Counter(shuffled.split()) == Counter(text.split())
