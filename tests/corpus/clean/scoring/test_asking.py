"""Labels from a language model: a sample that no task size changes, marks read from answers, nothing asked twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cpt_pipeline.core.errors import EndpointError
from cpt_pipeline.corpus.clean.params import CleanParams, CleanReport, CleanRunParams
from cpt_pipeline.corpus.clean.scoring.asking import read_mark
from tests.corpus.chat_server import ChatServer, chat_server
from tests.corpus.clean.scoring.test_stage import rows
from tests.corpus.clean.scoring.texts import GOOD
from tests.corpus.stages import clean_documents
from tests.corpus.texts import write_artifact


@pytest.mark.parametrize(
    ("answer", "mark"),
    [
        ("It says little.\nScore: 2", 2),
        ("**Score:** 4/5", 4),
        ("first score: 1, but the total score is: 3.5", 3.5),
        ("内容浅显。\n评分：<3>", 3),
        ("最终得分为：5", 5),
        ("评分: 5分", 5),
        ("3", 3),
        (" 4/5. ", 4),
        ("Score: 7", None),
        ("Score: 45", None),
        ("I give it 3 points", None),
        ("Score: none of 5", None),
        ("Score (0-5): 4", 4),
        ("Score <0 to 5>: 3", 3),
        ("评分（0到5）：4", 4),
        ("Score: <0 to 5>", None),
        ("", None),
    ],
)
def test_a_mark_is_what_follows_its_word_or_all_there_is(answer: str, mark: float | None) -> None:
    assert read_mark(answer) == mark


def mark_by_words(asked: dict[str, Any]) -> str:
    """Give 4 to texts with good words, 1 to others; one in some has no mark."""
    text = asked["messages"][-1]["content"]
    if "item1" in text:
        return "I would rather not say."
    return f"Because.\nScore: {4 if any(word in text for word in GOOD) else 1}"


def params(**ask: Any) -> CleanParams:
    given = {"endpoint": {"model": "large"}, "num_documents": 60, "max_failed_share": 0.9, "max_characters": 300, **ask}
    off = {family: {"enabled": False} for family in ("gopher_repetition", "gopher_quality", "c4", "fineweb")}
    rules = {**CleanParams().rules.model_dump(), **off}
    scorer = {"enabled": True, "channels": ["web"], "ask": given, "kept_share": 0.3}
    return CleanParams.model_validate({"scorer": scorer, "rules": rules})


def run(place: Path, server: ChatServer, given: CleanParams, **engine: Any) -> CleanReport:
    raw = write_artifact(place / "raw", rows(), shard_bytes=4_000)
    endpoint = server.run_params(place.parent)
    return clean_documents(raw, place / "out", given, CleanRunParams(workers=1, endpoint=endpoint, **engine))


@pytest.mark.feature(19)
def test_marks_of_a_model_train_the_scorer_and_nothing_is_asked_twice(tmp_path: Path) -> None:
    with chat_server(mark_by_words) as server:
        first = run(tmp_path / "a", server, params())
        num_asked = len(server.requests)
        assert run(tmp_path / "b", server, params(), task_megabytes=1) == first
    assert len(server.requests) == num_asked == 60
    assert first.scorer is not None
    asked = first.scorer.asked
    assert asked is not None
    assert (asked.asked, asked.failed, asked.prompt_tokens) == (60, 0, 420)
    assert asked.marks[1] + asked.marks[4] + asked.without_mark == 60
    assert 0 < asked.without_mark < 60
    assert first.scorer.labels == 60 - asked.without_mark
    assert first.scorer.evaluation is not None
    assert first.scorer.evaluation.auc == 1.0
    assert {row["model"] for row in server.requests} == {"large"}
    texts = [row["messages"][0]["content"] for row in server.requests]
    assert not any("def function" in text for text in texts), "code is not shown"
    assert all(text.startswith("Below is an extract") and text.endswith("Score: <0 to 5>") for text in texts)


def test_too_many_answers_without_a_mark_stop_the_run_and_show_one(tmp_path: Path) -> None:
    with chat_server(lambda _: "No idea.") as server, pytest.raises(EndpointError) as error:
        run(tmp_path / "a", server, params(max_failed_share=0.5))
    assert "0 of 60 answers did not come and 60 give no mark" in str(error.value)
    assert "said: 'No idea.'" in str(error.value)


def test_an_endpoint_without_address_is_named_before_any_work(tmp_path: Path) -> None:
    raw = write_artifact(tmp_path / "raw", rows())
    with pytest.raises(EndpointError, match="url: it is empty"):
        clean_documents(raw, tmp_path / "out", params())
    assert not (tmp_path / "tasks").exists()
