"""Records as dialogues: the turns that are there, and a reason for every one that is not."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from cpt_pipeline.extraction.dialogues.dialogues import as_text, read_dialogue
from cpt_pipeline.extraction.dialogues.params import DialoguesParams
from cpt_pipeline.extraction.fields import NoText

CHATML = {
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": " 谁发明了纸？ "},
        {"role": "assistant", "tool_calls": []},
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "蔡伦改进了"}, {"type": "text", "text": "造纸术。"}],
        },
    ]
}
ROW = {"id": 7, "who": "1", "said": "在吗", "at": "2024-05-01 10:00:00"}
ROWS: dict[str, Any] = {"turns": None, "role": "who", "text": "said", "conversation": "id"}


def params(**given: Any) -> DialoguesParams:
    return DialoguesParams.model_validate(given)


def test_openai_messages_with_a_role_left_out_and_a_call_without_text() -> None:
    found = read_dialogue(CHATML, params(roles={"system": None, "user": "用户"}))
    assert as_text(found.turns) == "用户: 谁发明了纸？\nassistant: 蔡伦改进了\n造纸术。"
    assert [turn.reason for turn in found.turns] == ["role_left_out", None, "empty", None]


def test_sharegpt() -> None:
    record = {"conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "hello"}]}
    found = read_dialogue(record, params(turns="conversations", role="from", text="value"))
    assert as_text(found.turns) == "human: hi\ngpt: hello"


def test_all_roles_that_are_not_named_get_the_name_of_the_star() -> None:
    record = {"messages": [{"role": "Li Lei", "content": "x"}, {"role": "user", "content": "y"}]}
    found = read_dialogue(record, params(roles={"user": "user", "*": "agent"}))
    assert as_text(found.turns) == "agent: x\nuser: y"


def test_a_row_is_a_turn_of_a_conversation() -> None:
    found = read_dialogue(ROW, params(**ROWS, order_by="at"))
    assert (found.conversation, found.link, found.time) == ("7", None, 1714557600.0)
    assert as_text(found.turns) == "1: 在吗"


@pytest.mark.parametrize(
    ("record", "reason", "detail"),
    [
        ([], "no_turns", "'messages' is missing"),
        ({"messages": None}, "no_turns", "'messages' is of type NoneType"),
        ({"messages": "hi"}, "no_turns", "'messages' is of type str"),
        ({"messages": []}, "no_turns", "'messages' is empty"),
        ({"messages": ["hi"]}, "broken_turn", "turn 1: the record is of type str, without fields"),
        ({"messages": [{"content": "hi"}]}, "broken_turn", "turn 1: 'role' is missing"),
        ({"messages": [{"role": " ", "content": "hi"}]}, "broken_turn", "turn 1: 'role' is empty"),
        ({"messages": [{"role": "a", "content": 5}]}, "broken_turn", "turn 1: 'content' is of type int, not text"),
        (
            {"messages": [{"role": "a", "content": "x"}, {"role": "a", "content": [{"type": "image_url"}]}]},
            "broken_turn",
            "turn 2: 'text' is missing",
        ),
        (
            {"messages": [{"role": "a", "content": "\ud800"}]},
            "undecodable",
            "turn 1: character 0: surrogates not allowed",
        ),
        ({"messages": [{"role": "a", "content": " "}, {"role": "b", "content": None}]}, "empty", None),
    ],
)
def test_broken_records(record: Any, reason: str, detail: str | None) -> None:
    with pytest.raises(NoText) as caught:
        read_dialogue(record, params())
    assert caught.value.args == (reason, detail)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "no_conversation_id"),
        ({"id": 1.5}, "no_conversation_id"),
        ({"at": "soon"}, "no_time"),
        ({"at": None}, "no_time"),
    ],
)
def test_broken_rows(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(NoText) as caught:
        read_dialogue(ROW | change, params(**ROWS, order_by="at"))
    assert caught.value.args[0] == reason


def test_nothing_but_roles_that_are_left_out() -> None:
    with pytest.raises(NoText) as caught:
        read_dialogue({"messages": [{"role": "system", "content": "x"}]}, params(roles={"system": None}))
    assert caught.value.args[0] == "role_left_out"


@pytest.mark.parametrize(
    "time",
    [
        1714521600,
        "1714521600.0",
        1714521600_000,
        "1714521600000000",
        "2024-05-01",
        "20240501",
        "2024/05/01 00:00",
        "2024-05-01T08:00:00+08:00",
        datetime.date(2024, 5, 1),
        datetime.datetime(2024, 5, 1),
    ],
    ids=str,
)
def test_one_moment_in_many_forms(time: Any) -> None:
    assert read_dialogue(ROW | {"at": time}, params(**ROWS, order_by="at")).time == 1714521600.0
