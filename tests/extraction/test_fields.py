"""Paths of fields: what is there, and the reason for what is not. The reasons of records are in test_records."""

from __future__ import annotations

import pytest

from cpt_pipeline.extraction.fields import MISSING, NoText, look_up, text_of


def test_a_key_with_a_dot_comes_before_a_path() -> None:
    assert look_up({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert look_up({"a": {"b": {"c": 3}}}, "a.b.c") == 3
    assert look_up({"a": [1]}, "a.b") is MISSING


def test_no_text() -> None:
    with pytest.raises(NoText, match="is of type NoneType, not text"):
        text_of({"a": None}, "a")
