"""Normalise: each step does its own, says so, and does nothing the second time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpt_pipeline.corpus.clean.normalise import NormaliseParams, normalise

STEPS = tuple(NormaliseParams.model_fields)


@pytest.mark.feature(23)
@pytest.mark.parametrize(
    ("step", "text", "expected"),
    [
        ("line_ends", "a\r\nb\rc\x85d\u2028e", "a\nb\nc\nd\ne"),
        ("control_characters", "a\x00b\x0cc\x1b[0m\td\x9f", "abc[0m\td"),
        ("invisible_characters", "\ufeffa\u200bb\u2060c", "abc"),
        ("unicode_nfc", "Cafe\u0301", "Café"),
        ("trailing_blanks", "\n\na  \n  b\t \n\n", "a\n  b"),
    ],
)
def test_each_step_is_counted_and_can_be_switched_off(step: str, text: str, expected: str) -> None:
    assert normalise(text, NormaliseParams()) == (expected, [step])
    alone = NormaliseParams(**{name: name == step for name in STEPS})
    assert normalise(text, alone) == (expected, [step])
    without = NormaliseParams(**{name: name != step for name in STEPS})
    assert step not in normalise(text, without)[1]


def test_joiners_of_persian_and_emoji_stay() -> None:
    text = "می\u200cخواهم 👩\u200d🔬"
    assert normalise(text, NormaliseParams()) == (text, [])


@given(st.text())
def test_clean_text_is_not_changed_again(text: str) -> None:
    once, _ = normalise(text, NormaliseParams())
    assert normalise(once, NormaliseParams()) == (once, [])
    assert not set(once) & set("\r\x00\x85\ufeff")


def test_a_long_line_of_blanks_takes_no_time() -> None:
    text = f"a{' ' * 2_000_000}b"
    assert normalise(text, NormaliseParams())[0] == text
