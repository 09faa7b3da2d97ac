"""Stock replies: formulas of the labelled half that was tuned on, what must stay, and turns in one form."""

from __future__ import annotations

import pytest

from cpt_pipeline.corpus.clean.dialogues.stock_replies import (
    StockReplies,
    hash_turn,
    is_countable,
    masked,
    read_clauses,
)
from tests.corpus.clean.dialogues.test_tool_claims import turns

STOCK = StockReplies()


def test_the_half_that_was_tuned_on() -> None:
    wrong = [each["text"] for each in turns(0) if STOCK.is_formula(each["text"]) != (each["label"] == "stock")]
    assert wrong == []


@pytest.mark.parametrize(
    "text", ["您好！", "Hi there! How can I help you?", "好的，请您稍等一下～", "Sorry about that."]
)
def test_more_formulas(text: str) -> None:
    assert STOCK.is_formula(text)


@pytest.mark.parametrize(
    "text",
    [
        "是的。",
        "可以",
        "Yes.",
        "您好，运费是8元。",
        "Thanks, the parcel weighs two kilos.",
        "",
        "。。。",
        "请稍等" * 200,
    ],
)
def test_what_stays(text: str) -> None:
    assert not STOCK.is_formula(text)


def test_clauses_of_the_user() -> None:
    stock = StockReplies(read_clauses(["小店诚信经营，假一赔十！", "Stay awesome"]))
    assert stock.is_formula("您好，小店诚信经营")
    assert stock.is_formula("假一赔十。stay awesome!")
    assert not stock.is_formula("小店诚信经营二十年")


def test_turns_are_compared_without_case_width_marks_and_numbers() -> None:
    assert masked("Ｙour order 12,345 is READY!") == masked("your order 7 is ready") == "your order 0 is ready"
    assert hash_turn("x", "a") != hash_turn("x", "b")


@pytest.mark.parametrize(
    ("form", "counts"),
    [("是的可", False), ("您好请讲", True), ("yes you can", False), ("x" * 2000, False), ("a " * 81, False)],
)
def test_answers_and_long_texts_are_not_counted(form: str, counts: bool) -> None:
    assert is_countable(form, 4, 80) == counts
