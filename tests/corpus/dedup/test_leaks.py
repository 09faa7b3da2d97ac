"""Leaks: items are found re-cased, re-spaced and embedded; words that merely resemble them are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.dedup.leaks import BenchmarkIndex, LeakParams, item_words
from cpt_pipeline.corpus.words import fold
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
        "HALF AS MANY IN MAY!!! 72 and so... she sold half as many in May: 72.",
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


@given(st.integers(0, 200), st.integers(0, 40), st.integers(8, 20))
def test_any_eight_words_in_a_row_are_found_anywhere(number: int, start: int, length: int) -> None:
    question = item(make_text(number, 60), "end")
    words = item_words(question)[start : start + length]
    text = f"{make_text(number + 1_000, 30)} {' '.join(words)} {make_text(number + 2_000, 30)}"
    assert index(question).find(fold(text)) is not None
    assert index(question, ngram_words=21).find(fold(text)) is None
