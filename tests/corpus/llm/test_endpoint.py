from __future__ import annotations

import gc
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.errors import EndpointError
from cpt_pipeline.corpus.llm import endpoint
from cpt_pipeline.corpus.llm.answers import Answer, Request
from cpt_pipeline.corpus.llm.endpoint import ask
from cpt_pipeline.corpus.llm.params import EndpointParams, EndpointRunParams
from tests.corpus.chat_server import chat_server, completion

PARAMS = EndpointParams(model="large")
KEY = "key-that-nobody-may-see-0123456789"


def request(content: str, id: str = "") -> Request:
    return Request(id or content, (("user", content),))


def content(asked: dict[str, Any]) -> str:
    return str(asked["messages"][-1]["content"])


def test_answers_come_in_the_order_of_the_requests_and_many_are_in_flight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "_AT_ONCE", 12)

    def slow_first(asked: dict[str, Any]) -> str:
        time.sleep(0.03 - 0.001 * int(content(asked)))
        return f"answer {content(asked)}"

    with chat_server(slow_first) as server:
        answers = list(ask((request(str(n)) for n in range(30)), PARAMS, server.run_params(tmp_path)))
    assert [(each.id, each.text) for each in answers] == [(str(n), f"answer {n}") for n in range(30)]
    assert answers[0] == Answer("0", "answer 0", "stop", prompt_tokens=7, completion_tokens=3)
    assert 2 <= server.most_at_once <= 4


def test_what_is_sent_is_what_conf_says(tmp_path: Path) -> None:
    params = EndpointParams(model="large", temperature=0.5, max_tokens=9, seed=None, extra={"top_p": 0.9})
    with chat_server(lambda _: "x") as server:
        list(ask([Request("1", (("system", "be kind"), ("user", "q")))], params, server.run_params(tmp_path)))
    messages = [{"role": "system", "content": "be kind"}, {"role": "user", "content": "q"}]
    expected = {"model": "large", "messages": messages, "temperature": 0.5, "max_tokens": 9, "top_p": 0.9}
    assert server.requests == [expected]
    assert "authorization" not in {name.lower() for name in server.headers[0]}


def test_an_equal_request_is_asked_once_and_another_one_again(tmp_path: Path) -> None:
    with chat_server(content) as server:
        run = server.run_params(tmp_path)
        first = list(ask([request("a", "1"), request("b", "2"), request("a", "3")], PARAMS, run))
        assert [(each.id, each.text) for each in first] == [("1", "a"), ("2", "b"), ("3", "a")]
        assert len(server.requests) == 2
        elsewhere = run.model_copy(update={"url": "http://127.0.0.1:9/v1", "concurrency": 1})
        assert next(ask([request("b", "4")], PARAMS, elsewhere)).text == "b"
        list(ask([request("a")], PARAMS.model_copy(update={"seed": 2}), run))
        list(ask([request("a")], PARAMS.model_copy(update={"model": "larger"}), run))
        assert len(server.requests) == 4


def test_a_request_that_fails_is_an_answer_with_an_error_and_is_asked_again_later(tmp_path: Path) -> None:
    failing = {"bad": (400, {"error": "too long"}), "broken": (500, {}), "odd": (200, {"no": "choices"})}
    empty = {"cut": completion(None, "length")}
    with chat_server(lambda asked: (failing | empty).get(content(asked), "fine")) as server:
        run = server.run_params(tmp_path)
        names = ["good", *failing, *empty]
        answers = {each.id: each for each in ask(map(request, names), PARAMS, run)}
        assert list(answers) == names
        assert answers["good"].text == "fine" and answers["good"].error is None
        assert answers["bad"].error == 'HTTP 400 {"error": "too long"}'
        assert answers["broken"].error == "HTTP 500 {} (asked 3 times)"
        assert str(answers["odd"].error).startswith("no chat completion")
        assert answers["cut"].error == "the answer is empty (it ended with length)"
        before = [content(asked) for asked in server.requests]
        assert sorted(before) == sorted(["good", "bad", "broken", "broken", "broken", "odd", "cut"])
        failing.clear()
        assert [each.error is None for each in ask(map(request, names), PARAMS, run)] == [True] * 4 + [False]
        again = [content(asked) for asked in server.requests[len(before) :]]  # several at a time, in any order
        assert sorted(again) == ["bad", "broken", "cut", "odd"]


def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    replies: Iterator[Any] = iter([(429, {}), (503, {}), "at last"])
    with chat_server(lambda _: next(replies)) as server:
        assert next(ask([request("a")], PARAMS, server.run_params(tmp_path))).text == "at last"


