"""Leaks: items are found in every disguise; what resembles them, or what many texts share, accuses none."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.decontamination.leaks import BenchmarkIndex, Leak, LeakParams
from cpt_pipeline.formats.benchmarks import BenchmarkItem
from cpt_pipeline.text.words import fold
from tests.corpus.dedup.real_items import DISGUISES, answered, read_cmmlu, read_gsm8k
from tests.corpus.texts import item, make_text

LONG = item("Natalia sold clips to 48 of her friends in April, and then she sold half as many in May.", "72", 1)
SHORT = item("Seven times eight equals", " fifty-six", 2)
CHINESE = item("下列哪一项不属于人体的五脏六腑之一", "膀胱以外的器官", 3, "cmmlu")


def index(*items: BenchmarkItem, **params: float) -> BenchmarkIndex:
    return BenchmarkIndex(items, LeakParams.model_validate(params))


def find(guard: BenchmarkIndex, text: str, *others: str) -> list[Leak]:
    """Give what is found in the last document of a corpus."""
    counts = guard.count()
    for each in (*others, text):
        found = guard.look(each, counts)
        counts.end_document()
    rarity = guard.rarity(counts.counts, counts.num_documents)
    leaks = [guard.judge(candidate, rarity) for candidate in found]
    return list({leak.name: leak for leak in leaks[::-1] if leak}.values())[::-1]


@pytest.mark.feature(41)
@pytest.mark.parametrize(
    "text",
    [
        LONG.prompt,
        LONG.prompt.upper(),
        LONG.prompt.replace(" ", "\n\t "),
        LONG.prompt.replace(" ", ""),
        LONG.prompt.replace(",", "").replace("April", "*April*"),
        f"{make_text(1)}\n{LONG.prompt[10:70]}\n{make_text(2)}",
        "Natxlia sold clixs to 48 of hxr friends in Axril, and then shx sold half as xany in May.",
        "Nat*lia sold cl*ps to 48 of*her friends in A*ril, and then *he sold half as m*ny in May.",
    ],
)
def test_long_items_are_found_in_disguise(text: str) -> None:
    assert [(leak.benchmark, leak.item) for leak in find(index(LONG), text)] == [("quiz", "1")]


@pytest.mark.parametrize(
    "text",
    [
        "Natalia sold clips to 49 of her friends in March.",
        "she sold half as many in June, and then she sold half as many in May",
        make_text(3),
        "",
        "48 of her",
    ],
)
def test_a_small_share_of_an_item_is_no_leak(text: str) -> None:
    assert find(index(LONG), text) == []


def test_short_questions_count_with_the_answer_or_alone() -> None:
    short = index(SHORT)
    (leak,) = find(short, "As we know, SEVEN times eight equals fifty six. Next:")
    assert str(leak) == "quiz/2: seven times eight equals fifty six"
    assert find(short, "Who knows? Seven times eight equals: the clock has stopped") != []
    assert find(short, "he said that seven times eight equals plenty and went home") == []
    assert find(short, "eight equals fifty six") == []


def test_chinese_items_are_found_in_either_script_and_with_every_twelfth_character_another() -> None:
    chinese = index(CHINESE)
    for text in (
        "题目:下列哪一项 不属于人体的五脏六腑之一?",
        "下列哪一項不屬於人體的五臟六腑之一",
        "下列哪一项不属于人体的某脏六腑之一膀胱以外某器官",
    ):
        assert [leak.benchmark for leak in find(chinese, text)] == ["cmmlu"], text
    assert find(chinese, "下列哪一项不属于人体的部分") == []
    assert find(index(item("下列哪一項不屬於人體的五臟六腑之一", "膀胱", 3)), CHINESE.prompt) != []


def test_items_too_short_are_counted_not_searched() -> None:
    guard = index(item("Two and two", "four", 4), SHORT)
    assert guard.unguarded == {"quiz": 1}
    assert guard.num_items == {"quiz": 2}
    assert find(guard, "two and two four") == []


def test_suite_without_items_finds_nothing() -> None:
    assert find(index(), "anything at all") == []


COURT = "中华人民共和国最高人民法院审判委员会"
LAW = item(f"{COURT}的组成人员应当是", "由院长提请任免", 5, "law")


@pytest.mark.feature(41)
def test_a_name_that_a_question_shares_with_a_text_accuses_none() -> None:
    """A name of 18 characters is three quarters of the question."""
    texts = [f"{make_text(n, 20)}。{COURT}讨论决定第{n}号案件。" for n in range(200)]
    assert find(index(LAW), f"第一条 {LAW.prompt}{LAW.choices[1]}。", *texts) != []
    assert find(index(LAW), f"第九条 {COURT}的会议由院长主持。", *texts) == []
    assert find(index(LAW), texts[0], *texts[1:]) == []


def test_a_text_that_a_question_quotes_before_it_asks_is_no_copy_of_it() -> None:
    quoted = "渡船靠岸以后船夫应当先扶老人和儿童下船再卸下货物并且清点人数"
    question = item(f"“{quoted}。”这一条体现的原则是", "老幼优先", 8, "law")
    assert find(index(question), f"第三条 {quoted}。第四条 夜间不得开船。") == []
    assert find(index(question), f"考题：“{quoted}。”这一条体现的原则是（ ）") != []


def test_rarity_is_what_tells_a_name_from_a_question() -> None:
    """The same passage counts where no other document has it: rarity is of the corpus at hand."""
    shared = "lantern festival committee of the northern river towns"
    question = item(f"What did the {shared} decide?", "nothing", 6)
    text = f"It was told that the {shared} met again in the autumn."
    others = [f"{make_text(n)} The {shared} was there." for n in range(300)]
    assert find(index(question), text) != []
    assert find(index(question), text, *others) == []


def test_a_whole_long_question_counts_however_many_documents_hold_it() -> None:
    long = item(f"{make_text(5, 40)}?", "no", 7)
    texts = [f"{make_text(n)}\n{long.prompt}" for n in range(50)]
    assert find(index(long), texts[0], *texts[1:]) != []


def choices(prompt: str, *texts: str, number: int = 0, benchmark: str = "quiz") -> BenchmarkItem:
    return BenchmarkItem(id=str(number), benchmark=benchmark, ability="any", prompt=prompt, choices=texts, answer=0)


def test_listed_choices_give_a_short_question_away_in_any_order() -> None:
    bones = choices("最大的骨是", "股骨", "肱骨内上髁", "胫骨", "髂骨", number=9)
    quiz = index(bones)
    (leak,) = find(quiz, "题最大的骨是A.胫骨\nB.股骨\nC.髂骨\nD.肱骨内上髁\n答案 B。")
    assert leak == Leak("quiz", "9", "最大的骨是")
    assert find(quiz, "A.胫骨\nB.股骨\nC.髂骨\nD.肱骨内上髁\n其中最大的骨是哪一块呢") != []
    assert find(quiz, "A.胫骨\nB.股骨\nC.髂骨\n其中最大的骨是哪一块呢") == []
    assert find(quiz, "人体最大的骨是胫骨、股骨、髂骨中的一块") == []
    assert find(quiz, f"人体最大的骨是胫骨、股骨、髂骨。{'其他的话' * 20}肱骨内上髁") == []
    assert find(quiz, "A.胫骨 B.股骨 C.髂骨 D.肱骨内上髁") == []


def test_a_blank_is_filled_with_the_answer() -> None:
    question = choices("我国的根本制度是（ ），它由宪法第一条规定", "社会主义制度", "议会制度")
    assert find(index(question), "我国的根本制度是社会主义制度，它由宪法第一条规定。") != []
    assert find(index(question), "我国的根本制度是社会主义制度。") == []


def test_what_most_prompts_begin_and_end_with_is_no_part_of_an_item() -> None:
    chance = random.Random(2)
    questions = [make_text(chance.randrange(10**6), 12) for _ in range(20)]
    items = [
        choices(f"Please choose: Question: {each}\nAnswer:", f"a{n}", "b", number=n) for n, each in enumerate(questions)
    ]
    short = choices("Please choose: Question: Capital of old Assyria is\nAnswer:", "Assur", "b", number=77)
    guard = index(*items, short)
    (leak,) = find(guard, "The capital of old Assyria is Assur.")
    assert (leak.item, leak.text) == ("77", "capital of old assyria is assur")
    assert find(guard, "Please choose: Question: Answer: or so said the paper on the wall") == []


def test_what_many_items_share_is_no_leak_and_the_rest_of_them_is() -> None:
    shared_words = "as of the end of the year two thousand and twenty"
    items = [item(f"{make_text(n, 3)} {shared_words} {make_text(n + 100, 3)}", "x", n) for n in range(300)]
    assert find(index(*items), f"well, {shared_words} it rained") == []
    assert [leak.item for leak in find(index(*items), items[4].prompt)] == ["4"]


def test_the_whole_passage_is_shown_and_each_occurrence_is_found() -> None:
    text = fold(f"{make_text(1)} - {LONG.prompt} - {make_text(2)} {LONG.prompt}")
    (leak,) = find(index(LONG), text)
    assert leak.text == fold(LONG.prompt).rstrip(".")
    assert [each.text for each in index(LONG).look(text)] == [leak.text] * 2


@given(st.integers(0, 200), st.integers(0, 1_000), st.integers(1, 3))
def test_a_question_is_found_wherever_it_stands_and_however_it_is_spaced(number: int, place: int, gap: int) -> None:
    question = item(make_text(number, 15), "end")
    host = make_text(number + 1_000, 200)
    disguised = (" " * gap).join(question.prompt.split()).title()
    text = f"{host[:place]} {disguised} {host[place:]}"
    assert [leak.item for leak in find(index(question), text)] == ["0"]
    assert find(index(question), host) == []


@given(st.integers(0, 200), st.integers(0, 11), st.sampled_from("qZ*_ 7"))
def test_a_question_is_found_with_every_twelfth_character_another(number: int, first: int, other: str) -> None:
    question = item(make_text(number, 20), "end")
    text = "".join(other if n % 12 == first else each for n, each in enumerate(question.prompt))
    assert [leak.item for leak in find(index(question), text)] == ["0"]


def test_rarity_falls_with_the_documents_and_the_items_that_hold_a_seed() -> None:
    shared = "and the rest of it is the same in all of them"
    guard = index(*(item(f"{make_text(n, 6)} {shared} {make_text(n + 100, 6)}", "x", n) for n in range(30)))
    none = guard.rarity(np.zeros(guard.num_seeds), 10_000)
    some = guard.rarity(np.full(guard.num_seeds, 100), 10_000)
    every = guard.rarity(np.full(guard.num_seeds, 10_000), 10_000)
    assert (every <= some).all() and (some <= none).all()
    assert (none.max(), round(float(some.max()), 3), round(float(every.max()), 3)) == (1.0, 0.5, 0.0)
    assert none.min() == pytest.approx(1 - np.log(30) / np.log(1_000))


@pytest.fixture
def real(shared: Path) -> tuple[list[BenchmarkItem], BenchmarkIndex]:
    return read_real(shared)


@cache
def read_real(shared: Path) -> tuple[list[BenchmarkItem], BenchmarkIndex]:
    items = [*read_gsm8k(shared), *read_cmmlu(shared)]
    return items, BenchmarkIndex(items, LeakParams())


@pytest.mark.feature(41)
@pytest.mark.parametrize("disguise", DISGUISES)
def test_real_items_are_found_in_long_texts_in_every_disguise(
    real: tuple[list[BenchmarkItem], BenchmarkIndex], shared: Path, disguise: str
) -> None:
    """All but 1 %: items such as `40-[12+(10-3)*4]的得数是` have too few letters."""
    items, guard = real
    lines = (shared / "data" / "general_en" / "c4_demo.jsonl").read_text(encoding="utf-8").splitlines()[:40]
    hosts = [json.loads(line)["text"] for line in lines]
    sample = random.Random(1).sample(items, 200)
    missed = []
    for number, each in enumerate(sample):
        host = hosts[number % len(hosts)]
        text = f"{host[:700]}\n{DISGUISES[disguise](each)}\n{host[700:]}"
        if (each.benchmark, each.id) not in {leak.name for leak in find(guard, text)}:
            missed.append(each.id)
    assert len(missed) <= 2, missed


@pytest.mark.feature(43)
def test_a_document_of_several_items_counts_them_all_in_order(
    real: tuple[list[BenchmarkItem], BenchmarkIndex],
) -> None:
    items, guard = real
    chosen = [items[700], items[2_000], items[3], items[3_500]]
    leaks = find(guard, "\n\n".join(answered(each) for each in chosen))
    assert [leak.item for leak in leaks if leak.item in {each.id for each in chosen}] == [each.id for each in chosen]
