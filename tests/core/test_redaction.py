"""What is hidden, what must stay readable, and that no sink of a run holds what was hidden."""

from __future__ import annotations

import importlib
import io
import json
import logging
import pkgutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cpt_pipeline
from cpt_pipeline.core.params import Params
from cpt_pipeline.core.process import run_child
from cpt_pipeline.core.provenance import describe
from cpt_pipeline.core.redaction import HIDDEN, redact, redact_log, redact_text
from cpt_pipeline.formats.documents import document
from cpt_pipeline.wiring.layout import Layout
from tests.conftest import REPOSITORY
from tests.secrets import BENIGN, CANARY, FORMS, secret

SECRETS = [secret(form) for form in FORMS]
WORKERS = ("cpt_pipeline.training.", "cpt_pipeline.model.", "cpt_pipeline.evaluation.worker")
"""What imports torch has no parameters of its own, but for params and job."""


@pytest.mark.parametrize(
    "key",
    [
        *(
            "token",
            "hf_token",
            "api_key",
            "apikey",
            "AWS_SECRET",
            "db.password",
            "key",
            "auth-key",
            "pwd",
            "sig",
            "cookie",
        ),
        *(
            "account_key",
            "sas_token",
            "connection_string",
            "sharedAccessKey",
            "accessToken",
            "session_id",
            "Authorization",
        ),
        *("pass", "clientSecret", "accessKeyId", "access_key_id", "passwords", "api_keys", "secrets", "hf_tokens"),
        *("Set-Cookie", "session", "auth", "privateKeys"),
        *("SSECustomerKey", "encryption_key", "signing_key", "master_key", "ssh_key", "sas", "dsn", "credentials_json"),
        *("api_key_1", "token2", "pw", "creds", "passkey", "openai_key", "storage_key", "license_key"),
    ],
)
def test_a_value_is_hidden_when_its_key_says_so(key: str) -> None:
    assert redact({key: "canary"}) == {key: HIDDEN}
    assert redact({key: {"a": ["canary", {"b": "canary"}], "n": 1}}) == {key: {"a": [HIDDEN, {"b": HIDDEN}], "n": 1}}


@pytest.mark.parametrize(
    "key",
    [
        "tokens",
        "num_tokens",
        "eos_token",
        "tokenizer",
        "keys",
        "text_key",
        "keyboard",
        "monkey",
        "image_token",
        "author",
        "passes",
        "eosToken",
    ],
)
def test_ordinary_keys_stay(key: str) -> None:
    assert redact({key: "plain"}) == {key: "plain"}


@pytest.mark.parametrize("text", SECRETS)
def test_a_credential_is_hidden_by_its_form_wherever_it_stands(text: str) -> None:
    assert CANARY not in redact_text(text)
    assert HIDDEN in redact_text(text)
    surrounded = redact_text(f'read {text} as it is, "quoted"\nlast line')
    assert CANARY not in surrounded
    assert surrounded.startswith("read ")
    assert surrounded.endswith("\nlast line")


@pytest.mark.parametrize("text", BENIGN)
def test_ordinary_text_stays_readable(text: str) -> None:
    assert redact({"prompt": text, "of": [text]}) == {"prompt": text, "of": [text]}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgres://user:canary@db.example/texts", f"postgres://{HIDDEN}@db.example/texts"),
        ("https://canary@example.org/a", f"https://{HIDDEN}@example.org/a"),
        ("https://example.org/a?id=7&token=canary&v=2", f"https://example.org/a?id=7&token={HIDDEN}&v=2"),
        ("hf_canaryCANARYcanary1234", HIDDEN),
        ("use sk-canaryCANARYcanary12 here", f"use {HIDDEN} here"),
        ("Server=db;Pwd=canary;Timeout=5", f"Server=db;Pwd={HIDDEN};Timeout=5"),
        ("Basic dXNlcjpwYXNzd29yZA==", f"Basic {HIDDEN}"),
    ],
)
def test_what_stands_around_a_credential_stays(value: str, shown: str) -> None:
    assert redact({"sources": [{"url": value}]}) == {"sources": [{"url": shown}]}


def test_numbers_truth_values_and_empty_text_are_never_secret() -> None:
    assert redact({"token": 3, "password": "", "secret": None, "key": True}) == {
        "token": 3,
        "password": "",
        "secret": None,
        "key": True,
    }


def test_a_word_of_a_command_line_says_that_the_next_one_is_secret() -> None:
    command = ["curl", "--password", "canary", "--url", "plain", "Authorization: Bearer", "canary", "--pad-token", "x"]
    shown = ["curl", "--password", HIDDEN, "--url", "plain", f"Authorization: {HIDDEN}", HIDDEN, "--pad-token", "x"]
    assert redact(command) == shown
    assert redact({"columns": ["password", "plain"], "none": []}) == {"columns": ["password", "plain"], "none": []}


