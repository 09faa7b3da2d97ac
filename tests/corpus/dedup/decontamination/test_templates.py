"""Items of one template: each is found as itself, and another variant, which is in no benchmark, is none of them."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from cpt_pipeline.corpus.dedup.decontamination.items import read_item_letters
from cpt_pipeline.corpus.dedup.decontamination.leaks import BenchmarkIndex, LeakParams
from cpt_pipeline.corpus.dedup.decontamination.templates import find_distinctions
from cpt_pipeline.formats.benchmarks import BenchmarkItem
from tests.corpus.texts import item, make_text

NAMES = [first + last for first in ("Ann", "Bob", "Carl", "Eve", "Kim", "Rita") for last in ("", "by", "wick", "ville")]
TERMS = ["诉讼时效", "善意取得", "不当得利", "表见代理", "无因管理", "共同犯罪", "正当防卫", "紧急避险"]
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈", "伟芳娜敏静丽强磊军洋"


def coins(chance: random.Random) -> str:
    owner, first, second = chance.choice(NAMES), chance.randrange(10, 60), chance.randrange(2, 30)
    return f"{owner} kept {first} coins in a jar until an uncle put in {second} more. How many coins were there then?"


def statute(chance: random.Random) -> str:
    return (
        f"Under the act of {chance.choice(NAMES)}{chance.choice(NAMES).lower()}shire, who must mend the common fence?"
    )


def loan(chance: random.Random) -> str:
    person = chance.choice(SURNAMES) + chance.choice(GIVEN)
    amount, years = chance.randrange(2, 90), chance.randrange(1, 9)
    return f"{person}向银行借款{amount}万元，约定期限{years}年，到期未还。银行可以要求其承担"


def term(chance: random.Random) -> str:
    return f"下列关于{chance.choice(TERMS)}与{chance.choice(TERMS)}的说法正确的是"


Template = Callable[[random.Random], str]
TEMPLATES = pytest.mark.parametrize("template", [coins, statute, loan, term])


def variants(template: Template, number: int) -> list[str]:
    """Make different questions of a template."""
    chance = random.Random(7)
    made: dict[str, None] = {}
    while len(made) < number:
        made[template(chance)] = None
    return list(made)


def found(guard: BenchmarkIndex, texts: list[str]) -> list[set[str]]:
    """Return the items found in each document of a corpus."""
    counts = guard.count()
    seen = []
    for text in texts:
        seen.append(guard.look(text, counts))
        counts.end_document()
    rarity = guard.rarity(counts.counts, counts.num_documents)
    return [{leak.item for each in some if (leak := guard.judge(each, rarity))} for some in seen]


@TEMPLATES
@pytest.mark.parametrize("with_others", [True, False])
def test_each_item_of_a_template_is_found_as_itself_and_other_variants_are_not(
    template: Template, with_others: bool
) -> None:
    questions = variants(template, 56)
    others = [item(make_text(number, 20), "none", number, "other") for number in range(200)]
    items = [item(question, f"answer {number}", number) for number, question in enumerate(questions[:40])]
    guard = BenchmarkIndex([*items, *others] if with_others else items, LeakParams())
    pages = [f"{make_text(900 + n, 40)}\n{question}\n{make_text(990 + n, 40)}" for n, question in enumerate(questions)]
    sheet = "\n".join(questions[40:])
    assert guard.unguarded == {}
    assert found(guard, [*pages, sheet]) == [*({str(number)} for number in range(40)), *([set()] * 17)]


@TEMPLATES
def test_case_spaces_and_marks_tell_no_variant_from_another(template: Template) -> None:
    questions = variants(template, 40)
    guard = BenchmarkIndex([item(each, "none", n) for n, each in enumerate(questions)], LeakParams())
    disguised = [each.upper().replace(" ", "\n ").replace(",", ";").replace("，", " ") for each in questions]
    assert found(guard, disguised) == [{str(number)} for number in range(40)]


def test_a_number_that_goes_on_is_another_number() -> None:
    questions = [f"Seven sisters share their silver coins; how many coins are {n} times {n + 3}" for n in range(12, 52)]
    guard = BenchmarkIndex([item(each, "none", n) for n, each in enumerate(questions)], LeakParams())
    first = questions[0]
    for other in (f"{first}0?", first.replace("12 times", "112 times"), first.replace("12 times", "1 times")):
        assert found(guard, [other]) == [set()], other
    assert found(guard, [f"{first}? 7 of them"]) == [{"0"}]


def test_items_that_nothing_tells_from_one_another_are_unguarded_or_found_with_their_choices() -> None:
    """Their question is the same; what differs is the answer, or nothing that is long enough."""
    same = "下列各项说法正确的是"
    longer = [f"第{'甲乙丙丁戊己'[n]}条渡船最先靠岸" for n in range(6)]
    choices = [(each, "以上都不对") for each in longer]
    items = [
        BenchmarkItem(id=str(n), benchmark="law", ability="any", prompt=same, choices=each, answer=0)
        for n, each in enumerate(choices)
    ]
    guard = BenchmarkIndex(items, LeakParams())
    assert found(guard, [f"考题。\n{same}\nA.{longer[2]}\nB.以上都不对"]) == [{"2"}]
    assert found(guard, [f"考题。\n{same}\n一句别的话。"]) == [set()]


def test_every_guarded_item_of_a_template_is_found() -> None:
    """Sums of two numbers are too short: none of them may count as guarded."""
    sums = [item(f"What is {n} plus {n % 7 + 2}?", str(n + n % 7 + 2), n) for n in range(40)]
    assert BenchmarkIndex(sums, LeakParams()).unguarded == {"quiz": 40}
    signs = [
        BenchmarkItem(
            id=str(n), benchmark="signs", ability="any", prompt="下列符号使用正确的是", choices=("+", "-"), answer=0
        )
        for n in range(5)
    ]
    assert BenchmarkIndex(signs, LeakParams()).unguarded == {"signs": 5}


def test_what_distinguishes_an_item_is_marked() -> None:
    questions = [f"In {place} the old ferry carries {n} hens over the river" for n, place in enumerate(NAMES, 31)]
    made = read_item_letters([item(each, "none", n) for n, each in enumerate(questions)])
    marks = find_distinctions(made)[4].marks
    assert "".join(map(chr, made[4].letters[marks].tolist())) == "bob35"
    assert find_distinctions(made[:3]) == {}