def test_thoughts_of_a_model_are_no_part_of_its_answer(tmp_path: Path) -> None:
    with chat_server(lambda _: "<think>\nhmm\n</think>\n\nplain <think>") as server:
        assert next(ask([request("a")], PARAMS, server.run_params(tmp_path))).text == "plain <think>"


def test_a_missing_address_or_key_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(EndpointError) as caught:
        list(ask([request("a")], PARAMS, EndpointRunParams(api_key_variable="CPT_NO_SUCH_KEY", answers=tmp_path)))
    assert "url: it is empty" in str(caught.value) and "CPT_NO_SUCH_KEY is not set" in str(caught.value)


def test_one_error_says_address_variable_and_remedy_and_never_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CPT_TEST_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    seen = []
    with chat_server(lambda _: (401, {"error": f"Incorrect API key provided: {KEY}"})) as server:
        run = server.run_params(tmp_path, api_key_variable="CPT_TEST_KEY")
        for status, said in ((401, "Set CPT_TEST_KEY to a valid one"), (404, "call the model large"), (503, "Start")):
            server.reply = lambda _, status=status: (status, {"error": f"for {KEY}"})  # type: ignore[misc]
            with pytest.raises(EndpointError) as caught:
                list(ask(map(request, "abcdefgh"), PARAMS, run))
            assert server.url in str(caught.value) and said in str(caught.value)
            seen.append(str(caught.value))
        server.reply = lambda asked: (400, {"error": f"for {KEY}"}) if content(asked) == "a" else "fine"
        answers = list(ask(map(request, "abc"), PARAMS, run))
        assert answers[0].error == 'HTTP 400 {"error": "for <hidden>"}'
        assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {KEY}"}
    with pytest.raises(EndpointError, match=r"not reached.*Start the server") as caught:
        list(ask(map(request, "xyz"), PARAMS, run))
    seen.append(str(caught.value))
    kept = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.json")]
    assert len(kept) == 2
    written = capfd.readouterr()
    assert not any(KEY in text for text in [*seen, *kept, caplog.text, written.out, written.err, str(run)])
    assert "Attempt" not in written.err and "running_requests" not in written.err


def test_a_refused_key_is_said_once_however_many_requests_are_on_their_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CPT_TEST_KEY", KEY)
    with chat_server(lambda _: (401, {})) as server:
        run = server.run_params(tmp_path, api_key_variable="CPT_TEST_KEY", concurrency=16)
        with pytest.raises(EndpointError, match="the key is refused"):
            list(ask((request(str(number)) for number in range(200)), PARAMS, run))
        assert len(server.requests) < 100
    gc.collect()  # asyncio complains of errors that nobody took when their tasks are collected
    assert "never retrieved" not in caplog.text


def test_answers_that_came_before_an_end_are_kept(tmp_path: Path) -> None:
    with chat_server(lambda asked: (401, {}) if content(asked) == "3" else content(asked)) as server:
        run = server.run_params(tmp_path, concurrency=1)
        with pytest.raises(EndpointError):
            list(ask(map(request, "12345"), PARAMS, run))
        before = len(server.requests)
        server.reply = content
        assert [each.text for each in ask(map(request, "12345"), PARAMS, run)] == list("12345")
        assert "1" not in [content(asked) for asked in server.requests[before:]]


def test_a_kept_answer_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with chat_server(content) as server:
        run = server.run_params(tmp_path)
        list(ask([request("a")], PARAMS, run))
        [path] = run.answers.rglob("*.json")
        path.write_text("{}")
        with pytest.raises(EndpointError, match=f"{path.name} is no kept answer"):
            list(ask([request("a")], PARAMS, run))


@pytest.mark.parametrize("url", ["localhost:8000", "http://me:secret@host/v1", "https://host/v1?key=x", "file:///etc"])
def test_addresses_that_are_none_or_hold_secrets_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        EndpointRunParams(url=url)
    with pytest.raises(ValueError, match="pattern"):
        EndpointRunParams(url="http://host/v1", api_key_variable="sk-0123456789abcdef")


def test_half_a_character_in_an_answer_does_not_stop_the_run(tmp_path: Path) -> None:
    with chat_server(lambda _: completion("cut here \ud83d")) as server:
        (answer,) = ask([request("a")], PARAMS, server.run_params(tmp_path))
    assert (answer.text, answer.error) == ("cut here ?", None)