def test_keys_are_texts_too() -> None:
    assert redact({SECRETS[0]: 1}) == {f"https://example.org/a?token={HIDDEN}": 1}


@given(st.lists(st.sampled_from([*SECRETS, *BENIGN, *" \n,;\"'&?=:/@<>"]), max_size=8).map(" ".join))
def test_no_neighbour_saves_a_secret_and_redaction_is_idempotent(text: str) -> None:
    once = redact_text(text)
    assert CANARY not in once
    assert redact_text(once) == once


def test_a_long_text_takes_no_long_time() -> None:
    """Every pattern is bounded: what once took minutes is done within the test's time."""
    for piece in ("a-b_", "?a.b", "api_", "secret", "http://a:", "key=", "-----BEGIN PRIVATE KEY-----", "a"):
        redact_text(piece * (20_000 // len(piece)))


def text_fields() -> Iterator[tuple[str, str]]:
    """Yield class and name of every parameter of the project that can be text."""
    for module in pkgutil.walk_packages(cpt_pipeline.__path__, "cpt_pipeline."):
        if module.name.endswith((".params", "_params")) or not module.name.startswith(WORKERS):
            importlib.import_module(module.name)
    waiting = [Params]
    while waiting:
        found = waiting.pop()
        waiting += found.__subclasses__()
        for name, field in found.model_fields.items():
            if _takes_text(field.annotation):
                yield found.__name__, name


def _takes_text(annotation: Any) -> bool:
    return annotation in (str, Path) or any(_takes_text(each) for each in get_args(annotation))


def test_no_text_parameter_brings_a_secret_into_a_record(tmp_path: Path, mlflow_database: Path) -> None:
    """Every text parameter of every class, in every form, through provenance and MLflow."""
    from mlflow import MlflowClient

    from cpt_pipeline.wiring.tracking.recorder import Recorder

    fields = sorted(set(text_fields()))
    assert len(fields) > 120
    assert {("SourceParams", "url"), ("BaseParams", "name"), ("TrainRunParams", "hostfile")} <= set(fields)
    params: dict[str, Any] = {}
    for number, (owner, name) in enumerate(fields):
        forms = {"one": SECRETS[number % len(SECRETS)], "list": [SECRETS[(number * 7 + 3) % len(SECRETS)]]}
        params.setdefault(owner, {})[name] = forms
    params["Everything"] = {str(number): text for number, text in enumerate(SECRETS)}
    record = json.dumps(describe("collect", params, {}, {}, datetime.now(UTC)), ensure_ascii=False)
    assert CANARY not in record

    database = tmp_path / "mlflow.db"
    database.write_bytes(mlflow_database.read_bytes())
    client = MlflowClient(f"sqlite:///{database}")
    run = client.create_run(client.create_experiment("secrets"))
    recorder = Recorder(client, run, Layout.read(REPOSITORY, "base"))
    recorder.record_params(params)
    recorder.close(None, send=False)
    stored = client.get_run(run.info.run_id).data.params
    assert len(stored) >= len(fields)
    assert CANARY.encode() not in database.read_bytes()


@pytest.mark.parametrize("text", SECRETS)
def test_a_document_keeps_its_origin_without_the_secret(text: str) -> None:
    row = document(id="a", text="b", channel="c", source="d", license=f"unknown, allowed because {text}", url=text)
    assert CANARY not in json.dumps(row)
    assert row["license"].startswith("unknown, allowed because")


def test_a_line_of_the_log_and_the_output_of_a_child_are_redacted(tmp_path: Path) -> None:
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    logging.getLogger().addHandler(handler)
    try:
        redact_log()
        raise ValueError(SECRETS[1])
    except ValueError:
        logging.getLogger("a.b").exception("reading %s", SECRETS[0])
    finally:
        logging.getLogger().removeHandler(handler)
    assert said.getvalue().startswith(f"reading https://example.org/a?token={HIDDEN}\nTraceback")
    assert CANARY not in said.getvalue().split("raise ValueError(SECRETS[1])")[1]
    code = f"import sys; print({SECRETS[4]!r}); sys.stdout.buffer.write(b'bytes \\xff\\n')"
    _, tail = run_child([sys.executable, "-c", code], log=tmp_path / "log")
    assert tail == f"postgres://{HIDDEN}@db.example.org/texts\nbytes \ufffd\n"
    assert (tmp_path / "log").read_bytes() == f"postgres://{HIDDEN}@db.example.org/texts\nbytes ".encode() + b"\xff\n"
