"""What letters stand for an item, as literal text."""

from __future__ import annotations

from cpt_pipeline.corpus.dedup.decontamination.items import ItemLetters, Letters, find_letters, read_item_letters
from tests.corpus.texts import item


def text_of(letters: Letters) -> str:
    return "".join(map(chr, letters.tolist()))


def read(prompt: str, answer: str) -> ItemLetters:
    (found,) = read_item_letters([item(prompt, answer)])
    return found


def test_letters_and_digits_alone_count_in_any_case_width_and_script() -> None:
    found = read("ＡＢ, é-7! 人體的臟腑", "脾之")
    assert text_of(found.letters) == "abé7人体的脏腑脾之"
    assert (found.num_prompt, found.cjk) == (9, True)
    letters, places = find_letters("a 體!b")
    assert (text_of(letters), places.tolist()) == ("a体b", [0, 2, 4])


def test_an_item_is_of_the_script_of_most_letters() -> None:
    assert read("最大的骨 X", "股骨").cjk
    assert not read("骨 one two three four", "five").cjk


def test_choices_follow_in_any_order_near_enough() -> None:
    found = read("one two", "right")
    assert found.num_following == 5 + 8 + 5 + 8 + 8
    assert found.choices_in(find_letters("a. right b. wrong")[0])
    assert not found.choices_in(find_letters("a. right b. left")[0])


def test_frames_are_taken_off_where_nearly_all_prompts_have_them() -> None:
    framed = [item(f"Question: w{number} v{number} u Answer:", "x", number) for number in range(10)]
    assert [text_of(each.letters) for each in read_item_letters(framed)][3] == "w3v3x"
    assert text_of(read_item_letters(framed[:9])[3].letters) == "questionw3v3uanswerx"
    mixed = [*framed[:8], item("what is it", "x", 8), item("who was it", "x", 9)]
    assert text_of(read_item_letters(mixed)[3].letters) == "questionw3v3uanswerx"
    bare = [item("Question:", "x", number) for number in range(10)]
    assert {(text_of(each.letters), each.num_prompt) for each in read_item_letters(bare)} == {("x", 0)}
