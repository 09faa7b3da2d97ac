"""What is read of an answer: the text without thoughts, and nothing where there is no text."""

from __future__ import annotations

import pytest

from cpt_pipeline.corpus.llm.answers import read_answer


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("A passage.", "A passage."),
        ("<think>what is it?</think>\n\nA passage.", "A passage."),
        ("what is it?\nIt is this.\n</think>\n\nA passage.", "A passage."),
        ("A passage on the tag <think> of a model.", "A passage on the tag <think> of a model."),
    ],
)
def test_thoughts_are_no_part_of_the_text(text: str, read: str) -> None:
    answer = read_answer("a", {"text": text, "finish_reason": "stop", "usage": None})
    assert (answer.text, answer.error) == (read, None)


@pytest.mark.parametrize("text", ["", " \n", "<think>so much to say that no room is left", "<think>done</think>"])
def test_thoughts_alone_are_no_answer(text: str) -> None:
    answer = read_answer("a", {"text": text, "finish_reason": "length", "usage": {"completion_tokens": 9}})
    assert answer.error == "the answer is empty (it ended with length)"
    assert answer.completion_tokens == 9
