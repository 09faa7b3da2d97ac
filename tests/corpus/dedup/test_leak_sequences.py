"""Which word sequences stand for an item, as literal words."""

from __future__ import annotations

from cpt_pipeline.corpus.dedup.leak_sequences import LeakParams, item_words, read_item_words
from tests.corpus.texts import item

PARAMS = LeakParams(ngram_words=4, ngram_cjk_characters=6, min_words=3, min_prompt_words=3, min_prompt_cjk_characters=4)


def sequences(prompt: str, answer: str) -> list[tuple[int, int, bool]]:
    (words,) = read_item_words([item(prompt, answer)])
    return list(words.sequences(PARAMS))


def test_long_items_are_every_run_of_their_words() -> None:
    assert sequences("One two, three FOUR five", "six") == [(3, 4, False)]


def test_short_prompts_stand_alone_or_with_their_choices() -> None:
    assert sequences("one two three", "four five") == [(2, 4, False), (1, 3, False), (1, 3, True)]
    assert sequences("one two", "three four") == [(1, 4, False), (1, 2, True)]
    assert sequences("one", "two three") == [(1, 3, False), (1, 1, True)]
    assert sequences("one", "two") == []


def test_items_that_are_mostly_chinese_are_measured_in_characters() -> None:
    assert sequences("最大的骨 X", "股骨") == [(2, 6, False), (1, 5, False), (1, 5, True)]
    assert sequences("骨 one two three four", "five") == [(3, 4, False)]


def test_choices_follow_in_any_order_within_their_window() -> None:
    (words,) = read_item_words([item("one two", "right")])
    assert words.num_following == 1 + 3 + 1 + 3 + 3
    assert words.choices_follow(["a", "right", "b", "wrong"])
    assert not words.choices_follow(["a", "right", "b", "wrongly"])
    assert words.choices_follow([*"abcdefghi", "right", "wrong"])
    assert not words.choices_follow([*"abcdefghij", "right", "wrong"])


def test_frames_are_taken_off_where_nearly_all_prompts_have_them() -> None:
    framed = [item(f"Question: w{number} v{number} u Answer:", "x", number) for number in range(10)]
    assert [each.words for each in read_item_words(framed)][3] == ("w3", "v3", "x")
    assert read_item_words(framed[:9])[3].words == ("question", "w3", "v3", "u", "answer", "x")
    mixed = [*framed[:8], item("what is it", "x", 8), item("who was it", "x", 9)]
    assert read_item_words(mixed)[3].words == ("question", "w3", "v3", "u", "answer", "x")
    bare = [item("Question:", "x", number) for number in range(10)]
    assert {each.words for each in read_item_words(bare)} == {("x",)}


def test_words_are_folded_prompt_and_right_answer() -> None:
    assert item_words(item("ＡＢＣ, déf!", "脾之")) == ["abc", "déf", "脾", "之"]
