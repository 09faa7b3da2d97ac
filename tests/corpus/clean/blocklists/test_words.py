"""Blocked words: found where they are words, applied as each list says, and faults of a list name its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.corpus.clean.blocklists.words import BlockedListParams, BlockedWords, BlockedWordsParams

LIST = """# a neutral example
apple   # fruit
red apple
[vegetables]
苹果
leek
土豆
"""


@pytest.fixture
def words(tmp_path: Path) -> BlockedWords:
    return load(tmp_path)


def load(folder: Path, **policy: object) -> BlockedWords:
    (folder / "food.txt").write_text(LIST, encoding="utf-8")
    (folder / "allowed.txt").write_text("苹果园\n小土豆泥\n", encoding="utf-8")
    params = BlockedListParams.model_validate(
        {"file": folder / "food.txt", "allow_file": folder / "allowed.txt", **policy}
    )
    return BlockedWords.load(BlockedWordsParams(lists={"food": params}))


@pytest.mark.feature(25)
def test_english_terms_are_found_as_words_and_without_case(words: BlockedWords) -> None:
    text = "An APPLE, a pineapple, apples; the Red Apple和apple。"
    assert [(text[hit.start : hit.end], hit.term) for hit in words.find(text)] == [
        ("APPLE", "apple"),
        ("Red Apple", "red apple"),
        ("apple", "apple"),
    ]


@pytest.mark.feature(25)
def test_chinese_terms_are_found_inside_text_but_not_inside_allowed_words(words: BlockedWords) -> None:
    text = "我吃苹果。苹果园里有小土豆泥和土豆。"
    hits = words.find(text)
    assert [(hit.start, hit.term, hit.list, hit.category) for hit in hits] == [
        (2, "苹果", "food", "vegetables"),
        (15, "土豆", "food", "vegetables"),
    ]


def test_a_letter_is_found_with_its_signs_alone_and_thai_inside_text(tmp_path: Path) -> None:
    (tmp_path / "food.txt").write_text("नक\nเกลือ\n", encoding="utf-8")
    found = BlockedWords.load(BlockedWordsParams(lists={"food": BlockedListParams(file=tmp_path / "food.txt")}))
    assert [hit.start for hit in found.find("नकल, नकी, नक। ใส่เกลือป่นแล้วชิม")] == [10, 17]


@pytest.mark.feature(25)
def test_counting_changes_nothing(words: BlockedWords) -> None:
    text = "An apple and a leek."
    judged = words.judge(text)
    assert (judged.text, judged.reason) == (text, None)
    assert judged.hits == {"food/food": 1, "food/vegetables": 1}


@pytest.mark.feature(25)
def test_a_document_is_excluded_from_a_density_on(tmp_path: Path) -> None:
    words = load(tmp_path, policy="exclude", max_per_1000_characters=4.0)
    assert words.judge("leek" + "." * 246).reason is None
    judged = words.judge("leek" + "." * 245)
    assert (judged.reason, judged.detail) == ("blocked_words", "food: 4.02 per 1,000 characters")


@pytest.mark.feature(25)
def test_only_the_sentences_with_a_hit_are_dropped(tmp_path: Path) -> None:
    words = load(tmp_path, policy="drop_sentence")
    text = (
        "今天天气好。我吃苹果！他说：“走吧。”\nThe leek costs 3.50 euros. We left at 9.30 a.m. and slept.\nApple.\nEnd."
    )
    judged = words.judge(text)
    assert judged.text == "今天天气好。他说：“走吧。”\nWe left at 9.30 a.m. and slept.\nEnd."
    assert judged.num_dropped_sentences == 3
    assert words.judge(judged.text).num_dropped_sentences == 0
    assert words.judge("苹果。leek!").reason == "blocked_words"


def test_two_lists_are_counted_apart_with_their_own_policies(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("apple\n", encoding="utf-8")
    load(tmp_path)
    lists = {
        "food": BlockedListParams(file=tmp_path / "food.txt"),
        "other": BlockedListParams(file=tmp_path / "other.txt", policy="drop_sentence"),
    }
    judged = BlockedWords.load(BlockedWordsParams(lists=lists)).judge("A red apple. A leek.")
    assert judged.text == "A leek."
    assert judged.hits == {"food/food": 1, "other/other": 1, "food/vegetables": 1}


@pytest.mark.feature(25)
def test_faults_of_a_list_name_file_and_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_bytes("好词\n\n".encode() + b"\xff\xfe\nx\n---\n")
    lists = {"bad": BlockedListParams(file=bad, allow_file=tmp_path / "none.txt")}
    with pytest.raises(ParameterError) as caught:
        BlockedWords.load(BlockedWordsParams(lists=lists))
    message = str(caught.value)
    assert f"{bad}:3: not UTF-8" in message
    assert f"{bad}:4: 'x' is a single letter" in message
    assert f"{bad}:5: '---' has no letter or digit" in message
    assert "none.txt: No such file" in message


def test_letters_whose_lower_case_is_longer_do_not_move_a_hit(words: BlockedWords) -> None:
    text = "İİİ leek İ"
    assert [text[hit.start : hit.end] for hit in words.find(text)] == ["leek"]


def test_without_lists_nothing_is_found() -> None:
    assert BlockedWords.load(BlockedWordsParams()).judge("apple").text == "apple"


@given(
    st.lists(
        st.sampled_from(["leek", "苹果", "园", "。", ". ", "\n", "red ", "apple", "好", "!”", " ", "3.5"]), max_size=20
    )
)
def test_what_is_left_has_no_hit_and_is_part_of_the_text(pieces: list[str]) -> None:
    text = "".join(pieces)
    judged = _DROPPING.judge(text)
    if judged.reason is None:
        assert _DROPPING.find(judged.text) == []
        left = iter(text)
        assert all(character in left for character in judged.text)


@pytest.fixture(scope="module", autouse=True)
def _dropping(tmp_path_factory: pytest.TempPathFactory) -> None:
    global _DROPPING  # noqa: PLW0603
    _DROPPING = load(tmp_path_factory.mktemp("lists"), policy="drop_sentence")


_DROPPING: BlockedWords
