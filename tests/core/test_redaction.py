"""What is hidden, and what must stay readable."""

from __future__ import annotations

import pytest

from cpt_pipeline.core.redaction import HIDDEN, redact


@pytest.mark.parametrize(
    "key", ["token", "hf_token", "api_key", "apikey", "AWS_SECRET", "db.password", "key", "auth-key"]
)
def test_a_value_is_hidden_when_its_key_says_so(key: str) -> None:
    assert redact({key: "canary"}) == {key: HIDDEN}


@pytest.mark.parametrize(
    "key", ["tokens", "num_tokens", "eos_token", "tokenizer", "keys", "text_key", "keyboard", "monkey"]
)
def test_ordinary_keys_stay(key: str) -> None:
    assert redact({key: "plain"}) == {key: "plain"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgres://user:canary@db.example/texts", f"postgres://{HIDDEN}@db.example/texts"),
        ("https://canary@example.org/a", f"https://{HIDDEN}@example.org/a"),
        ("hf_canaryCANARYcanary1234", HIDDEN),
        ("use sk-canaryCANARYcanary12 here", f"use {HIDDEN} here"),
        ("ghp_canaryCANARYcanary1234", HIDDEN),
        ("https://example.org/a@b", "https://example.org/a@b"),
        ("who@example.org", "who@example.org"),
    ],
)
def test_a_value_is_hidden_when_it_is_a_credential(value: str, shown: str) -> None:
    assert redact({"sources": [{"url": value}]}) == {"sources": [{"url": shown}]}


def test_numbers_truth_values_and_empty_text_are_never_secret() -> None:
    assert redact({"token": 3, "password": "", "secret": None, "key": True}) == {
        "token": 3,
        "password": "",
        "secret": None,
        "key": True,
    }
