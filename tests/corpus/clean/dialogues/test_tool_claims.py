"""Tool claims: the labelled half that was tuned on, forms beside it, and what must stay."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.corpus.clean.dialogues.tool_claims import ToolClaims, without

TURNS = Path(__file__).with_name("labelled_turns.jsonl")
CLAIMS = ToolClaims()


def turns(half: int) -> list[dict[str, Any]]:
    lines = TURNS.read_text(encoding="utf-8").splitlines()
    return [each for each in map(json.loads, lines[half::2]) if each["role"] != "user"]


def test_both_halves_hold_the_same_kinds() -> None:
    lines = list(map(json.loads, TURNS.read_text(encoding="utf-8").splitlines()))
    assert len(lines) >= 120
    kinds = [Counter((each["label"], each["language"], each["role"]) for each in lines[half::2]) for half in (0, 1)]
    assert kinds[0] == kinds[1]


@pytest.mark.feature(133)
def test_the_half_that_was_tuned_on() -> None:
    wrong = [each["text"] for each in turns(0) if bool(CLAIMS.find(each["text"])) != (each["label"] == "tool_claim")]
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        "I’ve checked your order.",
        "嗯，我再帮您核实一下订单。",
        "您的问题我已经提交给技术同事了",
        "If it helps: no.\nLet me pull up your account.",
        "Your refund has been processed.",
    ],
)
def test_more_claims(text: str) -> None:
    assert CLAIMS.find(text)


@pytest.mark.parametrize(
    "text",
    [
        "如果需要，我可以帮您查询订单。",
        "当系统显示您已欠费时，请先充值。",
        "Once your order has been shipped you cannot change it.",
        "If I process your refund today, it arrives on Monday.",
        "我查了查字典，这个字读作“yì”。",
        "I see what you mean about the second chapter.",
        "I found your argument about the system of equations convincing.",
        "",
    ],
)
def test_what_stays(text: str) -> None:
    assert CLAIMS.find(text) == []


def test_only_the_sentence_is_marked_and_cut() -> None:
    text = "七天之内可以退货。我查看了您的订单，已经签收。吊牌要保持完整。"
    (span,) = CLAIMS.find(text)
    assert text[slice(*span)] == "我查看了您的订单，已经签收。"
    assert without(text, [span]) == "七天之内可以退货。吊牌要保持完整。"
    assert without("a b", []) == "a b"


def test_phrases_of_the_user() -> None:
    text = "Per CRM you are gold. Gold is a metal."
    assert ToolClaims(("per crm",)).find(text) == [(0, 22)]


def test_long_and_hostile_text_costs_no_more_than_its_length() -> None:
    assert CLAIMS.find("我们这边" * 50_000) == []
    assert CLAIMS.find("i have have to " * 20_000) == []
    assert CLAIMS.find("." * 100_000) == []
