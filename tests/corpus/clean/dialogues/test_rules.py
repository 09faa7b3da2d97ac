"""Dialogues: what goes, what is cut, and when nothing is left that could be called one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cpt_pipeline.core.errors import ParameterError
from cpt_pipeline.corpus.clean.dialogues.rules import Cleaned, DialogueRules, DialoguesParams, StockRepliesParams

ABOUT: dict[str, object] = {"unit": "conversation", "speakers": ["用户", "客服"]}
CALL = """用户: 怎么退货？
客服: 您好，请稍等。
客服: 我查看了您的订单，已经签收。
客服: 七天之内可以退货，吊牌要保持完整。"""


def clean(text: str, about: dict[str, object] | None = ABOUT, **given: Any) -> Cleaned:
    return DialogueRules(DialoguesParams.model_validate(given)).clean(text, about)


@pytest.mark.feature(133)
def test_claims_and_stock_go_and_the_answer_stays() -> None:
    found = clean(CALL)
    assert found.text == "用户: 怎么退货？\n客服: 七天之内可以退货，吊牌要保持完整。"
    assert found.removed == {"stock_formula_turns": 1, "tool_claim_turns": 1}
    assert (found.verdict, found.num_turns) == (None, 4)
    assert found.density_before < found.density_after


def test_of_a_longer_turn_only_the_claim_goes() -> None:
    found = clean("用户: 怎么退货？\n客服: 我查了您的订单。七天之内可以退货，吊牌要保持完整，运费由买家承担。")
    assert found.text == "用户: 怎么退货？\n客服: 七天之内可以退货，吊牌要保持完整，运费由买家承担。"
    assert found.removed == {"tool_claim_sentences": 1}


def test_what_is_left_of_a_turn_may_be_a_formula() -> None:
    found = clean(
        "用户: 在吗\n客服: 我查一下您的订单。感谢您的耐心等待，祝您生活愉快。", tool_claims={"turn_share": 0.9}
    )
    assert (found.text, found.removed) == ("用户: 在吗", {"tool_claim_turns": 1})


def test_customers_may_say_what_they_did() -> None:
    text = "用户: 我查看了订单，已签收。\n客服: 那请您看一看门卫室，常有人把包裹放在那里。"
    assert clean(text).text == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("客服: 您好，请讲。\n客服: 请稍等。", "no_turns_left"),
        ("用户: 怎么退货？\n客服: 请稍等。", "one_sided"),
        ("用户: 怎么退货？", None),
        ("", None),
    ],
)
def test_no_dialogue_is_left(text: str, reason: str | None) -> None:
    verdict = clean(text).verdict
    assert (verdict and verdict[0]) == reason


def test_a_turn_of_its_own_is_kept_or_excluded_as_a_whole() -> None:
    turn: dict[str, object] = {"unit": "turn", "speakers": ["客服"]}
    assert clean("请稍等。", turn).verdict == ("no_turns_left", "stock_formula_turns 1")
    assert clean("七天之内可以退货。", turn).verdict is None
    assert clean("请稍等。", {"unit": "turn", "speakers": ["用户"]}).verdict is None


def test_a_dialogue_that_is_only_recognised() -> None:
    text = "Customer: hi\nAgent: Please hold on.\nCustomer: Is it open on Sunday?\nAgent: Yes, until noon."
    assert clean(text, None).text == text.replace("Agent: Please hold on.\n", "")
    assert clean("Ann: I checked your order.\nBob: Oh.\nAnn: Yes.\nBob: No!", None).removed == {"tool_claim_turns": 1}


def test_repeated_turns_are_asked_for_among_the_judged_alone() -> None:
    asked: list[str] = []
    rules = DialogueRules(DialoguesParams())
    rules.clean("用户: 一\n客服: 二", ABOUT, lambda text: bool(asked.append(text)))
    assert asked == ["二"]
    assert rules.clean("用户: 一\n客服: 二\n客服: 三", ABOUT, lambda text: text == "三").text == "用户: 一\n客服: 二"


def test_low_density() -> None:
    text = "用户: 啊啊啊啊啊啊啊啊啊啊啊啊啊啊\n客服: 是的是的是的是的是的是的"
    assert clean(text, min_density=0.3).verdict == ("low_density", "density 0.119, at least 0.3")


def test_each_part_can_be_switched_off() -> None:
    assert clean(CALL, tool_claims={"enabled": False}).removed == {"stock_formula_turns": 1}
    assert clean(CALL, stock_replies={"formulas": False}).removed == {"tool_claim_turns": 1}


def test_lists_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "claims.txt").write_text("# ours\n透过CRM\n", encoding="utf-8")
    (tmp_path / "stock.txt").write_text("假一赔十 # slogan\n", encoding="utf-8")
    text = "用户: 真吗？\n客服: 透过crm可知您是金卡。\n客服: 假一赔十！\n客服: 每件都有防伪码。"
    given = {"tool_claims": {"files": [tmp_path / "claims.txt"]}, "stock_replies": {"files": [tmp_path / "stock.txt"]}}
    assert clean(text, **given).text == "用户: 真吗？\n客服: 每件都有防伪码。"


def test_wrong_lists_are_named_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "gb.txt").write_bytes("假一赔十".encode("gb18030"))
    given = {"tool_claims": {"files": [tmp_path / "none.txt"]}, "stock_replies": {"files": [tmp_path / "gb.txt"]}}
    with pytest.raises(ParameterError, match=r"(?s)none\.txt: No such file.*gb\.txt: not UTF-8"):
        DialogueRules(DialoguesParams.model_validate(given))


def test_what_is_removed_must_be_listed() -> None:
    with pytest.raises(ValidationError, match="below list_share"):
        StockRepliesParams(remove_share=0.001)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["用户", "客服"]), st.sampled_from(["请稍等。", "一", "我查看了您的订单。", "二\n三"])
        )
    )
)
def test_a_second_time_changes_nothing(said: list[tuple[str, str]]) -> None:
    once = clean("\n".join(f"{name}: {text}" for name, text in said))
    if once.verdict is None:
        assert clean(once.text).text == once.text
