"""Turns are told from the text and make it again; whose turns are judged follows from the names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.dialogues.turns import join_turns, judged_speakers, one_turn, split_turns

TEXT = "User: hello\nAgent: two\nlines\n\nUser: again\nNote: no speaker\nAgent: bye"


def said(text: str, speakers: list[str] | None) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in split_turns(text, speakers)]


def test_turns_of_known_speakers() -> None:
    assert said(TEXT, ["User", "Agent"]) == [
        ("user", "hello"),
        ("agent", "two\nlines"),
        ("user", "again\nNote: no speaker"),
        ("agent", "bye"),
    ]
    assert said("before\n客服：你好", ["客服"]) == [("", "before"), ("客服", "你好")]
    assert said("用户: ", ["用户"]) == [("用户", "")]
    assert said("no turn", []) == [("", "no turn")]


def test_speakers_are_found_where_nobody_says_who_they_are() -> None:
    assert [speaker for speaker, _ in said(TEXT, None)] == ["user", "agent", "user", "agent"]
    assert said("Anna: a\nBen: b\nTime: 12\nAnna: c\nBen: d", None)[1] == ("ben", "b\nTime: 12")


@given(st.text("ab:\n ", max_size=60), st.sampled_from([None, ["a"], ["a", "ab"], []]))
def test_the_turns_are_the_text(text: str, speakers: list[str] | None) -> None:
    assert "".join(turn.head + turn.text + turn.tail for turn in split_turns(text, speakers)) == text


def test_two_conversations_stay_apart_when_the_last_turn_of_the_first_goes() -> None:
    turns = split_turns("a: 1\nb: 2\n\na: 3\nb: 4", ["a", "b"])
    assert join_turns([turns[0], turns[1].gap(), *turns[2:]]) == "a: 1\n\na: 3\nb: 4"
    assert join_turns([turns[0].gap(), *turns[1:]]) == "b: 2\n\na: 3\nb: 4"
    assert join_turns([*turns[:3], turns[3].gap()]) == "a: 1\nb: 2\n\na: 3"


@pytest.mark.parametrize(
    ("speakers", "judged"),
    [
        ({"user", "assistant"}, {"assistant"}),
        ({"用户", "客服", "质检"}, {"客服"}),
        ({"anna", "ben"}, {"anna", "ben"}),
        ({"user", "dr. li"}, {"dr. li"}),
        ({"user"}, set()),
    ],
)
def test_agents_are_judged_or_all_but_customers(speakers: set[str], judged: set[str]) -> None:
    assert judged_speakers(speakers) == judged


def test_more_agents_come_from_conf() -> None:
    assert judged_speakers({"anna", "ben"}, {"ben"}) == {"ben"}


def test_a_whole_text_is_one_turn() -> None:
    (turn,) = one_turn("Agent: x\nUser: y", "Agent")
    assert (turn.speaker, turn.text) == ("agent", "Agent: x\nUser: y")
