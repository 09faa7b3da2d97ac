"""Leaks: items are found re-cased, re-spaced and embedded; words that merely resemble them are not."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.leaks import BenchmarkIndex, Leak, LeakParams, item_words
from cpt_pipeline.corpus.words import fold, is_cjk, split_words
from cpt_pipeline.formats.benchmarks import BenchmarkItem
from tests.corpus.dedup.real_items import DISGUISES, answered, read_cmmlu, read_gsm8k
from tests.corpus.texts import item, make_text

LONG = item("Natalia sold clips to 48 of her friends in April, and then she sold half as many in May.", "72", 1)
SHORT = item("Seven times eight equals", " fifty-six", 2)
CHINESE = item("下列哪一项不属于人体的五脏六腑之一", "膀胱以外的器官", 3, "cmmlu")


def index(*items: object, **params: int) -> BenchmarkIndex:
    return BenchmarkIndex(items, LeakParams(**params))  # type: ignore[arg-type]


@pytest.mark.feature(41)
@pytest.mark.parametrize(
    "text",
    [
        LONG.prompt,
        LONG.prompt.upper(),
        LONG.prompt.replace(" ", "\n\t "),
        LONG.prompt.replace(",", "").replace("April", "*April*"),
        f"{make_text(1)}\n{LONG.prompt[10:70]}\n{make_text(2)}",
        "HALF AS MANY IN MAY!!! 72 and so... and then she sold half as many in May: 72.",
    ],
)
def test_long_items_are_found_in_disguise(text: str) -> None:
    leak = index(LONG).find(fold(text))
    assert leak is not None
    assert (leak.benchmark, leak.item) == ("quiz", "1")


@pytest.mark.parametrize(
    "text",
    [
        "Natalia sold clips to 49 of her friends in March.",
        "she sold half as many in June",
        make_text(3),
        "",
        "48 of her",
    ],
)
def test_fewer_words_in_a_row_are_no_leak(text: str) -> None:
    assert index(LONG).find(fold(text)) is None


def test_short_items_are_found_whole_only() -> None:
    short = index(SHORT)
    leak = short.find(fold("As we know, SEVEN times eight equals fifty six. Next:"))
    assert str(leak) == "quiz/2: seven times eight equals fifty six"
    assert short.find(fold("seven times eight equals fifty")) is None
    assert short.find(fold("times eight equals fifty six")) is None


def test_wrong_answers_are_not_the_item() -> None:
    assert index(SHORT).find(fold("Seven times eight equals wrong")) is None


def test_chinese_items_are_compared_by_character() -> None:
    chinese = index(CHINESE)
    leak = chinese.find(fold("题目:下列哪一项 不属于人体的五脏六腑之一?"))
    assert leak is not None
    assert leak.benchmark == "cmmlu"
    assert chinese.find(fold("下列哪一项不属于人体的部分")) is None


def test_items_too_short_are_counted_not_searched() -> None:
    found = index(item("Two and two", "four", 4), SHORT)
    assert dict(found.unguarded) == {"quiz": 1}
    assert found.find("two and two four") is None
    assert index(item("Two and two", "four", 4), min_words=4).find("two and two four") is not None


def test_suite_without_items_finds_nothing() -> None:
    assert index().find("anything at all") is None


@given(st.integers(0, 200), st.integers(0, 40), st.integers(10, 20))
def test_any_ten_words_in_a_row_are_found_anywhere(number: int, start: int, length: int) -> None:
    question = item(make_text(number, 60), "end")
    words = item_words(question)[start : start + length]
    text = f"{make_text(number + 1_000, 30)} {' '.join(words)} {make_text(number + 2_000, 30)}"
    assert index(question).find(fold(text)) is not None
    assert index(question, ngram_words=21).find(fold(text)) is None


def choices(prompt: str, *texts: str, number: int = 0, benchmark: str = "quiz") -> BenchmarkItem:
    return BenchmarkItem(id=str(number), benchmark=benchmark, ability="any", prompt=prompt, choices=texts, answer=0)


@pytest.fixture
def real(shared: Path) -> tuple[list[BenchmarkItem], BenchmarkIndex]:
    return read_real(shared)


@cache
def read_real(shared: Path) -> tuple[list[BenchmarkItem], BenchmarkIndex]:
    items = [*read_gsm8k(shared), *read_cmmlu(shared)]
    return items, BenchmarkIndex(items, LeakParams())


def plant(sample: list[BenchmarkItem], disguise: str, hosts: list[str]) -> list[tuple[BenchmarkItem, str]]:
    """Put each item into the middle of a real text."""
    planted = []
    for number, each in enumerate(sample):
        host = hosts[number % len(hosts)]
        planted.append((each, f"{host[:700]}\n{DISGUISES[disguise](each)}\n{host[700:]}"))
    return planted


@pytest.mark.feature(41)
@pytest.mark.parametrize("disguise", DISGUISES)
def test_real_items_are_found_in_long_texts_in_every_disguise(
    real: tuple[list[BenchmarkItem], BenchmarkIndex], shared: Path, disguise: str
) -> None:
    items, found = real
    lines = (shared / "data" / "general_en" / "c4_demo.jsonl").read_text(encoding="utf-8").splitlines()[:40]
    sample = random.Random(1).sample(items, 200)
    missed = []
    for each, text in plant(sample, disguise, [json.loads(line)["text"] for line in lines]):
        leaks = found.find_all(fold(text))
        if (each.benchmark, each.id) not in {(leak.benchmark, leak.item) for leak in leaks}:
            missed.append(each.id)
    assert missed == []


@pytest.mark.feature(41)
def test_bare_questions_are_found_without_their_choices(real: tuple[list[BenchmarkItem], BenchmarkIndex]) -> None:
    items, found = real
    bare = {name: [each for each in items if each.benchmark == name] for name in ("gsm8k", "cmmlu")}
    missed = {
        name: [each.id for each in group if not any(leak.item == each.id for leak in found.find_all(fold(each.prompt)))]
        for name, group in bare.items()
    }
    assert missed["gsm8k"] == []
    assert len(bare["cmmlu"]) == 2_788
    short = {each.id for each in bare["cmmlu"] if len(split_words(fold(each.prompt))) < 9}
    assert set(missed["cmmlu"]) <= short
    assert len(short) == 189


@pytest.mark.feature(43)
def test_a_document_of_several_items_counts_them_all_in_order(
    real: tuple[list[BenchmarkItem], BenchmarkIndex],
) -> None:
    items, found = real
    chosen = [items[700], items[2_000], items[3], items[3_500]]
    text = "\n\n".join(answered(each) for each in chosen)
    leaks = found.find_all(fold(text))
    assert [leak.item for leak in leaks if leak.item in {each.id for each in chosen}] == [each.id for each in chosen]
    assert found.find(fold(text)) == leaks[0]


def test_listed_choices_give_a_short_question_away_in_any_order() -> None:
    bones = choices("最大的骨是", "股骨", "肱骨内上髁", "胫骨", "髂骨", number=9)
    quiz = index(bones)
    leak = quiz.find(fold("题:最大的骨是( )\nA.胫骨\nB.股骨\nC.髂骨\nD.肱骨内上髁\n答案 B。"))
    assert leak == Leak("quiz", "9", "最大的骨是( ) a.胫骨 b.股骨 c.髂骨 d.肱骨内上髁 答案 b")
    assert quiz.find(fold("最大的骨是 A.胫骨 B.股骨 C.髂骨 D.尺骨")) is None
    assert quiz.find(fold(f"最大的骨是胫骨、股骨、髂骨。{'其他的话' * 20}肱骨内上髁")) is None
    assert quiz.find(fold("A.胫骨 B.股骨 C.髂骨 D.肱骨内上髁")) is None


def test_what_most_prompts_begin_and_end_with_is_no_part_of_an_item() -> None:
    chance = random.Random(2)
    questions = [make_text(chance.randrange(10**6), 12) for _ in range(20)]
    items = [
        choices(f"Please choose: Question: {each}\nAnswer:", f"a{n}", "b", number=n) for n, each in enumerate(questions)
    ]
    short = choices("Please choose: Question: Capital of old Assyria is\nAnswer:", "Assur", "b", number=77)
    found = index(*items, short)
    leak = found.find(fold("The capital of old Assyria is Assur."))
    assert leak is not None
    assert (leak.item, leak.text) == ("77", "capital of old assyria is assur")
    assert found.find(fold("Please choose: Question: Answer: or so said the paper on the wall")) is None


def test_what_many_items_share_is_no_leak_and_the_rest_of_them_is() -> None:
    shared_words = "as of the end of the year two thousand and twenty"
    items = [item(f"{make_text(n, 12)} {shared_words} {make_text(n + 100, 12)}", "x", n) for n in range(11)]
    assert index(*items).find(fold(f"well, {shared_words} it rained")) is None
    assert index(*items[:10]).find(fold(f"well, {shared_words} it rained")) is not None
    leak = index(*items).find(fold(items[4].prompt))
    assert leak is not None
    assert leak.item == "4"


def test_the_whole_passage_is_shown() -> None:
    leak = index(LONG).find(fold(f"{make_text(1)} - {LONG.prompt} - {make_text(2)}"))
    assert leak is not None
    assert leak.text == fold(LONG.prompt).rstrip(".")


def simple_find_all(items: list[BenchmarkItem], params: LeakParams, folded: str) -> set[str]:
    """Compare every run of words with every n-gram, as lists."""
    words, found = split_words(folded), set()
    for each in items:
        own = item_words(each)
        cjk = sum(map(is_cjk, own)) * 2 > len(own)
        size = params.ngram_cjk_characters if cjk else params.ngram_words
        length = min(size, len(own))
        grams = (
            [own[start : start + length] for start in range(len(own) - length + 1)]
            if length >= params.min_words
            else []
        )
        prompt = split_words(fold(each.prompt))
        if any(words[start : start + length] in grams for start in range(len(words) - length + 1)):
            found.add(each.id)
        elif 1 <= len(prompt) < size and len(prompt) + sum(len(split_words(fold(c))) for c in each.choices) >= size:
            follow = sum(len(split_words(fold(choice))) + 3 for choice in each.choices) + 3
            for start in range(len(words)):
                window = f" {' '.join(words[start + len(prompt) : start + len(prompt) + follow])} "
                held = all(f" {' '.join(split_words(fold(choice)))} " in window for choice in each.choices)
                if words[start : start + len(prompt)] == prompt and held:
                    found.add(each.id)
    return found


WORDS = st.lists(st.sampled_from(["a", "b", "C", "d9", "é", "好", "天", "\U00020000", "-"]), min_size=1)


@given(
    st.lists(st.tuples(WORDS, st.sampled_from(["b", "a c", "天", "好 b"])), min_size=1, max_size=6),
    st.lists(
        st.sampled_from(["a", "b", "C", "d9", "é", "好", "天", "ﬁ", "\U00020000", "-", "\n", "\ud800", "x"]),
        max_size=200,
    ),
    st.tuples(st.integers(2, 5), st.integers(2, 5), st.integers(1, 3)),
)
def test_the_compiled_search_finds_what_the_simple_one_finds(
    drawn: list[tuple[list[str], str]], text: list[str], sizes: tuple[int, int, int]
) -> None:
    items = [choices(" ".join(words), answer, "d9", number=n) for n, (words, answer) in enumerate(drawn)]
    params = LeakParams(
        ngram_words=sizes[0],
        ngram_cjk_characters=sizes[1],
        min_words=min(sizes),
        min_prompt_words=99,
        min_prompt_cjk_characters=99,
    )
    folded = fold(" ".join([*text, *drawn[0][0][1:], "and", *text[:9]]))
    leaks = BenchmarkIndex(items, params).find_all(folded)
    assert {leak.item for leak in leaks} == simple_find_all(items, params, folded)
    assert all(leak.text in folded for leak in leaks)
